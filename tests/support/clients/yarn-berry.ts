import { join } from "node:path";
import type { Client } from "./client.ts";
import { nodeModule, packageJson } from "./node-modules.ts";
import { CLIENTS, missingFile, prepare, run, write } from "./run.ts";

const PROGRAM = join(CLIENTS, "berry/node_modules/@yarnpkg/cli-dist/bin/yarn.js");

/** The lockfile records digests of its own archives and, for tarballs at their usual path, no URLs. */
export const yarnBerry: Client = {
  name: "yarn-berry",
  ecosystem: "npm",
  lockfile: "yarn.lock",
  program: ["node", PROGRAM, "--version"],
  unavailable: () => missingFile(PROGRAM),
  async install(options) {
    const locked = options.lockedAgainst !== undefined;
    const leftovers = ["node_modules", ".yarn", ...(locked ? [] : ["yarn.lock"])];
    const home = await prepare(options, ...leftovers);
    // An empty lockfile marks the folder as a project of its own, whatever lies above it.
    const mark = locked ? {} : { "yarn.lock": "" };
    await write(options.dir, { "package.json": packageJson(options.packages), ...mark });
    const env = {
      YARN_NPM_REGISTRY_SERVER: options.url,
      YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
      YARN_NODE_LINKER: "node-modules",
      YARN_ENABLE_GLOBAL_CACHE: "false",
      YARN_GLOBAL_FOLDER: `${home}/global`,
      YARN_ENABLE_TELEMETRY: "0",
      YARN_HTTP_RETRY: "0",
      // CI=true makes yarn freeze a lockfile even where it has to be made.
      YARN_ENABLE_IMMUTABLE_INSTALLS: `${locked}`,
    };
    return run(options, env, ["node", PROGRAM, "install"]);
  },
  installed: nodeModule,
};
