/**
 * A small smoke by ordinary use: each client installs one real package through the proxy from the registry that its plugin
 * names. Where a registry cannot be reached the test says so and is skipped.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ecosystems } from "../../src/registry.generated.ts";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { EXECUTABLE, type Proxy as Running, startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What is asked for, and a path of it that shows whether the registry can be reached. */
const SAMPLES = {
  npm: { packages: { "is-odd": "3.0.1" }, path: "/is-odd" },
  pypi: { packages: { six: "==1.17.0" }, path: "/simple/six/" },
  cargo: { packages: { itoa: "1" }, path: "/it/oa/itoa" },
  golang: { packages: { "github.com/google/uuid": "v1.6.0" }, path: "/github.com/google/uuid/@v/v1.6.0.info" },
  maven: { packages: { "org.slf4j:slf4j-api": "2.0.16" }, path: "/org/slf4j/slf4j-api/2.0.16/slf4j-api-2.0.16.pom" },
} as const;

async function reachable(id: keyof typeof SAMPLES): Promise<boolean> {
  const upstream = [ecosystems.find((ecosystem) => ecosystem.id === id)?.upstreams.default].flat()[0];
  const answer = await fetch(`${upstream}${SAMPLES[id].path}`, { signal: AbortSignal.timeout(10_000) }).catch(
    () => undefined,
  );
  return answer?.ok ?? false;
}

const ids = Object.keys(SAMPLES) as (keyof typeof SAMPLES)[];
const up = new Map(await Promise.all(ids.map(async (id) => [id, await reachable(id)] as const)));
for (const [id, reached] of up) if (!reached) console.log(`skipped: the default upstream of ${id} cannot be reached`);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let proxy: Running;
beforeAll(async () => {
  folder = await temporaryFolder();
  proxy = await startProxy({
    dir: join(folder.path, "proxy"),
    config: {},
    ...(existsSync(EXECUTABLE) && { executable: EXECUTABLE }),
  });
});
afterAll(async () => {
  await proxy.stop();
  await folder.remove();
});

for (const client of clients) {
  const { packages } = SAMPLES[client.ecosystem];
  test.skipIf(client.unavailable() !== undefined || !up.get(client.ecosystem))(
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
