/** What a server does against disks that lose bits: all that is stored is read again, slowly, and compared with its digests. */
import { gentleHasher } from "../cache/integrity/hash-blobs.ts";
import { Scrub, type ScrubItem } from "../cache/integrity/scrub.ts";
import { messageOf } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import type { Runtime } from "./runtime.ts";

export interface ScrubSettings {
  /** Bytes a second; 0: never. */
  scrub_rate: number;
  /** Milliseconds. */
  scrub_interval: number;
}

/** Milliseconds after the start, and between looks whether there is anything to be read again. */
const REST = 60_000;

/** Runs until the signal. */
export async function scrubInBackground(
  { cache, mounts }: Pick<Runtime, "cache" | "mounts">,
  { scrub_rate: rate, scrub_interval: interval }: ScrubSettings,
  signal: AbortSignal,
  rest = REST,
): Promise<void> {
  const { storage, now, blobs } = cache.context;
  if (rate === 0 || storage.isReadOnly) return;
  const hash = gentleHasher(storage);
  while (await waited(rest, signal)) {
    const since = now() - interval;
    // Files that the database does not know are no business of a server.
    const sample = blobs.countUnverified(since, now()).blobs;
    if (sample === 0) continue;
    const scrub = new Scrub(cache, { mounts, hash, lanes: 1, rate, since, sample, tell, signal });
    await scrub.run().catch((error: unknown) => {
      if (!signal.aborted)
        log.error("stored files could not be compared with their digests", { error: messageOf(error) });
    });
  }
}

function tell({ outcome, mount, path, expected, found, quarantine, reason }: ScrubItem): void {
  if (outcome === "repaired" || outcome === "lost")
    log.error("a stored file was damaged", { outcome, path: `/${mount}${path}`, expected, found, quarantine, reason });
}

/** False where the signal came first. */
function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const end = (isOver: boolean) => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    resolve(isOver);
  };
  const stop = () => end(false);
  const timer = setTimeout(() => end(true), milliseconds);
  timer.unref();
  signal.addEventListener("abort", stop);
  return promise;
}
