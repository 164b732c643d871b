import { describe, expect, test } from "bun:test";
import { nuget } from "../../ecosystems/nuget.ts";
import { ALONE, makeDoc } from "../../src/cache/documents/doc.ts";
import { documentAt, matchIn, sourcesOf } from "../../src/cache/target.ts";
import type { Doc, PassthroughRoute, Path, Reader } from "../../src/contract/ecosystem.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { bodyOf, storing, view } from "../support/plugin.ts";

const fixture = (name: string) => Bun.file(`${import.meta.dir}/../fixtures/nuget/${name}`).text();
const HIVE = "/v3/registration5-gz-semver2/acme.core";
const API = "https://api.nuget.example";
const mount = makeMount("m", nuget, { upstreams: { default: `${API}/v3/index.json` }, ttl: 0 });
const declared = nuget.discovery!.read(docAt("/v3/index.json", await fixture("service.json"), {}));

/** With what upstream's service index declares, and other documents at hand. */
function docAt(
  path: Path,
  body: string,
  known = declared,
  near: (path: Path) => Doc | undefined = () => undefined,
): Doc {
  const { pathname } = new URL(path, API);
  const match = matchIn(mount, "GET", pathname as Path);
  if (typeof match === "number") throw new Error(path);
  const source = { mediaType: "application/json", url: `${API}${path}` };
  return makeDoc({ mount, path, params: match.params }, new TextEncoder().encode(body), source, {
    stored: near,
    declared: known,
  });
}

function routeAt(path: Path) {
  const target = documentAt(mount, path);
  if (!target) throw new Error(path);
  return target.route;
}

function questionAt(path: Path): PassthroughRoute {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || match.route.kind !== "passthrough") throw new Error(path);
  return match.route;
}

const older = view({ admits: ({ version }) => version !== "2.0.0" });

describe("upstreams", () => {
  test.each([
    ["https://feed.example/v3/index.json", "https://feed.example/v3"],
    ["https://feed.example", "https://feed.example/v3"],
    ["https://feed.example/owner/index.json", "https://feed.example/owner"],
    ["https://feed.example/owner/", "https://feed.example/owner"],
  ])("%s is the registry at %s", (url, base) => {
    const { upstreams } = makeMount("m", nuget, {
      upstreams: { default: url, search: "https://find.example" },
      ttl: 0,
    });
    expect([upstreams.get("default"), upstreams.get("search")]).toEqual([[base], ["https://find.example/query"]]);
  });
  test("the service index says where its parts are: one hive for each completeness, equal searches", () => {
    expect(declared).toEqual({
      registration: [`${API}/v3/registration5-gz-semver2`],
      search: ["https://search-a.example/query", "https://search-b.example/query"],
      autocomplete: ["https://search-a.example/autocomplete"],
      registration_plain: [`${API}/v3/registration5-semver1`],
      registration_gz: [`${API}/v3/registration5-gz-semver1`],
      flat: [`${API}/v3-flatcontainer`],
      catalog: [`${API}/v3/catalog0`],
      vulnerabilities: [`${API}/v3/vulnerabilities`],
    });
  });
  test("a feed with one plain hive has that as its best", () => {
    const resources = [{ "@id": "https://feed.example/reg/", "@type": "RegistrationsBaseUrl" }];
    const found = nuget.discovery!.read(docAt("/v3/index.json", JSON.stringify({ resources })));
    expect(found["registration"]).toEqual(["https://feed.example/reg"]);
  });
});

