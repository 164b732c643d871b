/** Lockfiles from elsewhere install through the proxy; what docs/lockfiles.md says each client records in its own is so. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { npm } from "../support/clients/npm.ts";
import { projects } from "../support/projects.ts";
import { setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";

/** Whose lockfiles have the address of the registry that they were written with. */
const RECORDS_ADDRESS = new Set(["npm", "yarn-classic", "bun", "uv", "poetry"]);

for (const client of clients.filter(({ lockfile }) => lockfile !== undefined)) {
  const { expected, artifact } = projects[client.ecosystem];

  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: a lockfile written against the registry installs through the proxy`,
    async () => {
      const { upstream, registry, serve, install, dir } = await setStage(client, { prefix: "" });
      expect(outcome(await install(registry, "project"))).toBe("installed");
      upstream.forget();

      const proxy = await serve("store");
      expect(outcome(await install(proxy, "project", { lockedAgainst: registry }))).toBe("installed");
      for (const [name, version] of Object.entries(expected))
        expect([name, await client.installed(dir("project"), name)]).toEqual([name, version]);
      // The one request that upstream saw is the proxy's own.
      expect(upstream.count(artifact, "GET")).toBe(1);
      expect(upstream.requests.every(({ headers }) => headers["user-agent"]?.startsWith("proxy/"))).toBe(true);
    },
    TIMEOUT,
  );

  const records = RECORDS_ADDRESS.has(client.name);
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: a lockfile written through the proxy ${records ? "records" : "does not record"} its address`,
    async () => {
      const { serve, install, dir } = await setStage(client);
      const proxy = await serve("store");
      expect(outcome(await install(proxy, "project"))).toBe("installed");
      const lockfile = await Bun.file(join(dir("project"), client.lockfile!)).text();
      expect(lockfile).toContain(Object.values(expected)[0]!);
      expect(lockfile.includes(proxy.url)).toBe(records);
    },
    TIMEOUT,
  );
}

test.skipIf(npm.unavailable() !== undefined)(
  "npm: omit-lockfile-registry-resolved keeps every address out, and the registry itself installs from what is left",
  async () => {
    const { registry, serve, install, dir } = await setStage(npm);
    const proxy = await serve("store");
    const env = { npm_config_omit_lockfile_registry_resolved: "true" };
    expect(outcome(await install(proxy, "project", { env }))).toBe("installed");
    const lockfile = await Bun.file(join(dir("project"), "package-lock.json")).text();
    expect(lockfile).toContain("sha512-");
    expect(lockfile).not.toContain("resolved");
    expect(outcome(await install(registry, "project", { lockedAgainst: proxy.url }))).toBe("installed");
    expect(await npm.installed(dir("project"), "@fx/lower")).toBe("1.0.0");
  },
  TIMEOUT,
);
