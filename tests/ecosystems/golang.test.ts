import { describe, expect, test } from "bun:test";
import { golang } from "../../ecosystems/golang.ts";
import type { Doc, Facts, MetadataRoute, Path, Release, View } from "../../src/contract/ecosystem.ts";
import { classify } from "../../src/mounts/match.ts";
import reads from "../fixtures/golang/client-reads.json";
import { storing } from "../support/plugin.ts";

const fixtures = `${import.meta.dir}/../fixtures/golang`;
const rewrites = `${import.meta.dir}/../rewrites/golang`;
const MOD = "/go.example/!acme/lib/@v";
const DB = "/sumdb/sum.example";
const TRAITS = { upstreams: ["default", "sumdb/sums.example"], options: {} };

function metadata(path: Path): { route: MetadataRoute; params: Record<string, string> } {
  const match = classify(golang, "GET", path);
  if (typeof match === "number" || match.route.kind !== "metadata") throw new Error(`${path} is no metadata`);
  return { route: match.route, params: match.params };
}

function doc(path: Path, body: string, others: Record<string, string> = {}): Doc {
  return {
    path,
    params: metadata(path).params,
    mediaType: "text/plain",
    bytes: () => new TextEncoder().encode(body),
    text: () => body,
    json: <T>() => JSON.parse(body) as T,
    traits: TRAITS,
    pathOf: () => undefined,
    urlOf: () => undefined,
    header: () => undefined,
    stored: (other) => (others[other] === undefined ? undefined : doc(other, others[other], others)),
  };
}

function view(admits: View["admits"], offline = false): View {
  return {
    variant: "text/plain",
    offline,
    link: (path) => `https://proxy.example/go${path}`,
    lines: [],
    admits,
  };
}

const parse = (source: Doc): Facts => metadata(source.path).route.parse!(source);
const rewrite = (source: Doc, seen: View) => {
  const body = metadata(source.path).route.rewrite!(source, seen);
  return typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
};
const releasesOf = (source: Doc) => Array.from(parse(source).releases ?? []);
const fixture = (name: string) => Bun.file(`${fixtures}/${name}`).text();

const RELEASE: Release = { name: "go.example/Acme/lib", version: "v1.0.0-RC1" };

