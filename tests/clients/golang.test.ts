import { expect, test } from "bun:test";
import { join } from "node:path";
import { outcome } from "../support/clients/client.ts";
import { go } from "../support/clients/go.ts";
import { instead } from "../support/faults.ts";
import { GO_MODULES, projects } from "../support/projects.ts";
import { startProxy } from "../support/proxy.ts";
import { startSumdb } from "../support/registries/sumdb.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { entryAt } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const { packages, expected, registry, artifact, forged } = projects.golang;

async function setUp(folder: string) {
  const upstream = await startUpstream();
  const sumdb = await startSumdb(GO_MODULES);
  const upstreams = { default: upstream.mount("/up", registry), [`sumdb/${sumdb.name}`]: sumdb.url };
  const config = { mounts: { go: { ecosystem: "golang", upstreams } } };
  const start = (store: string, offline = false) => startProxy({ config, dir: join(folder, store), offline });
  const install = (url: string, project: string) =>
    go.install({ dir: join(folder, project), url: `${url}/go`, packages, env: { GOSUMDB: sumdb.proxied } });
  return { upstream, sumdb, start, install };
}

test.skipIf(go.unavailable() !== undefined)(
  "the checksum database comes through the proxy, and is complete when mirrored and unplugged",
  async () => {
    await using folder = await temporaryFolder();
    const { upstream, sumdb, start, install } = await setUp(folder.path);
    const online = await start("online");
    expect(outcome(await install(online.url, "first"))).toBe("installed");
    expect(await go.installed(join(folder.path, "first"), "fx.example/Lower")).toBe("v1.0.0");
    await online.stop();

    const mirroring = await start("mirrored");
    const purls = Object.entries(expected).map(([name, version]) => `pkg:golang/${name}@${version}`);
    const mirrored = await mirroring.run(["mirror", ...purls]);
    expect([mirrored.code, mirrored.stdout]).toEqual([0, mirrored.stdout]);
    await mirroring.stop();

    await upstream.down();
    await sumdb.close();
    const offline = await start("mirrored", true);
    expect(outcome(await install(offline.url, "unplugged"))).toBe("installed");
    expect(await Bun.file(join(folder.path, "unplugged/go.sum")).text()).toContain("fx.example/Lower v1.0.0 h1:");
    await offline.stop();
    await upstream.close();
  },
  200_000,
);

test.skipIf(go.unavailable() !== undefined)(
  "a module that the checksum database does not know so is refused by the proxy",
  async () => {
    await using folder = await temporaryFolder();
    const { upstream, sumdb, start, install } = await setUp(folder.path);
    const key = Array.from(forged.keys?.() ?? []).find((path) => artifact.test(path)) ?? "";
    upstream.fault(artifact, instead(entryAt(forged, key)));
    const proxy = await start("store");
    const refused = await install(proxy.url, "project");
    expect(refused.code).not.toBeOneOf([0, 124]);
    expect(refused.stderr).toContain("expected h1:");
    expect(await (await fetch(`${proxy.url}/metrics`)).text()).toMatch(/proxy_integrity_failures_total\{[^}]*\} [1-9]/);
    await proxy.stop();
    await sumdb.close();
    await upstream.close();
  },
  100_000,
);
