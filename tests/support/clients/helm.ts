import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "./client.ts";
import { CLIENTS, homeOf, missingFile, run } from "./run.ts";

const PROGRAM = join(CLIENTS, "helm/bin/helm");

/** No installer of packages, so none of the clients that share their tests: it renders charts. */
export const helm = {
  name: "helm",
  ecosystem: "helm",
  program: [PROGRAM, "version"],
  unavailable: () => missingFile(PROGRAM),
  /** Commands one after the other, in one home. */
  async run(dir: string, ...commands: readonly (readonly string[])[]): Promise<Result> {
    const home = homeOf(dir);
    await mkdir(home, { recursive: true });
    const env = {
      HELM_CACHE_HOME: `${home}/cache`,
      HELM_CONFIG_HOME: `${home}/config`,
      HELM_DATA_HOME: `${home}/data`,
    };
    return run({ dir, url: "", packages: {} }, env, ...commands.map((command) => [PROGRAM, ...command]));
  },
} as const;