describe("routes", () => {
  const cases: [string, string, Path?, Release?][] = [
    ["/go.example/!acme/lib/@v/list", "metadata"],
    ["/go.example/!acme/lib/@latest", "metadata"],
    ["/go.example/!acme/lib/@v/master.info", "metadata"],
    ["/go.example/!acme/lib/@v/v1.0.info", "metadata"],
    ["/go.example/%21acme/lib/@v/v1.0.0-%21r%21c1.info", "metadata", `${MOD}/v1.0.0-!r!c1.info`, RELEASE],
    ["/go.example/%21acme/lib/@v/v1.0.0-%21r%21c1.mod", "metadata", `${MOD}/v1.0.0-!r!c1.mod`, RELEASE],
    ["/go.example/!acme/lib/@v/v1.0.0-!r!c1.zip", "artifact", `${MOD}/v1.0.0-!r!c1.zip`, RELEASE],
    ["/m.example/a/@v/v2.0.0%2Bincompatible.zip", "artifact", "/m.example/a/@v/v2.0.0+incompatible.zip"],
    ["/golang.org/toolchain/@v/v0.0.1-go1.24.1.linux-amd64.zip", "artifact"],
    ["/go.example/!acme/lib/@v/master.zip", "none"],
    ["/go.example/!acme/lib/@v/v1.0.0.ziphash", "none"],
    ["/sumdb/sum.example/supported", "answer"],
    ["/sumdb/sum.example/latest", "metadata"],
    ["/sumdb/sum.example/tile/8/0/x001/234.p/7", "metadata"],
    ["/sumdb/sum.example/tile/8/data/000", "metadata"],
    ["/sumdb/sum.example/tile/8/0/1234", "none"],
    ["/sumdb/other.example/supported", "none"],
    ["/sumdb/other.example/latest", "none"],
    ["/sumdb/other.example/lookup/m.example/a@v1.0.0", "none"],
    [
      `${DB}/lookup/go.example/%21acme/lib@v1.0.0-%21r%21c1`,
      "metadata",
      `${DB}/lookup/go.example/!acme/lib@v1.0.0-!r!c1`,
      RELEASE,
    ],
  ];
  const rows = cases.map(([path, kind, canonical, release]) => ({ path, kind, canonical, release }));
  test.each(rows)("$path is $kind", ({ path, kind, canonical, release }) => {
    const known = (upstream: string) => upstream === "default" || upstream === "sumdb/sum.example";
    const match = classify(golang, "GET", path as Path, known);
    if (typeof match === "number") return expect(kind).toBe("none");
    const { route, params } = match;
    expect<string>(route.kind).toBe(kind);
    if (canonical) expect("canonical" in route && route.canonical?.(params)).toBe(canonical);
    if (release) expect("release" in route && route.release?.(params)).toEqual(release);
  });

  test("a database keeps its own paths at its upstream", () => {
    for (const rest of ["/latest", "/tile/8/0/x001/234.p/7", "/lookup/go.example/!acme/lib@v1.0.0"] as const) {
      const { route, params } = metadata(`${DB}${rest}`);
      expect(route.to?.(params)).toBe(rest);
    }
  });

  test("a stalling path is answered at once", () => {
    const started = performance.now();
    for (const unit of ["a/", "/lookup/", "@v/", "!a", "/tile/8/0", "v1.", "x001/"])
      classify(golang, "GET", `/sumdb/${unit.repeat(250)}`);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe("facts", () => {
  test("a list names its releases", async () => {
    const facts = parse(doc(`${MOD}/list`, await fixture("list.txt")));
    expect(Array.from(facts.releases ?? [], ({ version }) => version)).toEqual(
      (await fixture("list.txt")).trim().split("\n"),
    );
    expect(Array.from(facts.releases ?? [])[0]!.name).toBe("go.example/Acme/lib");
    expect(facts.follow).toEqual([]);
  });
  test("an empty list leads to the newest commit", () => {
    expect(parse(doc(`${MOD}/list`, "")).follow).toEqual(["/go.example/!acme/lib/@latest"]);
  });
  test("a commit's time is its author's word", async () => {
    expect(releasesOf(doc(`${MOD}/v0.3.0.info`, await fixture("v0.3.0.info")))).toEqual([
      {
        name: "go.example/Acme/lib",
        version: "v0.3.0",
        publishedAt: new Date("2017-12-14T13:08:43Z"),
        dateTrust: "author",
      },
    ]);
  });
  test("a go.mod states what it requires, and nothing else", async () => {
    const [release] = releasesOf(doc(`${MOD}/v1.0.0.mod`, await fixture("go.mod.txt")));
    expect(release).toEqual({
      name: "go.example/Acme/lib",
      version: "v1.0.0",
      requires: [
        { name: "golang.org/x/tools", range: "v0.21.1-0.20240508182429-e35e4ccd0d2d" },
        { name: "go.example/Quoted", range: "v1.2.3" },
        { name: "golang.org/x/mod", range: "v0.17.0" },
        { name: "go.example/old", range: "v2.0.0+incompatible" },
      ],
      requiresAll: true,
    });
  });
  test("a look-up states the hashes of a zip and its go.mod", () => {
    const [[path, body]] = Object.entries(reads.lookups) as [[string, string]];
    const [release] = releasesOf(doc(`${DB}${path as Path}`, body));
    expect(release).toMatchObject({ name: "go.example/Mod0", version: "v1.0.0-RC1" });
    expect(release!.files).toEqual([
      { path: "/go.example/!mod0/@v/v1.0.0-!r!c1.zip", digest: `h1:${"15".padStart(44, "0")}` },
      { path: "/go.example/!mod0/@v/v1.0.0-!r!c1.mod", digest: `h1:${"10".padStart(44, "0")}` },
    ]);
    for (const { path } of release!.files!) expect(classify(golang, "GET", path)).toBeObject();
  });
  test("a tree head's revision is its size", () =>
    expect(parse(doc(`${DB}/latest`, reads.newer)).revision).toBe(66_305));

  test.each([
    [`${MOD}/list`, "<html><body>Sign in</body></html>"],
    [`${MOD}/v1.0.0.info`, '{"Version": "v1.0'],
    [`${MOD}/v1.0.0.info`, "{}"],
    [`${MOD}/v1.0.0.mod`, "module m.example/a\n\nrequire (\n\tm.example/b v1.0.0\n"],
    [`${MOD}/v1.0.0.mod`, "<html></html>"],
    [`${DB}/latest`, reads.newer.slice(0, -1)],
    [`${DB}/lookup/go.example/!mod0@v1.0.0-!r!c1`, Object.values(reads.lookups)[0]!.slice(0, -1)],
    [`${DB}/lookup/go.example/!mod0@v1.0.0-!r!c1`, Object.values(reads.lookups)[0]!.split("\n\n")[0]!],
  ] as [Path, string][])("%s is refused when it is truncated or alien", (path, body) => {
    expect(() => parse(doc(path, body))).toThrow();
  });
});

describe("files of a release", () => {
  test("are all classified, and belong to it", () => {
    for (const { path, optional } of golang.files!(RELEASE, TRAITS)) {
      const match = classify(golang, "GET", path);
      if (typeof match === "number" || !("release" in match.route)) throw new Error(`${path} is not a release's file`);
      expect(match.route.release?.(match.params)).toEqual(RELEASE);
      expect(Boolean(optional)).toBe(path.startsWith("/sumdb/"));
    }
  });
  test("are chosen by type; a go.mod alone is what versions that are not selected need", () => {
    const named = golang.files!(RELEASE, TRAITS).map(({ path, qualifiers }) => [
      path.replace(/^.*\./, ""),
      qualifiers?.["type"],
    ]);
    expect(named.slice(0, 3)).toEqual([
      ["info", undefined],
      ["mod", "mod"],
      ["zip", "zip"],
    ]);
    expect(named.slice(3).every(([, type]) => type === undefined)).toBe(true);
  });
  test("zip and go.mod are vouched for by the look-up", () => {
    const { route, params } = metadata(`${MOD}/v1.0.0-!r!c1.mod`);
    const [path, ...others] = route.describedBy!(params, `${MOD}/v1.0.0-!r!c1.mod`, TRAITS) as Path[];
    expect(others).toEqual([]);
    expect(path).toBe("/sumdb/sums.example/lookup/go.example/!acme/lib@v1.0.0-!r!c1");
    expect(metadata(path!).route.release?.(metadata(path!).params)).toEqual(RELEASE);
  });
});

describe("rewriting", () => {
  const golden: [string, Path, string, View][] = [
    ["list-withheld.txt", `${MOD}/list`, "list.txt", view(({ version }) => version !== "v1.1.0")],
    ["list-offline.txt", `${MOD}/list`, "list.txt", view((_, file) => file === `${MOD}/v1.0.0-!r!c1.zip`, true)],
    ["list-all.txt", `${MOD}/list`, "list.txt", view(() => true)],
    ["master.info", `${MOD}/master.info`, "master.info", view(() => true)],
  ];
  test.each(golden)("%s", async (name, path, source, seen) => {
    const body = rewrite(doc(path, await fixture(source)), seen);
    expect(body).toBe(await Bun.file(`${rewrites}/${name}`).text());
  });

  test.each(["/go.example/!acme/lib/@latest", `${MOD}/master.info`] as const)(
    "%s is not shown when withheld",
    async (path) => {
      const source = doc(path, await fixture("master.info"));
      const hidden = view(() => false);
      expect(metadata(path).route.rewrite?.(source, hidden)).toBeUndefined();
    },
  );

  const path = `${DB}/lookup/go.example/!mod300@v1.0.0-!r!c1` as const;
  const body = reads.lookups["/lookup/go.example/!mod300@v1.0.0-!r!c1"];
  test("online, a look-up keeps its own tree head", () => {
    expect(
      rewrite(
        doc(path, body, { [`${DB}/latest`]: reads.newer }),
        view(() => true),
      ),
    ).toBe(body);
  });
  test("offline, a look-up carries the held tree head", () => {
    const served = rewrite(
      doc(path, body, { [`${DB}/latest`]: reads.newer }),
      view(() => true, true),
    );
    expect(served).toBe(`${body.split("\n\n")[0]!}\n\n${reads.newer}`);
  });
  test("offline, a head that does not cover the record is not put under it", () => {
    const small = reads.newer.replace("66305", "300");
    expect(
      rewrite(
        doc(path, body, { [`${DB}/latest`]: small }),
        view(() => true, true),
      ),
    ).toBe(body);
    expect(
      rewrite(
        doc(path, body),
        view(() => true, true),
      ),
    ).toBe(body);
  });
});

// The fixture records what golang.org/x/mod/sumdb asked of its own test server for a tree of 66,305 records.
describe("seal", () => {
  const held = Object.fromEntries(Object.entries(reads.lookups).map(([path, body]) => [`${DB}${path}`, body]));
  function sealed(documents: Record<string, string>, tiles: string[] = []): Promise<Path[]> {
    const stored = storing({
      documents: [...Object.keys(documents), ...tiles.map((tile) => DB + tile)] as Path[],
      read: async (path) => (documents[path] === undefined ? undefined : doc(path, documents[path])),
    });
    return Array.fromAsync(golang.seal!(stored));
  }
  const tilesOf = (paths: string[]) =>
    paths
      .filter((path) => path.includes("/tile/"))
      .map((path) => path.slice(DB.length))
      .sort();

  test("names the newest tree head first, where anything is held", async () => {
    expect(await sealed({})).toEqual([]);
    expect(await sealed(held)).toEqual([`${DB}/latest`]);
  });
  test("names exactly the tiles that a fresh client asks for", async () => {
    expect(tilesOf(await sealed({ ...held, [`${DB}/latest`]: reads.newer }))).toEqual(reads.freshUnderNewer);
    const { [`${DB}/lookup/go.example/!mod66304@v1.0.0-!r!c1`]: _, ...earlier } = held;
    expect(tilesOf(await sealed({ ...earlier, [`${DB}/latest`]: reads.older }))).toEqual(reads.freshUnderOlder);
  });
  test("serves a client that has seen the head of an earlier mirror", async () => {
    const named = tilesOf(await sealed({ ...held, [`${DB}/latest`]: reads.newer }, reads.freshUnderOlder));
    const servable = new Set([...reads.freshUnderOlder, ...named]);
    expect(reads.returning.filter((tile) => !servable.has(tile))).toEqual([]);
  });
  test("every named path is one that the proxy serves", async () => {
    for (const path of await sealed({ ...held, [`${DB}/latest`]: reads.newer }))
      expect(metadata(path).route.kind).toBe("metadata");
  });
  test("numbers of many digits become folders", async () => {
    const path = `${DB}/lookup/go.example/!mod300@v1.0.0-!r!c1`;
    const lookup = held[path]!.replace(/^300/, String(256 * 1_234_067));
    const head = reads.newer.replace("66305", String(5_000_000_000));
    expect(await sealed({ [path]: lookup, [`${DB}/latest`]: head })).toContain(`${DB}/tile/8/0/x001/x234/067`);
  });
});

describe("versions", () => {
  const { compare, isStable, satisfies } = golang.versions;
  // biome-ignore format: one order
  const ascending = ["junk", "v0.0.0-20190101000000-0123456789ab", "v0.3.1-0.20180807135948-17ff2d5776d2", "v0.3.1", "v1.0.0-RC1",
    "v1.0.0-alpha.2", "v1.0.0-alpha.10", "v1.0.0", "v1.10.0", "v2.0.0+incompatible"];
  test("are ordered", () => expect(ascending.toReversed().sort(compare)).toEqual(ascending));
  test("of toolchains are ordered by number", () =>
    expect(compare("v0.0.1-go1.9.0.linux-amd64", "v0.0.1-go1.21.0.linux-amd64")).toBeLessThan(0));
  test("any string can be compared", () => {
    const strings = ["", "v", "latest", "v1", `v1.0.0-${"9".repeat(300)}`, "v99999999999999999999.0.0", "💥"];
    for (const a of strings)
      for (const b of strings) expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
  });
  test("are stable without a pre-release", () => {
    expect(
      ["v1.0.0", "v2.0.0+incompatible", "v1.0.0-RC1", "v0.0.0-20190101000000-0123456789ab", "junk"].filter(isStable),
    ).toEqual(["v1.0.0", "v2.0.0+incompatible"]);
  });
  test("satisfy a minimum", () => {
    const versions = ["v1.0.9", "v1.1.0", "v1.2.0", "master"];
    expect(versions.filter((version) => satisfies(version, "v1.1.0"))).toEqual(["v1.1.0", "v1.2.0"]);
    expect(golang.versions.prefers?.("v1.0.0")).toBe("lowest");
  });
  test.each([
    ["v0.0.0-20210101000000-0123456789ab", "v0.0.0-20190101000000-0123456789ab", true],
    ["v0.0.0-20190101000000-0123456789ab", "v0.0.0-20210101000000-0123456789ab", false],
    ["v0.3.1-0.20180807135948-17ff2d5776d2", "v0.3.0", true],
    ["v0.3.1-0.20180807135948-17ff2d5776d2", "v0.3.1", false],
    ["v2.0.0+incompatible", "v1.5.0", true],
    ["v2.0.0+incompatible", "v2.0.0+incompatible", true],
    ["v1.5.0", "v2.0.0+incompatible", false],
    ["v1.0.0", "master", false],
  ])("%s is at least %s: %p", (version, minimum, satisfied) => expect(satisfies(version, minimum)).toBe(satisfied));
});