describe("the service index", () => {
  const route = routeAt("/v3/index.json");
  const typed = async (offline: boolean, near?: (path: Path) => Doc | undefined): Promise<Record<string, string>> => {
    const doc = docAt("/v3/index.json", await fixture("service.json"), declared, near);
    const { resources } = bodyOf(route.rewrite?.(doc, view({ offline }))) as { resources: Record<string, string>[] };
    const at = (url = "") => url.replace("https://proxy.example/m", "");
    return Object.fromEntries(resources.map((each) => [each["@type"] ?? "", at(each["@id"])] as const));
  };
  test("has every part by its type at this mount, and nothing that has no place here", async () => {
    expect(await typed(false)).toEqual({
      SearchQueryService: "/query",
      "SearchQueryService/3.5.0": "/query",
      SearchAutocompleteService: "/autocomplete",
      RegistrationsBaseUrl: "/v3/registration5-semver1/",
      "RegistrationsBaseUrl/3.0.0-rc": "/v3/registration5-semver1/",
      "RegistrationsBaseUrl/3.4.0": "/v3/registration5-gz-semver1/",
      "RegistrationsBaseUrl/3.6.0": "/v3/registration5-gz-semver2/",
      "RegistrationsBaseUrl/Versioned": "/v3/registration5-gz-semver2/",
      "PackageBaseAddress/3.0.0": "/v3-flatcontainer/",
      "Catalog/3.0.0": "/v3/catalog0/index.json",
      "VulnerabilityInfo/6.7.0": "/v3/vulnerabilities/index.json",
    });
  });
  test("offline has only what can be answered: no hive that is not held, advisories where they are", async () => {
    const kept = ["PackageBaseAddress/3.0.0", "RegistrationsBaseUrl/3.6.0", "RegistrationsBaseUrl/Versioned"];
    const asked = ["SearchAutocompleteService", "SearchQueryService", "SearchQueryService/3.5.0"];
    expect(Object.keys(await typed(true)).sort()).toEqual([...kept, ...asked].sort());
    const advisories = docAt("/v3/vulnerabilities/index.json", "[]");
    const held = await typed(true, (path) => (path === advisories.path ? advisories : undefined));
    expect(held["VulnerabilityInfo/6.7.0"]).toBe("/v3/vulnerabilities/index.json");
  });
  test("what is none is refused", () => {
    expect(() => route.parse?.(docAt("/v3/index.json", "{}"))).toThrow("is no service index");
  });
});

