/** What is particular to NuGet: registrations by pages, searches, feeds without a catalog, lockfiles as what is to be mirrored. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { outcome } from "../support/clients/client.ts";
import { DOTNET, dotnet, dotnetEnv } from "../support/clients/dotnet.ts";
import { homeOf, run } from "../support/clients/run.ts";
import { instead } from "../support/faults.ts";
import { projects } from "../support/projects.ts";
import { proves } from "../support/proven.ts";
import type { Proxy as Running } from "../support/proxy.ts";
import { makeNuget } from "../support/registries/nuget.ts";
import { purlOf, said, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { entryAt } from "../support/tree.ts";

const { artifact, forged } = projects.nuget;
const YOUNG = new Date(Date.now() - 3 * 86_400_000).toISOString();

/** What the product answers at a path of the mount. */
async function get(proxy: Running, path: string): Promise<unknown> {
  const response = await fetch(`${proxy.url}/nuget${path}`);
  return response.ok ? response.json() : response.status;
}

const many = Array.from({ length: 150 }, (_, at) => [`1.${at}.0`, at > 139 ? { publishedAt: YOUNG } : {}] as const);
const paged = [{ name: "Fx.Paged", versions: { ...Object.fromEntries(many), "2.0.0": { unlisted: true } } }];

