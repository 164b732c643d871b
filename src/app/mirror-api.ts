/** What the HTTP API can do with mirror jobs. */
import type { Config } from "../config/schema.ts";
import type { FoundJob } from "../http/api/job-view.ts";
import type { MirrorApi } from "../http/api/mirror-api.ts";
import { INLINE } from "../http/api/mirror-request.ts";
import { BadRequest, LimitExceeded } from "../lib/errors.ts";
import type { JobRunner } from "../mirror/job/runner.ts";
import { type TakeTasks, taker } from "./mirror-take.ts";
import { findOwner, forgetOwner } from "./pins.ts";
import { previewPlan } from "./plan-preview.ts";
import { requireUpstream } from "./profile.ts";
import type { Runtime } from "./runtime.ts";

export interface MirrorApiOptions {
  config: Config;
  runtime: Pick<Runtime, "store" | "sets" | "mounts" | "cache" | "sources" | "index">;
  runner: JobRunner;
  /** Reads what is large. */
  apart: TakeTasks["take"];
}

export function mirrorApi({ config, runtime, runner, apart }: MirrorApiOptions): MirrorApi {
  const { store, mounts, cache, sources } = runtime;
  const { max_waiting, max_upload } = config.mirror;
  const takeHere = taker(config, runtime);

  const found = (row: FoundJob["row"]): FoundJob => {
    const pace = row.state === "running" ? runner.pace(row.id) : undefined;
    return pace ? { row, live: { ...pace.progress, rate: pace.rate(), eta: pace.eta() } } : { row };
  };

  const takeApart: TakeTasks["take"] = async (received) => {
    try {
      return await apart(received);
    } catch (error) {
      if (error instanceof LimitExceeded) throw new BadRequest(`the sources cannot be read: ${error.message}`, 413);
      throw error;
    }
  };

  return {
    uploads: cache.context.storage.parts,
    maxUpload: max_upload,
    requireRoom: async () => {
      requireUpstream("a mirror makes", config, 409);
      const unfinished = await store.unfinished();
      if (unfinished >= max_waiting)
        throw new BadRequest(`${unfinished} mirror jobs have not ended (mirror.max_waiting in the configuration)`, 429);
    },
    take: async (received, signal) => {
      const made = received.size > INLINE ? await takeApart(received) : await takeHere(received);
      if ("created" in made) {
        runner.look();
        return made;
      }
      const { spec, tasks, asides } = made.planned;
      return { plan: { ...(await previewPlan(spec, tasks, { config, sources, mounts, signal })), asides } };
    },
    list: async (page) => (await store.list(page)).map(found),
    find: async (id) => {
      const row = await store.find(id);
      return row && found(row);
    },
    failures: (id, after, limit) => store.failures(id, after, limit),
    forget: async (id, isDry) => forgetOwner(runtime, await findOwner(runtime, id), isDry),
    cancel: (id) => store.cancel(id),
    retry: async (id) => {
      // Whoever made it, a server was asked.
      await store.retry(id, "server");
      runner.look();
    },
  };
}
