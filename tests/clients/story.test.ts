/**
 * What the product is for, with each real client: it installs through the proxy; then what it needs is mirrored into another
 * store, the upstream is stopped, and a clean client installs it with nothing to dial.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { hash } from "../../src/digest.ts";
import { clients } from "../support/clients/all.ts";
import { type Client, outcome } from "../support/clients/client.ts";
import { instead } from "../support/faults.ts";
import { projects, type SampleProject } from "../support/projects.ts";
import { type Proxy as Running, startProxy } from "../support/proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { entryAt } from "../support/tree.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const TIMEOUT = 400_000;

const mountOf = ({ ecosystem }: Client) => (ecosystem === "golang" ? "go" : ecosystem);
const configOf = (client: Client, base: string) => ({
  mounts: { [mountOf(client)]: { ecosystem: client.ecosystem, upstreams: { default: base } } },
});
const purlsOf = ({ ecosystem }: Client, releases: Readonly<Record<string, string>>) =>
  Object.entries(releases).map(([name, version]) => `pkg:${ecosystem}/${name.replace(":", "/")}@${version}`);

async function versions(client: Client, dir: string): Promise<Record<string, string | undefined>> {
  const names = Object.keys(projects[client.ecosystem].expected);
  const found = names.map(async (name) => [name, await client.installed(dir, name)] as const);
  return Object.fromEntries(await Promise.all(found));
}

async function artifactOf(
  proxy: Running,
  client: Client,
  upstream: Upstream,
  { artifact }: SampleProject,
): Promise<string> {
  const asked = upstream.requests.find(({ path, status }) => artifact.test(path) && status === 200)?.path ?? "";
  const path = asked
    .replace(/^\/up/, "")
    .replace(/^\/crates\/([^/]+)\/[^/]+-([\d.]+)\.crate$/, "/crates/$1/$2/download");
  const response = await fetch(`${proxy.url}/${mountOf(client)}${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return hash("sha256", await response.bytes());
}

for (const client of clients) {
  const project = projects[client.ecosystem];
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: through the proxy; mirrored, unplugged, installed`,
    async () => {
      await using folder = await temporaryFolder();
      const upstream = await startUpstream();
      const base = upstream.mount("/up", project.registry);
      const config = configOf(client, base);
      const install = (proxy: Running, dir: string, packages = project.packages) =>
        client.install({ dir: join(folder.path, dir), url: `${proxy.url}/${mountOf(client)}`, packages });

      const online = await startProxy({ config, dir: join(folder.path, "online") });
      expect(outcome(await install(online, "first"))).toBe("installed");
      expect(await versions(client, join(folder.path, "first"))).toEqual(project.expected);
      expect(outcome(await install(online, "second"))).toBe("installed");
      expect(upstream.count(project.artifact, "GET")).toBe(1);
      const onDemand = await artifactOf(online, client, upstream, project);
      expect(await online.stop()).toBe(0);

      const dir = join(folder.path, "mirrored");
      const mirroring = await startProxy({ config, dir });
      // mvn's own plugins are no part of the project: an install of the dependency alone brings them into the store.
      if (client.ecosystem === "maven")
        expect(outcome(await install(mirroring, "plugins", { "ex.fx:lower": "1.0" }))).toBe("installed");
      const mirrored = await mirroring.run(["mirror", ...purlsOf(client, project.expected)]);
      expect([mirrored.code, mirrored.stderr]).toEqual([0, mirrored.stderr]);
      const asked = upstream.requests.length;
      expect((await mirroring.run(["mirror", ...purlsOf(client, project.expected)])).stdout).toStartWith(
        "0 files fetched",
      );
      expect(upstream.requests.slice(asked).filter(({ path }) => project.artifact.test(path))).toEqual([]);
      await mirroring.stop();

      await upstream.down();
      const offline = await startProxy({ config, dir, offline: true });
      expect(outcome(await install(offline, "unplugged"))).toBe("installed");
      expect(await versions(client, join(folder.path, "unplugged"))).toEqual(project.expected);
      expect(await artifactOf(offline, client, upstream, project)).toBe(onDemand);
      await offline.stop();
      await upstream.close();
    },
    TIMEOUT,
  );

  // Nothing vouches for Go's modules but the checksum database: golang.test.ts.
  test.skipIf(client.unavailable() !== undefined || client.ecosystem === "golang")(
    `${client.name}: bytes that the index does not promise reach nobody, and are counted`,
    async () => {
      await using folder = await temporaryFolder();
      const upstream = await startUpstream();
      const proxy = await startProxy({
        config: configOf(client, upstream.mount("/up", project.registry)),
        dir: join(folder.path, "store"),
      });
      const forged = Array.from(project.forged.keys?.() ?? []).find((key) => project.artifact.test(key)) ?? "";
      upstream.fault(project.artifact, instead(entryAt(project.forged, forged)));
      const refused = await client.install({
        dir: join(folder.path, "project"),
        url: `${proxy.url}/${mountOf(client)}`,
        packages: project.packages,
      });
      expect(refused.code).not.toBeOneOf([0, 124]);
      const metrics = await (await fetch(`${proxy.url}/metrics`)).text();
      expect(metrics).toMatch(/proxy_integrity_failures_total\{[^}]*\} [1-9]/);
      await proxy.stop();
      await upstream.close();
    },
    TIMEOUT,
  );
}
