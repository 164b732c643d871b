import { describe, expect, test } from "bun:test";
import { load } from "js-yaml";
import { helm } from "../../ecosystems/helm.ts";
import type { Path, ReleaseFacts } from "../../src/contract/ecosystem.ts";
import { parsePurl } from "../../src/contract/purl.ts";
import { makeMount, upstreamAt } from "../../src/mounts/mounts.ts";
import { mountOf, read, view } from "../support/plugin.ts";

const source = await Bun.file(`${import.meta.dir}/../fixtures/helm/index.yaml`).text();
const mount = mountOf(helm, { default: "https://charts.example", stable: "https://charts.example/stable" });

function documentOf(body: string) {
  return read(mount, { path: "/stable/index.yaml", body, mediaType: "text/yaml" });
}

function rewritten(body: string, seen: Parameters<typeof view>[0] = {}): string {
  const { route, doc } = documentOf(body);
  return route.rewrite!(doc, view(seen)) as string;
}

/** A text of one chart with these lines in its entry. */
const one = (...lines: string[]) => `apiVersion: v1\nentries:\n  web:\n  - ${["name: web", ...lines].join("\n    ")}\n`;

describe("the index", () => {
  test("is edited without loss: all that it says, as it stood, but for addresses", async () => {
    const golden = await Bun.file(`${import.meta.dir}/../rewrites/helm/index.yaml`).text();
    expect(rewritten(source)).toBe(golden);
    const addresses =
      /https:\/\/(?:charts|files|mirror)\.example\/\S+\.tgz|charts\/\S+\.tgz|download\?id=7|https:\/\/proxy\S+\.tgz/g;
    const others = (text: string) => JSON.stringify(load(text.replaceAll(addresses, "ADDRESS")));
    expect(others(golden)).toBe(others(source).replace('"ADDRESS","ADDRESS"', '"ADDRESS"'));
  });
  test("states digests that are ones, dates, where charts are, and provenance beside them", () => {
    const { route, doc } = documentOf(source);
    const releases = new Map<string, ReleaseFacts>();
    for (const each of route.parse!(doc).releases ?? []) releases.set(`${each.name} ${each.version}`, each);
    expect([...releases.keys()]).toEqual([
      "stable/common 1.10.0",
      "stable/web 2.0.0",
      "stable/web 1.0.0",
      "stable/web 1.5.0",
      "stable/web 1.6.0",
      "stable/odd 0.1.0",
    ]);
    const path: Path = "/stable/charts/common-1.10.0.tgz";
    const url = "https://charts.example/stable/charts/common-1.10.0.tgz";
    expect(releases.get("stable/common 1.10.0")).toEqual({
      name: "stable/common",
      version: "1.10.0",
      publishedAt: new Date("2026-01-02T03:04:05.678Z"),
      files: [
        { path, url, digest: `sha256:${"ab".repeat(32)}` },
        { path: `${path}.prov`, url: `${url}.prov`, optional: true, beside: path },
      ],
    });
    expect(releases.get("stable/web 2.0.0")).toMatchObject({
      state: "deprecated",
      files: [{ path: "/stable/-/web/2.0.0/web-2.0.0.tgz", url: "https://files.example/releases/web-2.0.0.tgz" }, {}],
    });
    expect(releases.get("stable/web 1.0.0")?.files?.[0]).toEqual({
      path: "/stable/charts/web-1.0.0.tgz",
      url: "charts/web-1.0.0.tgz",
    });
    expect(releases.get("stable/web 1.5.0")?.files).toEqual([]);
    expect(releases.get("stable/web 1.6.0")?.files).toEqual([]);
    expect(releases.get("stable/odd 0.1.0")?.files?.[0]?.path).toBe("/stable/-/odd/0.1.0/odd-0.1.0.tgz");
  });
  test("a chart of which nothing is admitted is not there; an empty index is one", () => {
    const seen = load(rewritten(source, { admits: ({ name }) => name === "stable/web" })) as { entries: object };
    expect(Object.keys(seen.entries)).toEqual(["web"]);
    const none = load(rewritten(source, { admits: () => false })) as { entries: object };
    expect(none.entries).toEqual({});
    expect(load(rewritten("apiVersion: v1\nentries: {}\n"))).toEqual({ apiVersion: "v1", entries: {} });
    expect(load(rewritten("apiVersion: v1\nentries:\n  web: []\n"))).toEqual({
      apiVersion: "v1",
      entries: { web: [] },
    });
  });
  test("what an anchor names stays where the anchor is withheld", () => {
    const text = `apiVersion: v1\nentries:\n  web:\n  - &latest\n    name: web\n    urls: [a.tgz]\n    version: 2.0.0\n    maintainers: &us [{name: A}]\n  - name: web\n    urls: [b.tgz]\n    version: 1.0.0\n    maintainers: *us\n  alias:\n  - *latest\n`;
    const seen = load(rewritten(text, { admits: ({ name, version }) => name !== "stable/web" || version === "1.0.0" }));
    expect(seen).toMatchObject({
      entries: { web: [{ version: "1.0.0", maintainers: [{ name: "A" }] }], alias: [{ version: "2.0.0" }] },
    });
  });
  test("aliases cannot grow without end", () => {
    const levels = Array.from({ length: 30 }, (_, at) => `  - &l${at + 1} [*l${at}, *l${at}]`);
    const text = `apiVersion: v1\nentries: {}\nx:\n  - &l0 [a, b]\n${levels.join("\n")}\n`;
    expect(() => rewritten(text)).toThrow("its aliases stand for more than");
  });
  test("may be JSON", () => {
    const text = '{"apiVersion":"v1","entries":{"web":[{"name":"web","version":"1.0.0","urls":["web.tgz"]}]}}';
    expect(load(rewritten(text))).toMatchObject({
      entries: { web: [{ urls: ["https://proxy.example/m/stable/web.tgz"] }] },
    });
  });
  test.each([
    ["", "expected one YAML document"],
    ["apiVersion: v1\n", "no apiVersion or no entries"],
    ["entries: {}\n", "no apiVersion or no entries"],
    [`${one("version: 1.0.0")}---\na: b\n`, "expected one YAML document"],
    [one("version: 1.0.0").trimEnd(), "ends within a line"],
    ["apiVersion: v1\nentries: {}\na: *b\n", "b"],
  ])("%j is refused", (text, reason) => expect(() => rewritten(text)).toThrow(reason));
});

