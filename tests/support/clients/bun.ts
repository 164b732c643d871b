import { join } from "node:path";
import type { Client } from "./client.ts";
import { nodeModule, packageJson } from "./node-modules.ts";
import { prepare, repoint, run, write } from "./run.ts";

/** The lockfile records URLs of registries other than the default: they are repointed in the file. */
export const bun: Client = {
  name: "bun",
  ecosystem: "npm",
  lockfile: "bun.lock",
  program: [process.execPath],
  unavailable: () => undefined,
  async install(options) {
    const { dir, url, packages, lockedAgainst } = options;
    const locked = lockedAgainst !== undefined;
    const home = await prepare(options, "node_modules", ...(locked ? [] : ["bun.lock"]));
    await write(dir, { "package.json": packageJson(packages) });
    if (locked) await repoint(join(dir, "bun.lock"), lockedAgainst, url);
    const env = { BUN_CONFIG_REGISTRY: `${url}/`, BUN_INSTALL_CACHE_DIR: `${home}/cache` };
    const frozen = locked ? ["--frozen-lockfile"] : [];
    return run(options, env, [process.execPath, "install", ...frozen]);
  },
  installed: nodeModule,
};
