/** Jobs that only tell what a registry would come to: nothing is held, and nothing that is known of the registry changes. */

import type { Estimate, JobSpec } from "../../contract/jobs.ts";
import type { JobRow } from "../../index/rows.ts";

import { messageOf } from "../../lib/errors.ts";
import type { JobStore } from "../job/store.ts";

/** Ends early, with any error, when `signal` is aborted. */
export type Estimator = (spec: JobSpec, signal: AbortSignal) => Promise<Estimate>;

/** Milliseconds between looks whether someone canceled the job. */
const LOOK = 500;

/** As `runJob`: runs such a job to its end; `undefined` where another process is running it. `stopping` leaves it to the next one. */
export async function runEstimate(
  store: JobStore,
  id: string,
  estimate: Estimator,
  stopping: AbortSignal,
): Promise<JobRow | undefined> {
  const claim = await store.claim(id);
  if (!claim) return undefined;
  const canceled = new AbortController();
  const timer = setInterval(() => {
    void store.find(id).then((row) => row?.state !== "running" && canceled.abort());
  }, LOOK);
  try {
    const found = await estimate(claim.row.spec, AbortSignal.any([stopping, canceled.signal]));
    return await store.end(id, undefined, found);
  } catch (error) {
    return stopping.aborted ? await store.suspend(id) : await store.end(id, messageOf(error));
  } finally {
    clearInterval(timer);
    await claim.release();
  }
}
