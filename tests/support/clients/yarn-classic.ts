import { join } from "node:path";
import type { Client } from "./client.ts";
import { nodeModule, packageJson } from "./node-modules.ts";
import { CLIENTS, missingFile, prepare, repoint, run, write } from "./run.ts";

const PROGRAM = join(CLIENTS, "npm/node_modules/yarn/bin/yarn.js");

/** The lockfile records whole URLs and yarn takes them as they are: they are repointed in the file. */
export const yarnClassic: Client = {
  name: "yarn-classic",
  ecosystem: "npm",
  lockfile: "yarn.lock",
  program: ["node", PROGRAM, "--version"],
  unavailable: () => missingFile(PROGRAM),
  async install(options) {
    const { dir, url, packages, lockedAgainst } = options;
    const locked = lockedAgainst !== undefined;
    const home = await prepare(options, "node_modules", ...(locked ? [] : ["yarn.lock"]));
    await write(dir, { "package.json": packageJson(packages) });
    if (locked) await repoint(join(dir, "yarn.lock"), lockedAgainst, url);
    const settings = ["--registry", `${url}/`, "--cache-folder", `${home}/cache`, "--non-interactive"];
    const frozen = locked ? ["--frozen-lockfile"] : [];
    return run(options, {}, ["node", PROGRAM, "install", ...settings, ...frozen]);
  },
  installed: nodeModule,
};
