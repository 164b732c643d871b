import type { JobRow } from "../db/jobs.ts";
import { messageOf } from "../errors.ts";
import { Job, type JobOptions } from "./job.ts";
import type { Progress } from "./progress.ts";
import type { JobStore } from "./store.ts";

export interface RunOptions extends Pick<JobOptions, "pool" | "mounts" | "tell" | "declared"> {
  /** Given the running job's progress, which is live. */
  started?: (progress: Progress, row: JobRow) => void;
}

/** Runs a job to its end and returns it as it then is; `undefined` where another process is running it, or it has ended. */
export async function runJob(store: JobStore, id: string, options: RunOptions): Promise<JobRow | undefined> {
  const claim = await store.claim(id);
  if (!claim) return undefined;
  const { row, ledger } = claim;
  try {
    const job = new Job({ ...options, ledger, spec: row.spec, earlier: row });
    options.started?.(job.progress, row);
    await job.run();
    return await store.end(id);
  } catch (error) {
    return await store.end(id, messageOf(error));
  } finally {
    await claim.release();
  }
}
