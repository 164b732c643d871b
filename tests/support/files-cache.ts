/** A cache in front of an upstream that has a small and two large files, and what tests do to both. */
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { Cache } from "../../src/cache/cache.ts";
import { matchIn, type Target, targetOf } from "../../src/cache/target.ts";
import type { ArtifactRoute, Path } from "../../src/contract/ecosystem.ts";
import type { Mount } from "../../src/mounts/mounts.ts";
import { filler } from "./archives/files.ts";
import { askFor, bytesOf, engine, type Parts } from "./engine.ts";
import type { Fault } from "./faults.ts";
import { mountOf, publish } from "./files-ecosystem.ts";
import { startUpstream, type UpstreamOptions } from "./upstream.ts";

export const SMALL = filler(10_000, "small");
export const LARGE = filler(3_000_000, "large");
export const OTHER = filler(3_000_000, "other");

type Settings = Parameters<typeof engine>[0];

export async function setUp(settings: Settings = {}, parts: Parts = {}, manners: UpstreamOptions = {}) {
  const upstream = await startUpstream(manners);
  publish(upstream, { small: SMALL, large: LARGE });
  const started = await engine(settings, parts);
  const mount = mountOf(upstream.url);
  const answer = (path: Path, cache = started.cache) => cache.get(mount, askFor(path));
  const get = async (path: Path, cache: Cache = started.cache) =>
    Buffer.from(await bytesOf(cache, await answer(path, cache)));
  const held = async (path: Path) => {
    await started.cache.drain();
    return started.cache.artifacts.held({ mount, path }) !== undefined;
  };
  /** What is in the folder of growing files. */
  const left = () => readdir(join(started.dir, "parts-v1"));
  const close = async () => {
    await started.close();
    await upstream.close();
  };
  return { ...started, upstream, mount, answer, get, held, left, [Symbol.asyncDispose]: close };
}

/** The body stops after so many bytes until the gate opens. */
export function gated(after: number): { fault: Fault; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const fault: Fault = (reply) => ({ ...reply, body: halted(reply.body, after, promise) });
  return { fault, open: resolve };
}

async function* halted(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, after: number, until: Promise<void>) {
  let sent = 0;
  for await (const bytes of body) {
    const before = Math.max(0, Math.min(bytes.length, after - sent));
    yield bytes.subarray(0, before);
    if (before < bytes.length) await until;
    yield bytes.subarray(before);
    sent += bytes.length;
  }
}

/** How a download ends for a client whose answer has begun. Broken ones have no reason: Bun would print it. */
export const outcome = (bytes: Promise<Uint8Array>) =>
  bytes.then(
    (all) => all.length,
    () => "broken off",
  );

/** Open descriptors of this process below a folder. */
export async function descriptors(folder: string): Promise<string[]> {
  const links = await readdir("/proc/self/fd");
  const targets = await Promise.all(links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return targets.filter((target) => target.startsWith(join(folder, "parts-v1")));
}

/** A path as something to be held. */
export function fileAt(mount: Mount, path: Path): Target<ArtifactRoute> {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || match.route.kind !== "artifact") throw new Error(path);
  return targetOf(mount, match.route, match.params, path);
}
