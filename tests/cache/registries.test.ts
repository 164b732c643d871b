/** Several registries behind one mount: which of them may answer for a package. Laws over ecosystems, over real sockets. */
import { describe, expect, test } from "bun:test";
import { cargo } from "../../ecosystems/cargo.ts";
import { gem } from "../../ecosystems/gem.ts";
import { golang } from "../../ecosystems/golang.ts";
import { helm } from "../../ecosystems/helm.ts";
import { maven } from "../../ecosystems/maven.ts";
import { npm } from "../../ecosystems/npm.ts";
import { nuget } from "../../ecosystems/nuget.ts";
import { oci } from "../../ecosystems/oci.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { matchIn } from "../../src/cache/target.ts";
import type { Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { NotFound, UpstreamFailed } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { failing, hangUp, instead } from "../support/faults.ts";
import { makeCargo } from "../support/registries/cargo.ts";
import { makeGem } from "../support/registries/gem.ts";
import { makeGolang } from "../support/registries/golang.ts";
import { makeHelm } from "../support/registries/helm.ts";
import { makeMaven } from "../support/registries/maven.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { makeNuget } from "../support/registries/nuget.ts";
import { makePypi } from "../support/registries/pypi.ts";
import { json, type Tree } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

interface Kind {
  ecosystem: Ecosystem;
  /** The name of the upstream that has several registries. */
  upstream?: string;
  /** A registry that has a package in these versions; what stands in it is its own. */
  registry(versions: readonly string[], base: string, own: string): Tree;
  versions: readonly [string, string];
  /** What else a registry has is where its own discovery document says, and that is one document for the mount. */
  isDiscovered?: boolean;
  /** From a path at upstream to the one of the mount. Default: the same. */
  at?(path: string): string;
}

const sized = (versions: readonly string[], own: string) =>
  Object.fromEntries(versions.map((version) => [version, { size: own.length }]));
const SEMVER = ["1.0.0", "1.1.0"] as const;

const KINDS: readonly Kind[] = [
  {
    ecosystem: npm,
    versions: SEMVER,
    registry: (v, base, own) => makeNpm([{ name: "fx", versions: sized(v, own) }], base),
  },
  {
    ecosystem: pypi,
    versions: SEMVER,
    registry: (v, base, own) => makePypi([{ name: "fx", versions: sized(v, own) }], base),
  },
  { ecosystem: gem, versions: SEMVER, registry: (v, _base, own) => makeGem([{ name: "fx", versions: sized(v, own) }]) },
  {
    ecosystem: cargo,
    isDiscovered: true,
    versions: SEMVER,
    registry: (v, base, own) => makeCargo([{ name: "fx", versions: sized(v, own) }], base),
  },
  {
    ecosystem: nuget,
    isDiscovered: true,
    versions: SEMVER,
    registry: (v, base, own) => makeNuget([{ name: "fx", versions: sized(v, own) }], base),
  },
  {
    ecosystem: golang,
    versions: ["v1.0.0", "v1.1.0"],
    registry: (v, _base, own) => makeGolang([{ name: "fx.example/fx", versions: sized(v, own) }]),
  },
  {
    ecosystem: maven,
    versions: ["1.0", "1.1"],
    registry: (v, _base, own) => makeMaven([{ name: "ex.fx:fx", versions: sized(v, own) }]),
  },
  {
    ecosystem: helm,
    upstream: "charts",
    versions: SEMVER,
    registry: (v, _base, own) => makeHelm([{ name: "fx", versions: sized(v, own) }]),
    at: (path) => `/charts${path}`,
  },
  {
    ecosystem: oci,
    versions: SEMVER,
    registry: (tags, _base, own) =>
      new Map([
        ["/v2/team/fx/tags/list", json({ name: "team/fx", tags })],
        ...tags.map(
          (tag) =>
            [
              `/v2/team/fx/manifests/${tag}`,
              {
                ...json({ schemaVersion: 2, own, tag }),
                headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
              },
            ] as const,
        ),
      ]),
    at: (path) => path.replace(/^\/v2/, ""),
  },
];

async function setUp({ ecosystem, upstream = "default", registry, versions, at = (path) => path }: Kind) {
  const [inner, outer] = [await startUpstream(), await startUpstream()];
  const started = await engine({ staleWhileRevalidate: 0 });
  const [old] = versions;
  const of = (server: typeof inner, each: readonly string[], own: string) => {
    let made: Tree | undefined;
    server.mount("", (base) => (made = registry(each, base, own)));
    return Array.from(made?.keys?.() ?? []).filter((key) => key.startsWith("/"));
  };
  const [ours, theirs] = [of(inner, [old], "ours"), of(outer, versions, "theirs, which is longer")];
  const urls = [inner.url, outer.url];
  const bases = ecosystem.id === "nuget" ? urls.map((url) => `${url}/v3/index.json`) : urls;
  const mount = makeMount("m", ecosystem, { upstreams: { [upstream]: bases }, ttl: 0 });
  const isFetched = (path: string) => {
    const match = matchIn(mount, "GET", encodeURI(at(path)) as Path);
    return typeof match !== "number" && (match.route.kind === "artifact" || match.route.kind === "metadata");
  };
  const get = async (path: string, cache: Cache = started.cache) => {
    const answer = await cache.get(mount, askFor(encodeURI(at(path)) as Path));
    return Buffer.from(await bytesOf(cache, answer)).toString("latin1");
  };
  return {
    ...started,
    inner,
    outer,
    get,
    ours: ours.filter(isFetched),
    theirs: theirs.filter(isFetched),
    unpublished: theirs.filter((path) => !ours.includes(path)).filter(isFetched),
    [Symbol.asyncDispose]: async () => {
      await started.close();
      await inner.close();
      await outer.close();
    },
  };
}

describe.each(KINDS.map((kind) => [kind.ecosystem.id, kind] as const))("%s: of two registries", (_id, kind) => {
  test("the one that has the package answers for all of it, also for what it has not published, and after a restart", async () => {
    await using s = await setUp(kind);
    expect(s.unpublished.length).toBeGreaterThan(0);
    for (const path of s.unpublished) expect([path, await failure(s.get(path))]).toEqual([path, expect.any(NotFound)]);
    for (const path of s.ours) expect([path, typeof (await s.get(path))]).toEqual([path, "string"]);
    const again = await s.again({});
    for (const path of s.unpublished)
      expect([path, await failure(s.get(path, again))]).toEqual([path, expect.any(NotFound)]);
    expect(s.outer.requests.map(({ path }) => path)).toEqual([]);
  });

  test.each([
    ["fails", failing(500)],
    ["is busy", failing(503, 60)],
    ["hangs up", hangUp()],
    ["limits", failing(429, 60)],
    ["wants a name", failing(401)],
    ["refuses", failing(403)],
    ["may not give it", failing(451)],
  ])("the second does not stand in where the first %s", async (_what, fault) => {
    await using s = await setUp(kind);
    s.inner.fault(/./, fault);
    for (const path of s.ours) {
      const error = await failure(s.get(path));
      expect([path, error]).toEqual([path, expect.any(UpstreamFailed)]);
      expect(s.outer.requests.map((request) => request.path)).toEqual([]);
    }
  });

  if (kind.isDiscovered) return;
  test("the second answers for a package that the first lacks", async () => {
    await using s = await setUp(kind);
    s.inner.fault(/./, failing(404));
    for (const path of s.theirs) expect([path, typeof (await s.get(path))]).toEqual([path, "string"]);
  });
});

test("a package moves once its registry lacks it, and is back as soon as an earlier one has it", async () => {
  await using s = await setUp(KINDS[0]!);
  const versions = async () => Object.keys((JSON.parse(await s.get("/fx")) as { versions: object }).versions);
  expect(await versions()).toEqual(["1.0.0"]);
  s.inner.fault(/./, failing(503));
  s.clock.advance(1_000);
  // What is held, while the registry fails.
  expect(await versions()).toEqual(["1.0.0"]);
  s.inner.heal();
  s.inner.fault(/./, failing(410));
  s.clock.advance(1_000);
  expect(await versions()).toEqual(["1.0.0", "1.1.0"]);
  s.inner.heal();
  s.clock.advance(1_000);
  expect(await versions()).toEqual(["1.0.0"]);
});

test("revisions are compared within one registry, and validators go to the registry that gave them", async () => {
  await using s = await setUp(KINDS[1]!);
  const SIMPLE = "/simple/fx/";
  const serial = (value: number, file: string) =>
    json(
      {
        meta: { "api-version": "1.1", "_last-serial": value },
        name: "fx",
        versions: [],
        files: [{ filename: file, url: `/packages/${file}`, hashes: {} }],
      },
      { "content-type": "application/vnd.pypi.simple.v1+json", etag: '"same"' },
    );
  s.inner.set(SIMPLE, undefined);
  s.outer.set(SIMPLE, serial(25_000_000, "fx-9.0.tar.gz"));
  expect(await s.get(SIMPLE)).toContain("fx-9.0");
  s.inner.set(SIMPLE, serial(5, "fx-1.0.tar.gz"));
  s.clock.advance(1_000);
  expect(await s.get(SIMPLE)).toContain("fx-1.0");
  expect(s.inner.requests.filter(({ path }) => path === SIMPLE).map(({ headers }) => headers["if-none-match"])).toEqual(
    [undefined, undefined],
  );
  // Within one registry, an older one is a replica that lags behind.
  s.inner.set(SIMPLE, serial(4, "fx-0.9.tar.gz"));
  s.inner.fault(SIMPLE, instead(serial(4, "fx-0.9.tar.gz")));
  s.clock.advance(1_000);
  expect(await s.get(SIMPLE)).toContain("fx-1.0");
});

test("what the registry publishes later is there as soon as its index says so, though it was asked for before", async () => {
  await using s = await setUp(KINDS[0]!);
  const FILE = "/fx/-/fx-1.1.0.tgz";
  expect(await failure(s.get(FILE))).toBeInstanceOf(NotFound);
  s.inner.mount("", (base) => KINDS[0]!.registry(["1.0.0", "1.1.0"], base, "ours"));
  s.clock.advance(1_000);
  await s.get("/fx");
  expect(typeof (await s.get(FILE))).toBe("string");
  expect(s.outer.requests).toEqual([]);
});
