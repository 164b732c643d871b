/** What a server does for mirrors: runs jobs, takes them from the API, and makes those that stand in the configuration. */
import type { Config } from "../config/schema.ts";
import type { MirrorApi } from "../http/api/mirror-api.ts";
import { JobRunner } from "../mirror/job/runner.ts";
import { ScheduledJobs } from "../mirror/job/scheduled.ts";
import { estimateApart } from "./estimate-apart.ts";
import { mirrorApi } from "./mirror-api.ts";
import type { TakeTasks } from "./mirror-take.ts";
import { profileOf } from "./profile.ts";
import { openChildren, openLimitedPool, type Runtime } from "./runtime.ts";
import { scheduledJobs } from "./scheduled-jobs.ts";

/** Processes that read large requests. */
const READERS = 2;
/** Milliseconds that what a job is doing may take when the server stops. */
const GRACE = 1_000;

export interface Mirroring {
  api: MirrorApi;
  /** Jobs that are waiting run, unless nothing may be dialled. */
  start(): void;
  /** Jobs that run are left to the next server. */
  stop(): Promise<void>;
}

/** Throws BadRequest for scheduled jobs that make no sense. */
export function makeMirroring(config: Config, runtime: Runtime): Mirroring {
  const { sources } = runtime;
  const profile = profileOf("mirror beside clients", config);
  const runner = new JobRunner({
    store: runtime.store,
    registries: runtime.registries,
    mounts: runtime.mounts,
    window: config.mirror.window,
    most: config.mirror.max_jobs,
    openPool: () => openLimitedPool(config.workers, { config, sources, profile }),
    estimate: estimateApart(config, sources),
  });
  const scheduled = new ScheduledJobs({
    store: runtime.store,
    jobs: scheduledJobs(config, runtime),
    made: () => runner.look(),
  });
  const apart = openChildren<TakeTasks>(READERS, { config, sources, profile: profileOf("inspect", config) });
  return {
    api: mirrorApi({ config, runtime, runner, apart: (received) => apart.run("take", received) }),
    start: () => {
      if (!profile.makesUpstreamRequests) return;
      runner.start();
      scheduled.start();
    },
    stop: async () => {
      apart.close();
      await Promise.all([scheduled.stop(), runner.stop(GRACE)]);
    },
  };
}
