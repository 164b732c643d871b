import type { Client } from "./client.ts";
import { nodeModule, packageJson } from "./node-modules.ts";
import { missingProgram, prepare, run, write } from "./run.ts";

/** The lockfile records whole URLs; `replace-registry-host=always` has npm swap the registry in them. */
export const npm: Client = {
  name: "npm",
  ecosystem: "npm",
  lockfile: "package-lock.json",
  program: ["npm"],
  unavailable: () => missingProgram("npm"),
  async install(options) {
    const locked = options.lockedAgainst !== undefined;
    const home = await prepare(options, "node_modules", ...(locked ? [] : ["package-lock.json"]));
    await write(options.dir, { "package.json": packageJson(options.packages) });
    const env = {
      npm_config_registry: `${options.url}/`,
      npm_config_cache: `${home}/cache`,
      npm_config_update_notifier: "false",
      npm_config_fund: "false",
      npm_config_audit: "false",
      npm_config_replace_registry_host: "always",
      npm_config_fetch_retries: "0",
    };
    return run(options, env, ["npm", locked ? "ci" : "install", "--loglevel=http"]);
  },
  installed: nodeModule,
};
