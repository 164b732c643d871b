/** What a worker does for a mirror job. Inputs and outputs cross a thread boundary. */
import pLimit from "p-limit";
import type { Cache } from "../../cache/cache.ts";
import { publish, type Staged } from "../../cache/generations/pending-pointers.ts";
import { documentAt } from "../../cache/target.ts";
import type { Path } from "../../contract/ecosystem.ts";
import type { Choice, JobSpec, ReleaseTask } from "../../contract/jobs.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { plain } from "../../workers/pool.ts";
import { type Held, type HoldOptions, hold } from "../plan/fetch-file.ts";
import { unlisted } from "../plan/listing.ts";
import { type Plan, plan } from "../plan/plan.ts";
import { type Candidate, type Resolved, Resolver, type Wish } from "../plan/resolve.ts";

/** One file to hold. */
export interface Order {
  mount: string;
  path: Path;
  /** As far as it is known. */
  size?: number | undefined;
  options: HoldOptions;
}

/** What came of it; an error as it crosses threads. */
export type Delivery = { held: Held } | { error: ReturnType<typeof plain> };

/** Runs tasks somewhere: a pool of workers. */
export interface Runner {
  run<K extends keyof MirrorTasks>(
    name: K,
    input: Parameters<MirrorTasks[K]>[0],
  ): Promise<Awaited<ReturnType<MirrorTasks[K]>>>;
}

/** The owner for whom a task pins what it comes to; absent: nobody. */
interface Owned {
  owner?: number | undefined;
}

export interface MirrorTasks {
  /** `isWhole`: all of it that could be had was held before. */
  plan(
    input: {
      task: ReleaseTask;
      spec: Pick<JobSpec, "choice" | "closure" | "refresh" | "releases">;
      isWhole?: boolean;
      rehash?: boolean | undefined;
    } & Owned,
  ): Promise<Plan>;
  /** Holds files, so many at a time; what comes of each, in their order. */
  hold(input: { orders: readonly Order[]; atOnce: number } & Owned): Promise<Delivery[]>;
  /** The releases to hold for a requirement. */
  resolve(input: { mount: string; wish: Wish } & Owned): Promise<Resolved[]>;
  /** The versions of a package that can be had. */
  candidates(input: { mount: string; name: string; choice: Choice } & Owned): Promise<Candidate[]>;
  /** Where clients are not shown a release that upstream's index has, for people. */
  listing(input: Parameters<typeof unlisted>[2] & Owned): Promise<string[]>;
  /** Puts pointers in their places, since all that they name is held. */
  publish(input: { mount: string; staged: readonly Staged[] } & Owned): Promise<void>;
  /** Holds what only the finished job can name; returns what that came to and what failed. */
  seal(input: { mount: string } & Owned): Promise<{ held: Held[]; failed: { path: Path; reason: string }[] }>;
}

export function mirrorTasks(cache: Cache, mountOf: (name: string) => Mount): MirrorTasks {
  const resolver = new Resolver();
  const owned = new Map<string, Mount>();
  /** A mount as the owner of a job uses it. */
  const at = (name: string, owner: number | undefined): Mount => {
    if (owner === undefined) return mountOf(name);
    const key = `${owner} ${name}`;
    const mount = owned.get(key) ?? { ...mountOf(name), owner };
    owned.set(key, mount);
    return mount;
  };
  return {
    plan: ({ task, spec, isWhole, rehash, owner }) =>
      plan(cache, at(task.mount, owner), task, { ...spec, isWhole, rehash }),
    listing: (input) => unlisted(cache, at(input.task.mount, input.owner), input),
    hold: ({ orders, atOnce, owner }) => {
      const limit = pLimit(atOnce);
      const deliver = ({ mount, path, options }: Order): Promise<Delivery> =>
        hold(cache, at(mount, owner), path, options).then(
          (held) => ({ held }),
          (error: unknown) => ({ error: plain(error) }),
        );
      return Promise.all(orders.map((order) => limit(() => deliver(order))));
    },
    resolve: ({ mount, wish, owner }) => resolver.resolve(cache, at(mount, owner), wish),
    candidates: async ({ mount, owner, ...pkg }) => resolver.candidates(cache, at(mount, owner), pkg),
    publish: ({ mount, staged, owner }) => publish(cache.context, at(mount, owner), staged),
    seal: ({ mount, owner }) => seal(cache, at(mount, owner)),
  };
}

async function seal(cache: Cache, mount: Mount): Promise<Awaited<ReturnType<MirrorTasks["seal"]>>> {
  const held: Held[] = [];
  const failed: { path: Path; reason: string }[] = [];
  const seen = new Set<Path>();
  for (;;) {
    const named = await Array.fromAsync(mount.ecosystem.seal?.(cache.documents.stored(mount)) ?? []);
    const next = named.filter((path) => !seen.has(path));
    if (next.length === 0) return { held, failed };
    for (const path of next) {
      seen.add(path);
      try {
        // A document that seals the others must be the newest: what is named next depends on it.
        const document = documentAt(mount, path);
        if (document && document.route.freshness !== "immutable") await cache.documents.load(document, { force: true });
        const each = await hold(cache, mount, path);
        await publish(cache.context, mount, each.staged ?? []);
        held.push(each);
      } catch (error) {
        failed.push({ path, reason: messageOf(error) });
      }
    }
  }
}
