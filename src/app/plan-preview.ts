/** Plans a job for a client of the API: what it would fetch. Nothing of it stays. */

import type { PluginSource } from "../config/plugin-source.ts";
import type { Config } from "../config/schema.ts";
import type { JobSpec, Task } from "../contract/jobs.ts";
import type { Plan } from "../http/api/job-view.ts";
import { BadRequest } from "../lib/errors.ts";
import { Job, SIZES } from "../mirror/job/job.ts";
import { JobSummary } from "../mirror/job/job-summary.ts";
import { MemoryLedger } from "../mirror/job/ledger.ts";
import type { Outcome } from "../mirror/job/progress.ts";
import type { Mount } from "../mounts/mounts.ts";
import { discard, dryFolder } from "./dry-folder.ts";
import { scratchProfile } from "./profile.ts";
import { openLimitedPool } from "./runtime.ts";

/** Most tasks that a preview plans, and most files that it lists: both are in memory. */
export const MOST = 50_000;
const FILES = 10_000;

export interface PreviewOptions {
  config: Config;
  sources: readonly PluginSource[];
  mounts: ReadonlyMap<string, Mount>;
  signal: AbortSignal;
}

let isPlanning = false;

/** Throws BadRequest: 429 while another dry run is under way, 413 where there is too much to plan. */
export async function previewPlan(
  spec: JobSpec,
  tasks: readonly Task[],
  { config, sources, mounts, signal }: PreviewOptions,
): Promise<Omit<Plan, "asides">> {
  if (isPlanning) throw new BadRequest("another dry run is under way", 429);
  isPlanning = true;
  const folder = dryFolder();
  const options = { config, sources, profile: scratchProfile("preview", config, folder) };
  const pool = openLimitedPool(config.workers, options);
  try {
    const ledger = new MemoryLedger({ signal });
    for (const task of tasks) {
      await ledger.add([task]);
      if (ledger.waiting() > MOST || tasks.length > MOST)
        throw new BadRequest(`a dry run looks at no more than ${MOST} packages; a job takes more`, 413);
    }
    const tally = new JobSummary();
    const files: Plan["files"] = [];
    const tell = (outcome: Outcome) => {
      tally.tell(outcome);
      const file = fileOf(outcome);
      if (file && files.length < FILES) files.push(file);
    };
    const job = new Job({ ledger, pool, mounts, spec, purpose: "estimate", sizes: SIZES, tell });
    await job.run();
    const { total, failed, bytes } = job.progress;
    return {
      total: total - failed,
      bytes,
      files,
      truncated: total - failed > files.length,
      withheld: tally.withheld.first,
      left_out: tally.leftOut.first,
      unproven: tally.unproven.first,
      failures: tally.failures.map(({ purl, reason = "" }) => ({ purl, error: reason })),
    };
  } finally {
    await discard(folder, pool);
    isPlanning = false;
  }
}

function fileOf({ mount, path, size, outcome }: Outcome): Plan["files"][0] | undefined {
  if (path === undefined || (outcome !== "planned" && outcome !== "held")) return undefined;
  return { mount, path, size: size ?? null, held: outcome === "held" };
}