test.skipIf(dotnet.unavailable() !== undefined)(
  "a registration by pages tells dotnet what is outdated: online, under a cooldown, and offline from what is held",
  async () => {
    const registry = (base: string) => makeNuget(paged, base);
    const { serve, install, dir, upstream } = await setStage(dotnet, { registry, packages: { "Fx.Paged": "[1.5.0]" } });
    const newest = async (from: Running, project: string) => {
      expect(outcome(await install(from, project))).toBe("installed");
      const list = [DOTNET, "list", "package", "--outdated"];
      const result = await run({ dir: dir(project), url: "", packages: {} }, dotnetEnv(homeOf(dir(project))), list);
      return /Fx\.Paged\s+\S+\s+1\.5\.0\s+(\S+)/.exec(result.stdout)?.[1] ?? said(result);
    };
    const online = await serve("store");
    expect(await newest(online, "online")).toBe("1.149.0");
    expect(upstream.count(/\/page\//, "GET")).toBeGreaterThan(0);
    const index = await fetch(`${online.url}/nuget/v3/registration5-gz-semver2/fx.paged/index.json`);
    expect(await index.text()).not.toContain(upstream.url);
    await online.stop();

    const cooling = await serve("cooling", { config: { cooldown: { default: "7d" } } });
    expect(await newest(cooling, "cooled")).toBe("1.139.0");
    // The last page has young releases, and the unlisted one, which is dated by its file.
    const hive = "/v3/registration5-gz-semver2/fx.paged/index.json";
    const pages = (await get(cooling, hive)) as { items: { count: number; upper: string }[] };
    expect(pages.items.map(({ count, upper }) => [count, upper])).toEqual([
      [64, "1.63.0"],
      [64, "1.127.0"],
      [13, "2.0.0"],
    ]);
    await cooling.stop();

    const mirroring = await serve("held");
    const purls = ["1.5.0", "1.140.0"].map((version) => purlOf(dotnet, "Fx.Paged", version));
    expect((await mirroring.run(["mirror", ...purls])).code).toBe(0);
    await mirroring.stop();
    await upstream.down();
    const offline = await serve("held", { offline: true });
    expect(await newest(offline, "offline")).toBe("1.140.0");
    const held = (await get(offline, hive)) as { count: number; items: { count: number; lower: string }[] };
    expect(held.items.map(({ count, lower }) => [count, lower])).toEqual([
      [1, "1.5.0"],
      [1, "1.140.0"],
    ]);
    const list = { versions: ["1.5.0", "1.140.0"] };
    expect(await get(offline, "/v3-flatcontainer/fx.paged/index.json")).toEqual(list);
    expect(await get(offline, "/query?q=paged")).toMatchObject({ totalHits: 1, data: [{ version: "1.140.0" }] });
    expect(await get(offline, "/autocomplete?id=Fx.Paged")).toEqual({ totalHits: 2, data: list.versions });
    expect(await get(offline, "/v3/vulnerabilities/index.json")).toMatchObject([
      { "@id": `${offline.url}/nuget/v3/vulnerabilities/1/base.json` },
    ]);
    expect(await get(offline, "/v3/vulnerabilities/1/base.json")).toEqual({});
  },
  TIMEOUT,
);

test.skipIf(dotnet.unavailable() !== undefined)(
  "searches are filtered by the cooldown, and lead back to the proxy",
  async () => {
    const { serve, upstream } = await setStage(dotnet, { registry: (base) => makeNuget(paged, base) });
    const proxy = await serve("store", { config: { cooldown: { default: "7d" } } });
    const found = await get(proxy, "/query?q=paged");
    expect(found).toMatchObject({ data: [{ id: "Fx.Paged", version: "1.139.0" }] });
    expect(JSON.stringify(found)).not.toContain(upstream.url);
    const versions = (await get(proxy, "/autocomplete?id=fx.paged")) as { data: string[] };
    expect(versions.data).not.toContain("1.140.0");
    expect(versions.data).toContain("1.139.0");
  },
  TIMEOUT,
);

test.skipIf(dotnet.unavailable() !== undefined).each([
  ["with digests beside packages", "refused", { catalog: false, sidecars: true }],
  ["with neither", "installed", { catalog: false }],
] as const)(
  "a feed without a catalog, %s: restored with what requires it; a forgery is %s",
  async (_, expected, options) => {
    const registry = (base: string) =>
      makeNuget(
        [
          { name: "Fx.Lower", versions: { "1.0.0": {} } },
          { name: "Fx.Upper", versions: { "1.1.0": { dependencies: { "fx.lower": "1.0" } } } },
        ],
        base,
        options,
      );
    const { serve, install, upstream } = await setStage(dotnet, { registry });
    const proxy = await serve("store");
    expect((await proxy.run(["mirror", "--deps", "pkg:nuget/fx.upper"])).stdout).toContain(" 0 failed");
    expect(outcome(await install(proxy, "first"))).toBe("installed");
    const forgery = Array.from(forged.keys?.() ?? []).find((key) => artifact.test(key)) ?? "";
    upstream.fault(artifact, instead(entryAt(forged, forgery)));
    const other = await serve("other");
    const result = await install(other, "forged");
    expect(result.code === 0 ? "installed" : "refused").toBe(expected);
    if (expected === "refused") expect(other.stderr()).toContain("expected sha512:");
  },
  TIMEOUT,
);

test.skipIf(dotnet.unavailable() !== undefined)(
  "a whole feed by its catalog: mirrored, then followed, unplugged, restored",
  async () => {
    const packages = { "fx.one": "[1.0.0]", "fx.two": "[2.0.0]" };
    const feed = (two: Record<string, object>) => (base: string) =>
      makeNuget(
        [
          { name: "Fx.One", versions: { "1.0.0": {} } },
          { name: "Fx.Two", versions: two },
        ],
        base,
      );
    const { serve, install, upstream } = await setStage(dotnet, { registry: feed({ "1.0.0": {} }), packages });
    const proxy = await serve("store");
    const mirror = () => proxy.run(["mirror", "--registry", "nuget"]);
    const first = await mirror();
    expect(`${first.code} ${first.stdout}${first.stderr}`).toMatch(/^0 /);
    upstream.mount("/up", feed({ "1.0.0": {}, "2.0.0": { publishedAt: YOUNG } }));
    const second = await mirror();
    expect(`${second.code} ${second.stdout}${second.stderr}`).toMatch(/^0 /);
    await proxy.stop();
    await upstream.down();
    const offline = await serve("store", { offline: true });
    expect(outcome(await install(offline, "project"))).toBe("installed");
    proves("nuget", dotnet.name, "registry", dotnet.program);
  },
  TIMEOUT,
);

test.skipIf(dotnet.unavailable() !== undefined)(
  "a proxy stands behind another, which finds all that vouches for packages there",
  async () => {
    const { serve, install, upstream } = await setStage(dotnet);
    const first = await serve("first");
    const second = await serve("second", { upstreams: { default: `${first.url}/nuget/v3/index.json` } });
    expect(outcome(await install(second, "project"))).toBe("installed");
    const path = "/v3/catalog0/data/2026.01.01.00.00.00/fx.lower.1.0.0.json";
    const asked = upstream.count(`/up${path}`);
    expect([asked, await get(second, path)]).toEqual([1, expect.objectContaining({ id: "Fx.Lower" }) as object]);
    expect(upstream.count(`/up${path}`)).toBe(1);
  },
  TIMEOUT,
);

test.skipIf(dotnet.unavailable() !== undefined)(
  "a lockfile is mirrored, proven, and restored in locked mode with nothing to dial",
  async () => {
    const { serve, install, upstream, dir, registry } = await setStage(dotnet);
    expect(outcome(await install(registry, "project"))).toBe("installed");
    const lockfile = join(dir("project"), "packages.lock.json");
    const proxy = await serve("store");
    expect((await proxy.run(["mirror", "--lockfile", lockfile])).stdout).toContain(" 0 failed");
    await proxy.stop();
    await upstream.down();
    const offline = await serve("store", { offline: true });
    expect((await offline.run(["verify", "--lockfile", lockfile])).stdout).toContain(" 0 holes");
    expect(outcome(await install(offline, "project", { lockedAgainst: registry }))).toBe("installed");
    expect(await dotnet.installed(dir("project"), "Fx.Lower")).toBe("1.0.0");
  },
  TIMEOUT,
);
