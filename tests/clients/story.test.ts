/**
 * What the product is for, with each real client: it installs through the proxy; then what it needs is mirrored into another
 * store, the upstream is stopped, and a clean client installs it with nothing to dial.
 */
import { expect, test } from "bun:test";
import { hash } from "../../src/contract/digest.ts";
import { clients } from "../support/clients/all.ts";
import { type Client, outcome } from "../support/clients/client.ts";
import { instead } from "../support/faults.ts";
import { compareInstalled } from "../support/installed.ts";
import { projects } from "../support/projects.ts";
import { lacks, proves } from "../support/proven.ts";
import type { Proxy as Running } from "../support/proxy.ts";
import { mountOf, purlOf, type Stage, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { bytesOf, entryAt } from "../support/tree.ts";

/** Packages of the sample projects, and not mvn's plugins. */
const OURS = /\/(?:@|ex\/)?fx.*\.(?:tgz|whl|crate|zip|jar|nupkg|gem)$/;

/** The files that installing a project takes: path below the mount and sha256, as the upstream has them. */
async function files({ upstream, tree }: Stage): Promise<Map<string, string>> {
  const asked = upstream.requests.filter(({ path, method, status }) => OURS.test(path) && method + status === "GET200");
  const paths = new Set(asked.map(({ path }) => path.replace("/up", "")));
  const found = Array.from(paths, async (path) => [path, hash("sha256", await bytesOf(entryAt(tree, path)))] as const);
  return new Map(await Promise.all(found));
}

/** The same, as the proxy answers. */
async function served(proxy: Running, client: Client, paths: Iterable<string>): Promise<Map<string, string>> {
  const answers = Array.from(paths, async (path) => {
    const response = await fetch(`${proxy.url}/${mountOf(client)}${path}`);
    return [path, response.ok ? hash("sha256", await response.bytes()) : `status ${response.status}`] as const;
  });
  return new Map(await Promise.all(answers));
}

/** Versions, and each file byte for byte. */
async function expectInstalled(client: Client, { dir, tree }: Stage, project: string, paths: readonly string[]) {
  const { expected } = projects[client.ecosystem];
  for (const [name, version] of Object.entries(expected)) {
    expect([name, await client.installed(dir(project), name)]).toEqual([name, version]);
    const stem = new RegExp(`\\b${name.split(/[/:]/).at(-1)!.replace("-", "[-_]")}\\b`, "i");
    const path = paths.find((each) => stem.test(each.replaceAll("!", ""))) ?? "";
    const archive = { path, bytes: await bytesOf(entryAt(tree, path)) };
    const { same, different } = await compareInstalled(client, dir(project), name, archive);
    expect([name, different]).toEqual([name, []]);
    expect(same).toBeGreaterThan(0);
  }
}

for (const client of clients) {
  const project = projects[client.ecosystem];
  const purls = Object.entries(project.expected).map(([name, version]) => purlOf(client, name, version));

  lacks(client.ecosystem, client.name, client.unavailable());
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: through the proxy; mirrored, unplugged, installed`,
    async () => {
      const stage = await setStage(client);
      const { upstream, serve, install } = stage;
      const online = await serve("online");
      expect(outcome(await install(online, "first"))).toBe("installed");
      const wanted = await files(stage);
      const paths = Array.from(wanted.keys());
      await expectInstalled(client, stage, "first", paths);
      expect(outcome(await install(online, "second"))).toBe("installed");
      expect(upstream.requests.filter(({ path }) => OURS.test(path)).length).toBe(wanted.size);
      expect(await served(online, client, paths)).toEqual(wanted);
      expect(await online.stop()).toBe(0);
      proves(client.ecosystem, client.name, "proxy", client.program);

      const mirroring = await serve("mirrored");
      // mvn's own plugins are no part of the project: one without dependencies brings them into the store.
      if (client.ecosystem === "maven") {
        expect(outcome(await install(mirroring, "plugins", { packages: {} }))).toBe("installed");
      }
      const mirrored = await mirroring.run(["mirror", ...purls]);
      expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining("declared, all stored") as string]);
      const asked = upstream.requests.length;
      expect((await mirroring.run(["mirror", ...purls])).stdout).toStartWith("0 files fetched");
      const again = upstream.requests.slice(asked).filter(({ path, status }) => OURS.test(path) && status !== 404);
      expect(again).toEqual([]);
      await mirroring.stop();

      await upstream.down();
      const offline = await serve("mirrored", { offline: true });
      expect(outcome(await install(offline, "unplugged"))).toBe("installed");
      await expectInstalled(client, stage, "unplugged", paths);
      expect(await served(offline, client, paths)).toEqual(wanted);
      proves(client.ecosystem, client.name, "offline", client.program);
    },
    TIMEOUT,
  );

  // Nothing vouches for Go's modules but the checksum database: golang.test.ts.
  if (client.ecosystem === "golang") continue;
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: bytes that the index does not promise reach nobody, are not stored, and are counted`,
    async () => {
      const stage = await setStage(client);
      const { upstream, serve, install, dir } = stage;
      const proxy = await serve("store");
      const forged = Array.from(project.forged.keys?.() ?? []).find((key) => project.artifact.test(key)) ?? "";
      const forgery = entryAt(project.forged, forged);
      upstream.fault(project.artifact, instead(forgery));
      const refused = await install(proxy, "project");
      expect(refused.code).not.toBeOneOf([0, 124]);
      expect(upstream.count(project.artifact, "GET")).toBeGreaterThan(0);
      const metrics = await (await fetch(`${proxy.url}/metrics`)).text();
      expect(metrics).toMatch(/proxy_integrity_failures_total\{[^}]*\} [1-9]/);
      await proxy.stop();
      const digests = Array.from(new Bun.Glob("artifacts/**").scanSync({ cwd: dir("store") }), (path) =>
        path.slice(path.lastIndexOf("/") + 1),
      );
      expect(digests.length).toBeGreaterThan(0);
      expect(digests).not.toContain(hash("sha256", await bytesOf(forgery)));
      expect(digests.filter((name) => name.includes(".part"))).toEqual([]);
    },
    TIMEOUT,
  );
}