describe("package URLs", () => {
  const at = (text: string) => helm.purl!.read(parsePurl(text), (place) => upstreamAt(mount, place));
  test.each([
    ["pkg:helm/web@1.0.0?repository_url=stable", "stable/web"],
    ["pkg:helm/web@1.0.0?repository_url=https://charts.example/stable", "stable/web"],
    ["pkg:helm/web@1.0.0?repository_url=https://charts.example/stable/", "stable/web"],
    ["pkg:helm/web@1.0.0", "default/web"],
  ])("%s is %s", (text, name) => expect(at(text)).toMatchObject({ name, version: "1.0.0" }));
  test("of a repository that is not configured say so", () => {
    expect(() => at("pkg:helm/web?repository_url=https://elsewhere.example")).toThrow(
      "no repository https://elsewhere.example is configured",
    );
  });
  test("are written with the name of the repository", () => {
    const qualifiers = { repository_url: "stable" };
    expect(helm.purl!.write({ name: "stable/web", version: "1.0.0" })).toEqual({
      type: "helm",
      name: "web",
      version: "1.0.0",
      qualifiers,
    });
  });
});

test("a repository may be named by the address of its index", () => {
  const { upstreams } = makeMount("helm", helm, {
    upstreams: { stable: "https://charts.example/stable/index.yaml" },
    ttl: 0,
  });
  expect(upstreams.get("stable")).toEqual(["https://charts.example/stable"]);
});

test.each([
  ["1.2.3", "^1.2", true],
  ["1.2.3", ">=1.0, <2.0", true],
  ["2.0.0", "~1.2.0 || 2.x", true],
  ["v1.2.3", "1.2.x", true],
  ["1.3.0-rc.1", "^1.2", false],
])("%s in %s: %p", (version, range, expected) => expect(helm.versions.satisfies(version, range)).toBe(expected));
