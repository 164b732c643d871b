/** A lockfile that was written without the proxy installs through it; docs/lockfiles.md says what that takes of each client. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { projects } from "../support/projects.ts";
import { startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startUpstream } from "../support/upstream.ts";

for (const client of clients.filter(({ lockfile }) => lockfile !== undefined)) {
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: a lockfile written against the registry installs through the proxy`,
    async () => {
      await using folder = await temporaryFolder();
      const { packages, registry, expected, artifact } = projects[client.ecosystem];
      const upstream = await startUpstream();
      const direct = upstream.mount("", registry);
      const dir = join(folder.path, "project");
      expect(outcome(await client.install({ dir, url: direct, packages }))).toBe("installed");
      upstream.forget();

      const mount = client.ecosystem === "golang" ? "go" : client.ecosystem;
      const config = { mounts: { [mount]: { ecosystem: client.ecosystem, upstreams: { default: direct } } } };
      const proxy = await startProxy({ config, dir: join(folder.path, "proxy") });
      const url = `${proxy.url}/${mount}`;
      expect(outcome(await client.install({ dir, url, packages, lockedAgainst: direct }))).toBe("installed");
      for (const [name, version] of Object.entries(expected))
        expect([name, await client.installed(dir, name)]).toEqual([name, version]);
      // The one request that upstream saw is the proxy's own.
      expect(upstream.requests.filter(({ path, method }) => artifact.test(path) && method === "GET").length).toBe(1);
      expect(upstream.requests.every(({ headers }) => headers["user-agent"]?.startsWith("proxy/"))).toBe(true);
      await proxy.stop();
      await upstream.close();
    },
    240_000,
  );
}