describe("registrations", () => {
  test("pages that a query names keep it, here and at upstream", () => {
    const id = `${API}/v3/registration5-gz-semver2/acme.core/page.json?from=a%2Fb&to=2#x`;
    const doc = docAt(`${HIVE}/index.json`, JSON.stringify({ items: [{ "@id": id, count: 1 }] }));
    const { parse, rewrite } = routeAt(`${HIVE}/index.json`);
    const path: Path = `${HIVE}/page.json?from=a%2Fb&to=2`;
    expect([...(parse!(doc).follow ?? [])]).toEqual([path]);
    expect(JSON.stringify(bodyOf(rewrite!(doc, view())))).toContain(`${view().link(path)}#x`);
    const target = documentAt(mount, path);
    expect(target?.path).toBe(path);
    expect(sourcesOf(target!, declared)[0]?.urls).toEqual([id.slice(0, -2)]);
  });
  const route = routeAt(`${HIVE}/index.json`);
  const golden = (name: string) => Bun.file(`${import.meta.dir}/../rewrites/nuget/${name}.json`);

  test("state releases as paths have them, dates but for 1900, what is unlisted or deprecated, requirements once", async () => {
    const { releases = [] } = route.parse!(docAt(`${HIVE}/index.json`, await fixture("registration.json")));
    expect(Array.from(releases, (each) => ({ ...each, files: [] }))).toEqual([
      {
        name: "acme.core",
        version: "1.0.0",
        state: "unlisted",
        requires: [{ name: "acme.base", range: "[4.0.0, )" }],
        files: [],
      },
      {
        name: "acme.core",
        version: "1.1.0-beta.2",
        publishedAt: new Date("2026-01-02T10:11:12.130Z"),
        requires: [{ name: "acme.base", range: "[4.0.0, )" }],
        files: [],
      },
      {
        name: "acme.core",
        version: "1.1.0",
        publishedAt: new Date("2026-01-03T10:11:12.130Z"),
        state: "deprecated",
        requires: [{ name: "acme.base", range: "[4.0.0, )" }],
        files: [],
      },
      {
        name: "acme.core",
        version: "2.0.0",
        publishedAt: new Date("2026-01-04T10:11:12.130Z"),
        requires: [],
        files: [],
      },
    ]);
  });
  test.each([
    ["registration", `${HIVE}/index.json`, "registration.json"],
    ["page", `${HIVE}/page/1.1.0/2.0.0.json`, "page.json"],
    ["leaf", `${HIVE}/1.1.0.json`, "leaf.json"],
  ] as const)("%s is rewritten without loss but for what is withheld", async (name, path, source) => {
    const body = route.rewrite!(docAt(path, await fixture(source)), older);
    expect(bodyOf(body)).toEqual(await golden(`${name}.withheld`).json());
    const whole = JSON.stringify(bodyOf(route.rewrite!(docAt(path, await fixture(source)), view())));
    const upstreams = (await fixture(source))
      .replaceAll(/\s*\n\s*/g, "")
      .replaceAll(/": /g, '":')
      .replaceAll(`${API}/`, "https://proxy.example/m/");
    expect(JSON.parse(whole)).toEqual(JSON.parse(upstreams));
  });
  test("a page outside the index counts what it shows, where it is at hand", async () => {
    const page = docAt(`${HIVE}/page/1.1.0/2.0.0.json`, await fixture("page.json"));
    const doc = docAt(`${HIVE}/index.json`, await fixture("registration-paged.json"), declared, (path) =>
      path === page.path ? page : undefined,
    );
    expect(Array.from(route.parse!(doc).follow ?? [])).toEqual([`${HIVE}/page/1.0.0/1.1.0-beta.2.json`, page.path]);
    const shown = bodyOf(route.rewrite!(doc, older)) as { count: number; items: object[] };
    expect(shown.count).toBe(2);
    expect(shown.items[1]).toMatchObject({
      "@id": `https://proxy.example/m${page.path}`,
      count: 1,
      lower: "1.1.0",
      upper: "1.1.0",
    });
    expect(shown.items[1]).not.toHaveProperty("items");
    const none = bodyOf(route.rewrite!(doc, view({ admits: () => false }))) as { count: number };
    expect(none.count).toBe(1);
  });
  test("a page that is none of this mount's upstreams' is not passed on", async () => {
    const body = (await fixture("registration-paged.json")).replaceAll(API, "https://elsewhere.example");
    expect(() => route.rewrite!(docAt(`${HIVE}/index.json`, body), view())).toThrow("lies below none of");
  });
  test("the package is led through here, wherever the feed has it", async () => {
    const body = (await fixture("page.json")).replaceAll(`${API}/v3-flatcontainer`, "https://files.example");
    expect(JSON.stringify(bodyOf(route.rewrite!(docAt(`${HIVE}/page/1.1.0/2.0.0.json`, body), view())))).not.toContain(
      "files.example/acme.core/2.0.0/acme",
    );
  });
  test("a leaf leads to the catalog, which has the digest and the true date", async () => {
    const facts = route.parse!(docAt(`${HIVE}/1.1.0.json`, await fixture("leaf.json")));
    const path = "/v3/catalog0/data/2026.01.03.10.11.12/acme.core.1.1.0.json";
    expect(facts.follow).toEqual([path]);
    const [release] = routeAt(path).parse!(docAt(path, await fixture("catalog-leaf.json"))).releases ?? [];
    expect(release).toMatchObject({ version: "1.1.0", publishedAt: new Date("2026-01-02T23:00:00.500Z") });
    expect(release?.files?.[0]).toMatchObject({
      path: "/v3-flatcontainer/acme.core/1.1.0/acme.core.1.1.0.nupkg",
      size: 12_345,
      digest: `sha512:${new Bun.CryptoHasher("sha512").update("1.1.0").digest("hex")}`,
    });
  });
});

describe("addresses that lie below none of this mount's upstreams", () => {
  const far = "https://elsewhere.example";
  test.each(["https:", "HTTPS:", ""])("%s//: no client is led there; what is for people stays", async (scheme) => {
    const body = (await fixture("search.json")).replaceAll(`${API}/v3/`, `${scheme}//elsewhere.example/v3/`);
    const found = JSON.parse(body) as { data: object[] };
    const data = found.data.map((each) => ({ ...each, projectUrl: `${far}/project` }));
    const doc = docAt("/query?q=core", JSON.stringify({ ...found, data }));
    const rewritten = bodyOf(questionAt("/query").rewrite!(doc, view())) as typeof found;
    const shown = JSON.stringify(rewritten.data);
    expect(rewritten.data.length).toBe(2);
    expect(shown).not.toContain("elsewhere.example/v3");
    expect(shown).toContain(`"projectUrl":"${far}/project"`);
  });
  test.each([
    ["/v3/catalog0/index.json", (items: object[]) => ({ items }), "/v3/catalog0/page0.json"],
    ["/v3/vulnerabilities/index.json", (items: object[]) => items, "/v3/vulnerabilities/base.json"],
  ] as const)("%s: a page there is left out, and told", (path, made, own) => {
    const pages = [API, far].map((base) => ({ "@id": `${base}${own}` }));
    const doc = docAt(path, JSON.stringify(made(pages)));
    const { parse, rewrite } = routeAt(path);
    const shown = JSON.stringify(bodyOf(rewrite!(doc, view())));
    expect(shown).toContain(view().link(own));
    expect(shown).not.toContain("elsewhere");
    expect(Array.from(parse!(doc).leftOut ?? [], ({ entry }) => entry)).toEqual([JSON.stringify(pages[1])]);
  });
});

describe("searches", () => {
  const query = new URLSearchParams({ q: "CORE" });
  test("show of a package what is admitted, with links to here", async () => {
    const route = questionAt("/query");
    const doc = docAt("/query?q=core", await fixture("search.json"));
    expect(Array.from(route.parse!(doc).releases ?? []).length).toBe(5);
    const { data } = bodyOf(route.rewrite!(doc, older)) as { data: Record<string, unknown>[] };
    expect(data[0]).toMatchObject({
      id: "Acme.Core",
      version: "1.1.0",
      registration: `https://proxy.example/m${HIVE}/index.json`,
      versions: [{ version: "1.1.0+build.7", "@id": `https://proxy.example/m${HIVE}/1.1.0.json` }],
    });
    expect(JSON.stringify(data)).not.toContain("api.nuget.example");
    const others = bodyOf(route.rewrite!(doc, view({ admits: ({ name }) => name !== "acme.core" }))) as typeof data;
    expect((others as unknown as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual(["Acme.Base"]);
  });
  test("completion shows admitted versions; names as they are", () => {
    const route = questionAt("/autocomplete");
    const body = JSON.stringify({ totalHits: 2, data: ["1.1.0", "2.0.0"] });
    expect(bodyOf(route.rewrite!(docAt("/autocomplete?id=Acme.Core", body), older))).toEqual({
      totalHits: 1,
      data: ["1.1.0"],
    });
    expect(bodyOf(route.rewrite!(docAt("/autocomplete?q=acme", body), older))).toEqual({
      totalHits: 2,
      data: ["1.1.0", "2.0.0"],
    });
  });
  test("offline they know what is stored", async () => {
    const held = ["1.0.0", "1.10.0", "1.9.0", "2.0.0-beta"].map((version) => ({ name: "acme.core", version }));
    const offline = view({ offline: true });
    const stored = storing({ releases: [...held, { name: "acme.base", version: "4.0.0" }] });
    const found = bodyOf(await questionAt("/query").offline!({}, query, offline, stored));
    expect(found).toMatchObject({ totalHits: 1, data: [{ id: "acme.core", version: "1.10.0" }] });
    const complete = async (text: string) =>
      bodyOf(await questionAt("/autocomplete").offline!({}, new URLSearchParams(text), offline, stored));
    expect(await complete("q=acme&take=1")).toEqual({ totalHits: 2, data: ["acme.core"] });
    expect(await complete("id=Acme.Core&prerelease=true")).toEqual({
      totalHits: 4,
      data: ["1.0.0", "1.9.0", "1.10.0", "2.0.0-beta"],
    });
  });
});

test("a specification states what it requires for every framework, each once", async () => {
  const match = matchIn(mount, "GET", "/v3-flatcontainer/acme.core/1.1.0/acme.core.1.1.0.nupkg");
  if (typeof match === "number" || match.route.kind !== "artifact") throw new Error("no package");
  const { inside } = match.route;
  expect(inside?.member.test("Acme.Core.nuspec")).toBe(true);
  const source = { mediaType: "", url: API };
  const bytes = new TextEncoder().encode(await fixture("acme.core.nuspec"));
  expect(inside?.parse(makeDoc({ mount, path: "/x", params: {} }, bytes, source, ALONE))).toEqual({
    releases: [
      {
        name: "acme.core",
        version: "1.1.0",
        requires: [
          { name: "acme.base", range: "4.0.0" },
          { name: "system.memory", range: "[4.5.4, 5.0.0)" },
        ],
      },
    ],
  });
});

test("the catalog tells what changed since, in the order in which it did", async () => {
  const page = await fixture("catalog-page.json");
  const index = {
    items: [{ "@id": `${API}/v3/catalog0/page0.json`, commitTimeStamp: "2026-01-03T10:12:00.0000000Z" }],
  };
  const reader = {
    json: (path: string) => Promise.resolve(path === "/index.json" ? index : JSON.parse(page)),
  } as Reader;
  const events = async (checkpoint?: string) =>
    (await Array.fromAsync(nuget.catalog!.changes!(reader, checkpoint))).flatMap((each) => each.events);
  expect((await events()).map(({ type }) => type)).toEqual(["changed", "gone", "changed", "changed"]);
  expect(await events("2026-01-01T10:12:00.0000000Z")).toEqual([
    { type: "gone", package: { name: "acme.bad" }, version: "3.3.3" },
    { type: "changed", package: { name: "acme.bad" }, revision: "2026-01-02T00:00:00.0000000Z -3.3.3" },
    { type: "changed", package: { name: "acme.core" }, revision: "2026-01-03T10:12:00.0000000Z +1.1.0" },
  ]);
});
