/** Offline nothing is known of vulnerabilities, and no client's audit says that there are none. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { CLIENTS, homeOf, run } from "../support/clients/run.ts";
import { said, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";

const node = (path: string) => ["node", join(CLIENTS, path)];

const AUDITS: Readonly<Record<string, readonly string[]>> = {
  npm: ["npm", "audit"],
  pnpm: [...node("npm/node_modules/pnpm/bin/pnpm.mjs"), "audit"],
  "yarn-classic": [...node("npm/node_modules/yarn/bin/yarn.js"), "audit"],
  "yarn-berry": [...node("berry/node_modules/@yarnpkg/cli-dist/bin/yarn.js"), "npm", "audit"],
  bun: [process.execPath, "audit"],
};

for (const client of clients.filter(({ name }) => name in AUDITS))
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: its audit fails offline`,
    async () => {
      const { serve, install, dir, upstream } = await setStage(client);
      const online = await serve("store");
      expect(outcome(await install(online, "project"))).toBe("installed");
      await online.stop();
      await upstream.down();
      const offline = await serve("store", { offline: true });
      const registry = `${offline.url}/npm/`;
      const project = dir("project");
      await Bun.write(join(project, ".npmrc"), `registry=${registry}\n`);
      const env = {
        npm_config_registry: registry,
        npm_config_cache: `${homeOf(project)}/cache`,
        npm_config_fetch_retries: "0",
        BUN_CONFIG_REGISTRY: registry,
        YARN_REGISTRY: registry,
        YARN_NPM_REGISTRY_SERVER: registry,
        YARN_NPM_AUDIT_REGISTRY: registry,
        YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
        YARN_HTTP_RETRY: "0",
        YARN_NODE_LINKER: "node-modules",
        YARN_ENABLE_GLOBAL_CACHE: "false",
        YARN_GLOBAL_FOLDER: `${homeOf(project)}/global`,
      };
      const audit = await run({ dir: project, url: registry, packages: {} }, env, [...AUDITS[client.name]!]);
      expect([audit.code, said(audit)]).not.toEqual([0, expect.anything()]);
      expect(said(audit)).not.toMatch(/\b(?:0|no) (?:known )?vulnerabilit|no audit suggestions/i);
    },
    TIMEOUT,
  );
