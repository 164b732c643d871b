/** What a mirror with dependencies fetches from a registry, in this process. */
import type { Ecosystem } from "../../src/contract/ecosystem.ts";
import type { JobSpec } from "../../src/contract/jobs.ts";
import { Job, type JobOptions, SIZES } from "../../src/mirror/job/job.ts";
import { MemoryLedger } from "../../src/mirror/job/ledger.ts";
import type { Outcome, Progress } from "../../src/mirror/job/progress.ts";
import { mirrorTasks } from "../../src/mirror/job/tasks.ts";
import { EVERYTHING } from "../../src/mirror/plan/choice.ts";
import { Targets } from "../../src/mirror/sources/targets.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { engine } from "./engine.ts";
import type { Tree } from "./tree.ts";
import { startUpstream } from "./upstream.ts";

export interface Mirrored {
  outcomes: Outcome[];
  progress: Progress;
}

/** Mirrors package URLs with their dependencies, from a registry that ends with the call. */
export async function mirrored(
  ecosystem: Ecosystem,
  registry: (base: string) => Tree,
  purls: readonly string[],
  { dry = false, ...more }: Partial<JobSpec> = {},
): Promise<Mirrored> {
  const upstream = await startUpstream();
  const base = upstream.mount("/up", registry);
  const { cache, close } = await engine({ pinsWhatItFetches: true });
  try {
    const mount = makeMount("m", ecosystem, { upstreams: { default: base }, ttl: 300_000 });
    const tasks = mirrorTasks(cache, () => mount);
    const pool: JobOptions["pool"] = { run: (name, input) => tasks[name](input as never) as never };
    const ledger = new MemoryLedger();
    await ledger.add(new Targets([mount]).ofAll(purls.map((purl) => ["", purl])));
    const outcomes: Outcome[] = [];
    const spec: JobSpec = {
      title: "a test",
      runBy: "command",
      choice: EVERYTHING,
      closure: "prod",
      concurrency: 4,
      refresh: false,
      ...more,
    };
    const tell = (outcome: Outcome) => void outcomes.push(outcome);
    const job = new Job({
      pool,
      mounts: new Map([["m", mount]]),
      ledger,
      spec,
      tell,
      purpose: dry ? "estimate" : "mirror",
      sizes: SIZES,
      backoff: 1,
    });
    await job.run();
    return { outcomes, progress: job.progress };
  } finally {
    await close();
    await upstream.close();
  }
}
