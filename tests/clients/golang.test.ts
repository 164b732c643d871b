/** Go's checksum database, through the proxy. */
import { expect, onTestFinished, test } from "bun:test";
import { join } from "node:path";
import { outcome } from "../support/clients/client.ts";
import { go } from "../support/clients/go.ts";
import { instead } from "../support/faults.ts";
import { GO_GRAPHS, makeGraph, readGraph } from "../support/go-graphs.ts";
import { GO_MODULES, projects } from "../support/projects.ts";
import { startSumdb } from "../support/registries/sumdb.ts";
import { purlOf, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { entryAt } from "../support/tree.ts";

const { expected, artifact, forged } = projects.golang;

async function set() {
  const sumdb = await startSumdb(GO_MODULES);
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= sumdb.close());
  onTestFinished(close);
  const upstreams = { [`sumdb/${sumdb.name}`]: sumdb.url };
  return { ...(await setStage(go)), close, upstreams, env: { GOSUMDB: sumdb.proxied } };
}

test.skipIf(go.unavailable() !== undefined)(
  "the checksum database comes through the proxy, and is complete when mirrored and unplugged",
  async () => {
    const { upstream, close, serve, install, dir, upstreams, env } = await set();
    const online = await serve("online", { upstreams });
    expect(outcome(await install(online, "first", { env }))).toBe("installed");
    expect(await go.installed(dir("first"), "fx.example/Lower")).toBe("v1.0.0");
    await online.stop();

    const mirroring = await serve("mirrored", { upstreams });
    const mirrored = await mirroring.run(["mirror", ...Object.entries(expected).map((each) => purlOf(go, ...each))]);
    expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining("0 failed") as string]);
    await mirroring.stop();

    await upstream.down();
    await close();
    const offline = await serve("mirrored", { upstreams, offline: true });
    expect(outcome(await install(offline, "unplugged", { env }))).toBe("installed");
    expect(await Bun.file(join(dir("unplugged"), "go.sum")).text()).toContain("fx.example/Lower v1.0.0 h1:");
    // With go.sum in place, it is only built.
    expect(outcome(await install(offline, "unplugged", { env, lockedAgainst: "" }))).toBe("installed");
  },
  TIMEOUT,
);

for (const name of GO_GRAPHS)
  test.skipIf(go.unavailable() !== undefined)(
    `of ${name} with what it requires, about what the go command takes to build it is held, and it builds unplugged`,
    async () => {
      const graph = await readGraph(name);
      const { root } = graph;
      const tree = makeGraph(graph);
      const packages = { [root.name]: root.version };
      const { upstream, registry, serve, install, dir } = await setStage(go, { registry: () => tree, packages });
      const taken = () => {
        const paths = new Set(upstream.requests.map(({ path }) => path.replace("/up/", "/")));
        const files = [...paths].filter((path) => /\.(?:mod|zip)$/.test(path) && tree.get(path));
        const bytes = files.reduce((sum, path) => sum + Buffer.byteLength(entryAt(tree, path).body as string), 0);
        return { bytes, zips: files.filter((path) => path.endsWith(".zip")).length };
      };
      expect(outcome(await install(registry, "direct"))).toBe("installed");
      const client = taken();
      upstream.forget();

      const mirroring = await serve("store");
      const purl = purlOf(go, root.name, root.version);
      const mirrored = await mirroring.run(["mirror", "--deps", purl]);
      expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining(" 0 failed") as string]);
      await mirroring.stop();
      const ours = taken();
      expect(client.zips).toBeGreaterThan(50);
      // It does without modules that only tests of the root need.
      expect(ours.bytes / client.bytes).toBeLessThanOrEqual(1.25);

      await upstream.down();
      const offline = await serve("store", { offline: true });
      expect(outcome(await install(offline, "unplugged"))).toBe("installed");
      expect(await go.installed(dir("unplugged"), root.name)).toBe(root.version);
    },
    TIMEOUT,
  );

test.skipIf(go.unavailable() !== undefined)(
  "a module that the checksum database does not know so is refused by the proxy",
  async () => {
    const { upstream, serve, install, upstreams, env } = await set();
    const key = Array.from(forged.keys?.() ?? []).find((path) => artifact.test(path)) ?? "";
    upstream.fault(artifact, instead(entryAt(forged, key)));
    const proxy = await serve("store", { upstreams });
    const refused = await install(proxy, "project", { env });
    expect(refused.code).not.toBeOneOf([0, 124]);
    expect(refused.stderr).toContain("expected h1:");
    expect(await (await fetch(`${proxy.url}/metrics`)).text()).toMatch(/proxy_integrity_failures_total\{[^}]*\} [1-9]/);
  },
  TIMEOUT,
);
