import type { JobRow } from "../../index/rows.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Opened, OpenOptions, Registries } from "../registry/registries.ts";
import { Job, type JobOptions } from "./job.ts";
import type { Progress } from "./progress.ts";
import type { JobStore } from "./store.ts";

export interface RunOptions extends Pick<JobOptions, "pool" | "mounts" | "window" | "tell" | "declared"> {
  /** For jobs that mirror one whole. */
  registries: Registries;
  /** Runs their feeds in another thread. Default: in this one. */
  thread?: OpenOptions["thread"];
  /** Given the running job's progress, which is live, and what the feed of a whole registry is doing. */
  started?: (progress: Progress, row: JobRow, feed?: Opened["live"]) => void;
  /** Breaks the job off: it becomes pending, and whoever runs it next goes on where it was. */
  signal?: AbortSignal;
}

/** Runs a job to its end and returns it as it then is; `undefined` where another process is running it, or it has ended. */
export async function runJob(store: JobStore, id: string, options: RunOptions): Promise<JobRow | undefined> {
  const { signal } = options;
  const claim = await store.claim(id, signal);
  if (!claim) return undefined;
  const { row } = claim;
  let progress: Progress | undefined;
  let registry: Opened | undefined;
  const isBrokenOff = () => signal?.aborted === true && progress?.phase !== "complete";
  try {
    if (row.spec.registry) registry = await options.registries.open(row, options);
    const job = new Job({
      ...options,
      ledger: registry?.ledger ?? claim.ledger,
      spec: row.spec,
      owner: await store.ownerOf(row.spec),
      earlier: row,
    });
    progress = job.progress;
    options.started?.(progress, row, registry?.live);
    await job.run();
    return isBrokenOff() ? await store.suspend(id) : await store.end(id);
  } catch (error) {
    return isBrokenOff() ? await store.suspend(id) : await store.end(id, messageOf(error));
  } finally {
    await registry?.release();
    await claim.release();
  }
}
