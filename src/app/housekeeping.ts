/** What a running server does now and then: keeps the store below its bound and removes what nothing names any more. */
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Cache } from "../cache/cache.ts";
import { removeBlobs, resumeRemovals } from "../cache/integrity/removal.ts";
import { messageOf } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import type { Runtime } from "./runtime.ts";

type Household = Pick<Runtime, "cache" | "database" | "ownership">;

/** Milliseconds between rounds. */
const INTERVAL = 60_000;
/** Milliseconds between writes of what was used: what a kill loses of it. */
const USAGE = 10_000;
/** Milliseconds between looks whether another process found a blob to be wrong. */
const LOOK = 1_000;
/** Rows of one round of eviction. */
const BATCH = 200;
/** Evict to this share of the bound, so that not every new file evicts. */
const LOW_WATER = 0.9;
/** Milliseconds after which an interrupted download is not worth continuing. */
const ABANDONED = 24 * 60 * 60 * 1_000;

/** Runs until the process ends. `maxSize` in bytes; 0: no bound. */
export function keepHouse({ cache, database, ownership }: Household, maxSize: number): void {
  const { storage, blobs } = cache.context;
  let stored = blobs.totals();
  let told: string | undefined;
  const seen: Sightings = new Map();
  const round = async () => {
    try {
      database.check();
      const objection = ownership.objection();
      if (objection !== undefined) {
        if (maxSize > 0 && objection !== told && !storage.isReadOnly)
          log.warn(`storage.max_size does not hold: ${objection}`);
        told = objection;
        return;
      }
      await collect(cache);
      await evict(cache, maxSize);
      await sweep(storage.parts, ABANDONED, seen);
      const now = blobs.totals();
      // Copies of the database that were made before this round are older from now on.
      if (!Bun.deepEquals(now, stored)) await ownership.claim();
      stored = now;
    } catch (error) {
      log.error("housekeeping failed", { error: messageOf(error) });
    }
  };
  setInterval(() => void round(), INTERVAL).unref();
  setInterval(() => void cache.usage.flush(), USAGE).unref();
  setTimeout(() => void round(), 1_000).unref();
  let known = cache.context.storage.quarantinedAt();
  const look = () => {
    const at = cache.context.storage.quarantinedAt();
    // What is in memory may have been read from it.
    if (at !== known) cache.memory.clear();
    known = at;
  };
  setInterval(look, LOOK).unref();
}

/** Removes the least recently used blobs, never what a mirror job pinned, until the store is below its bound. */
export async function evict(cache: Cache, maxSize: number): Promise<void> {
  const { blobs, commit, now } = cache.context;
  if (maxSize === 0 || blobs.totals().bytes <= maxSize) return;
  await cache.usage.flush();
  await commit("correctUse", { now: now() });
  let evicted = 0;
  for (let isDone = false; !isDone; ) {
    // Chosen in the transaction that removes them: meanwhile no mirror can pin them.
    const round = await commit("evict", { bytes: maxSize * LOW_WATER, now: now(), limit: BATCH });
    for (const { mount, path } of round.evicted) cache.memory.remove(`${mount} ${path}`);
    await removeBlobs(cache.context, round.removing);
    evicted += round.evicted.length;
    isDone = round.evicted.length === 0;
  }
  const { bytes } = blobs.totals();
  if (bytes > maxSize)
    log.warn("the store is above storage.max_size, and all that is left is pinned by mirrors", { bytes, maxSize });
  else log.info("evicted the least recently used", { evicted, bytes });
}

/** Removes blobs that this database knows, and that neither an artifact nor a document of it names: replaced documents, and what a kill left. */
async function collect({ context }: Cache): Promise<void> {
  const { blobs, commit, now } = context;
  await resumeRemovals(context);
  await removeBlobs(context, await commit("releaseBlobs", { sha256s: blobs.unnamed(BATCH), now: now() }));
}

/** What was seen of files of downloads, by `performance.now()`: a clock that jumps must not make them old. */
export type Sightings = Map<string, { mtimeMs: number; size: number; since: number }>;

/** Milliseconds for which a server has to see a file unchanged before it is removed. */
const UNCHANGED = 10 * 60_000;

/**
 * Removes interrupted downloads, and leases of the dead, that nobody touched for so many milliseconds; with `seen`, those only that
 * did not change between calls either. How many files that were.
 */
export async function sweep(parts: string, age = ABANDONED, seen?: Sightings): Promise<number> {
  let removed = 0;
  const names = await readdir(parts).catch((error: unknown) => {
    // Whoever downloads next makes it again.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return [] as string[];
  });
  for (const name of seen?.keys() ?? []) if (!names.includes(name)) seen?.delete(name);
  for (const name of names) {
    const file = join(parts, name);
    const found = await lstat(file).catch(() => undefined);
    if (!found || Date.now() - found.mtimeMs <= age || (seen && !isUnchanged(seen, name, found))) continue;
    await rm(file, { force: true, recursive: true });
    removed++;
  }
  return removed;
}

function isUnchanged(seen: Sightings, name: string, { mtimeMs, size }: { mtimeMs: number; size: number }): boolean {
  const before = seen.get(name);
  if (before?.mtimeMs === mtimeMs && before.size === size) return performance.now() - before.since > UNCHANGED;
  seen.set(name, { mtimeMs, size, since: performance.now() });
  return false;
}
