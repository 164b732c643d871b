/**
 * A small smoke by ordinary use: each client installs one real package through the proxy from the registry that its plugin
 * names. Where a registry cannot be reached the test says so and is skipped.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { type Proxy as Running, startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { reached } from "./reached.ts";

/** What is asked for. */
const SAMPLES = {
  npm: { packages: { "is-odd": "3.0.1" } },
  pypi: { packages: { six: "==1.17.0" } },
  cargo: { packages: { itoa: "1" } },
  golang: { packages: { "github.com/google/uuid": "v1.6.0" } },
  nuget: { packages: { "Newtonsoft.Json": "13.0.3" } },
  gem: { packages: { rack: "~> 3.0" } },
  maven: { packages: { "org.slf4j:slf4j-api": "2.0.16" } },
} as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let proxy: Running;
beforeAll(async () => {
  folder = await temporaryFolder();
  proxy = await startProxy({
    dir: join(folder.path, "proxy"),
    config: {},
  });
});
afterAll(async () => {
  await proxy.stop();
  await folder.remove();
});

for (const client of clients) {
  const { packages } = SAMPLES[client.ecosystem];
  test.skipIf(client.unavailable() !== undefined || !(await reached(client.ecosystem)))(
    `${client.name} installs ${Object.keys(packages).join()} from the live registry`,
    async () => {
      const dir = join(folder.path, `${client.name}-${crypto.randomUUID()}`);
      const url = `${proxy.url}/${client.ecosystem === "golang" ? "go" : client.ecosystem}`;
      // Go's own default, which asks the checksum database through the proxy; other clients do not know the variable.
      expect(outcome(await client.install({ dir, url, packages, env: { GOSUMDB: "" } }))).toBe("installed");
      for (const name of Object.keys(packages)) expect(await client.installed(dir, name)).toBeString();
    },
    120_000,
  );
}
