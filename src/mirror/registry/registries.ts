/** Registries that are mirrored whole: opened for one job at a time, and told how they stand. */

import type { Context } from "../../cache/context.ts";
import type { DocumentCache } from "../../cache/documents/documents.ts";
import type { LeftOut } from "../../contract/facts.ts";
import type { FeedState, JobSpec, Recorded, RegistrySpec } from "../../contract/jobs.ts";
import type { Index } from "../../index/port.ts";
import type { CatalogRow, JobRow, ListedState } from "../../index/rows.ts";
import { BadRequest } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { JobStore } from "../job/store.ts";
import { Feed } from "./feed.ts";
import { keyOfFilters } from "./filters.ts";
import { RegistryLedger } from "./ledger.ts";
import { UpstreamReader } from "./reader.ts";
import { FeedElsewhere, type FeedTask } from "./remote-feed.ts";

export interface RegistriesOptions {
  index: Pick<Index, "listed" | "catalogs" | "jobs" | "artifacts" | "pins" | "commit">;
  store: Pick<JobStore, "turn" | "isTurnOf" | "ownerOf">;
  context: Context;
  documents: Pick<DocumentCache, "declared">;
  mounts: ReadonlyMap<string, Mount>;
}

/** Odd entries that are told of one name. */
const ODD = 10;

/** How a registry stands here. */
export interface Standing extends CatalogRow {
  packages: Partial<Record<ListedState, number>>;
}

/** A registry that a job works on. `live`: what its feed is doing. */
export interface Opened {
  ledger: RegistryLedger;
  live: () => Recorded & { phase: FeedState["phase"]; done: number; queue: number };
  release(): Promise<void>;
}

export interface OpenOptions {
  /** Breaks the job off. */
  signal?: AbortSignal | undefined;
  /** Runs its feed in another thread. Default: in this one. */
  thread?: ((task: FeedTask) => Promise<void>) | undefined;
}

export class Registries {
  readonly #options: RegistriesOptions;

  constructor(options: RegistriesOptions) {
    this.#options = options;
  }

  /** Throws BadRequest where another job works on it, or there is no such mount. */
  async open({ id, spec }: Pick<JobRow, "id" | "spec">, options: OpenOptions = {}): Promise<Opened> {
    const { index, store, context, mounts } = this.#options;
    const { signal, thread } = options;
    const { registry, releases = { versions: {} }, choice } = spec;
    const mount = registry && mounts.get(registry.mount);
    if (!mount) throw new BadRequest(`there is no mount ${registry?.mount}`);
    const lease = await store.turn(turnOf(mount.name));
    if (!lease) throw new BadRequest(`${mount.name} is being mirrored by another job; proxy jobs lists them`, 409);
    const pinOwner = await store.ownerOf(spec);
    const filters = keyOfFilters(registry, releases, choice);
    const task: FeedTask = { spec: registry, filters, isAnew: spec.refresh, owner: lease.owner, pinOwner };
    const feed = thread ? new FeedElsewhere(task, thread) : this.#feed(mount, task);
    const whole = { ...spec, registry } as JobSpec & { registry: RegistrySpec };
    const ledger = new RegistryLedger({ job: id, spec: whole, mount, feed, index, context, signal });
    return {
      ledger,
      live: () => ({ ...feed.state.recorded, phase: feed.state.phase, ...ledger.settled() }),
      // With it ends the feed.
      release: () => lease.release(),
    };
  }

  /** Runs a feed in this thread, for a job that another one runs. */
  async feed(task: FeedTask): Promise<void> {
    const mount = this.#options.mounts.get(task.spec.mount);
    if (!mount) throw new BadRequest(`there is no mount ${task.spec.mount}`);
    await this.#feed(mount, task).run();
  }

  #feed(mount: Mount, { owner, ...task }: FeedTask): Feed {
    const { index, store, context, documents } = this.#options;
    const reader = new UpstreamReader(mount, context.upstream, () => documents.declared(mount));
    const mayGoOn = () => store.isTurnOf(owner, turnOf(mount.name));
    return new Feed({ ...task, mount, reader, index, context, mayGoOn });
  }

  /** Entries of a registry's list that make no sense, and in which a name stands; the first of them. */
  async odd(mount: string, name: string): Promise<LeftOut[]> {
    const odd = await this.#options.index.listed.odd(mount, ODD, name);
    return odd.map(({ name: entry, revision }) => ({ entry, reason: revision ?? "" }));
  }

  /** Those that were ever mirrored whole. */
  async mirrored(): Promise<string[]> {
    return (await this.#options.index.catalogs.list()).map(({ mount }) => mount);
  }

  /** `undefined` where it was never mirrored. Counts all of its packages. */
  async standing(mount: string): Promise<Standing | undefined> {
    const row = await this.#options.index.catalogs.find(mount);
    return row && { ...row, packages: await this.#options.index.listed.byState(mount) };
  }
}

function turnOf(mount: string): string {
  return `registry ${mount}`;
}
