/** What a registry would come to, for a server that is asked: on a thread of its own, since lists are long and clients wait. */

import type { PluginSource } from "../config/plugin-source.ts";
import type { Config } from "../config/schema.ts";
import { BadRequest } from "../lib/errors.ts";
import type { Estimator } from "../mirror/plan/estimating.ts";
import { discard, dryFolder } from "./dry-folder.ts";
import { scratchProfile } from "./profile.ts";
import { openLimitedPool } from "./runtime.ts";

export function estimateApart(config: Config, sources: readonly PluginSource[]): Estimator {
  return async ({ registry, ...spec }, signal) => {
    if (!registry) throw new BadRequest("a dry run that is a job is of a registry");
    const folder = dryFolder();
    const pool = openLimitedPool(1, { config, sources, profile: scratchProfile("estimate", config, folder) });
    const end = () => pool.close();
    signal.addEventListener("abort", end);
    try {
      signal.throwIfAborted();
      return await pool.run("estimate", { spec: { ...spec, registry }, folder });
    } finally {
      signal.removeEventListener("abort", end);
      await discard(folder, pool);
    }
  };
}
