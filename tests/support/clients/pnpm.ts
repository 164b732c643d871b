import { join } from "node:path";
import type { Client } from "./client.ts";
import { nodeModule, packageJson } from "./node-modules.ts";
import { CLIENTS, missingFile, prepare, run, write } from "./run.ts";

/** Starts the native program, wherever the package put it. */
const PROGRAM = join(CLIENTS, "npm/node_modules/pnpm/bin/pnpm.mjs");

/** The lockfile records digests and no URLs. */
export const pnpm: Client = {
  name: "pnpm",
  ecosystem: "npm",
  lockfile: "pnpm-lock.yaml",
  program: ["node", PROGRAM, "--version"],
  unavailable: () => missingFile(PROGRAM),
  async install(options) {
    const locked = options.lockedAgainst !== undefined;
    const home = await prepare(options, "node_modules", ...(locked ? [] : ["pnpm-lock.yaml"]));
    const settings = `registry=${options.url}/\nstore-dir=${home}/store\ncache-dir=${home}/cache\n`;
    await write(options.dir, { "package.json": packageJson(options.packages), ".npmrc": settings });
    const env = { PNPM_HOME: home, XDG_CACHE_HOME: `${home}/cache`, pnpm_config_fetch_retries: "0" };
    // CI=true makes pnpm freeze a lockfile even where it has to be made.
    return run(options, env, ["node", PROGRAM, "install", locked ? "--frozen-lockfile" : "--no-frozen-lockfile"]);
  },
  installed: nodeModule,
};
