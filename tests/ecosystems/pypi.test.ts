import { describe, expect, test } from "bun:test";
import { pypi } from "../../ecosystems/pypi.ts";
import type { Path } from "../../src/ecosystem.ts";
import { releaseOf } from "../../src/formats/distribution.ts";
import { classify } from "../../src/match.ts";
import { mountOf, read, view } from "../support/plugin.ts";

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const fixture = (name: string) => Bun.file(`${import.meta.dir}/../fixtures/pypi/${name}`).text();
const mount = mountOf(pypi, { default: "https://pypi.example", files: "https://files.example" });
const page = { path: "/simple/acme-tool/", mediaType: JSON_TYPE, body: await fixture("acme-tool.json") } as const;
const html = { path: "/simple/acme-tool/", mediaType: "text/html", body: await fixture("acme-tool.html") } as const;
const rewrite = (source: typeof page | typeof html, seen: Parameters<typeof view>[0]) => {
  const { route, doc } = read(mount, source);
  return route.rewrite?.(doc, view(seen)) as string;
};

describe("names of files", () => {
  test.each([
    ["requests-2.31.0-py3-none-any.whl", "requests", "2.31.0"],
    ["acme_tool-2.0-1-cp312-cp312-win_amd64.whl", "acme-tool", "2.0"],
    ["zope.interface-6.0.tar.gz", "zope-interface", "6.0"],
    ["python-dateutil-2.9.0.post0.tar.gz", "python-dateutil", "2.9.0.post0"],
    ["Foo_Bar-1.0b1.zip", "foo-bar", "1.0b1"],
    ["acme-1.0-py2.7.egg", "acme", "1.0"],
    ["acme-1.0.win-amd64-py2.7.exe", "acme", "1.0"],
    ["acme-1.0.linux-x86_64.tar.gz", "acme", "1.0"],
  ])("%s is of %s %s", (file, name, version) => expect(releaseOf(file)).toEqual({ name, version }));
  test("the project's own name tells where a version begins", () => {
    expect(releaseOf("foo-2-1.0.tar.gz", "foo-2")).toEqual({ name: "foo-2", version: "1.0" });
  });
});

describe("paths", () => {
  test.each(["/simple/Acme.Tool/", "/simple/acme_tool", "/simple/acme-tool/"] as Path[])(
    "%s is the page of acme-tool",
    (path) => {
      const match = classify(pypi, "GET", path);
      if (typeof match === "number" || match.route.kind !== "metadata") throw new Error(path);
      expect(match.route.canonical?.(match.params)).toBe("/simple/acme-tool/");
    },
  );
  test.each([
    ["/packages/ab/cd/ef/requests-2.31.0-py3-none-any.whl", "artifact"],
    ["/packages/ab/cd/ef/requests-2.31.0-py3-none-any.whl.metadata", "metadata"],
    ["/simple/", "metadata"],
    ["/pypi/requests/json", "metadata"],
    ["/pypi/requests/2.31.0/json", "metadata"],
    ["/integrity/requests/2.31.0/requests-2.31.0.tar.gz/provenance", "metadata"],
    ["/legacy/upload", "deny"],
  ] as [Path, string][])("%s is %s", (path, kind) =>
    expect(classify(pypi, "GET", path)).toMatchObject({ route: { kind } }),
  );
});

test("facts: each file with its own date, digest and metadata; the page's revision", () => {
  const { route, doc } = read(mount, page);
  const facts = route.parse?.(doc);
  const releases = [...(facts?.releases ?? [])];
  expect(facts?.revision).toBe(4711);
  expect(releases.map(({ version }) => version)).toEqual(["1.0", "1.0", "1.1", "2.0", "2.0", "2.0"]);
  expect(releases[2]?.state).toBe("yanked");
  expect(releases[4]?.publishedAt).toEqual(new Date("2026-06-01T00:00:00Z"));
  const [wheel, metadata] = releases[1]?.files ?? [];
  expect(metadata?.path).toBe(`${wheel?.path}.metadata` as Path);
  expect(metadata?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(releases[5]?.files?.[0]).toMatchObject({
    path: expect.stringMatching(/^\/packages\/..\/..\/[0-9a-f]{60}\/acme-tool-2\.0\.zip$/),
    url: "../../other/acme-tool-2.0.zip",
  });
});

test("HTML and JSON state the same files and digests", () => {
  const files = (source: typeof page | typeof html) => {
    const { route, doc } = read(mount, source);
    const releases = [...(route.parse?.(doc).releases ?? [])];
    return releases.map(({ version, files: [file] = [] }) => [version, file?.path, file?.digest]);
  };
  expect(files(html)).toEqual(files(page));
});

describe("rewriting", () => {
  test.each([
    ["json", JSON_TYPE, page],
    ["html", "text/html", page],
    ["from-html.json", JSON_TYPE, html],
  ] as const)("%s is as the golden file", async (name, variant, source) => {
    const file = Bun.file(`${import.meta.dir}/../rewrites/pypi/acme-tool.${name}`);
    expect(rewrite(source, { variant })).toBe((await file.text()).replace(/\n$/, variant === JSON_TYPE ? "" : "\n"));
  });
  test("text of strangers cannot leave its attribute", () => {
    expect(rewrite(page, { variant: "text/html" })).not.toContain('"3.8"');
  });
  test("a file added late is withheld alone; a release without files leaves the list of versions", () => {
    const late = JSON.parse(
      rewrite(page, {
        variant: JSON_TYPE,
        admits: (_, file) => !file?.includes("win_amd64") && !file?.includes("-1.1-"),
      }),
    ) as { files: { filename: string }[]; versions: string[] };
    expect(late.files.map(({ filename }) => filename)).toEqual([
      "Acme.Tool-1.0.tar.gz",
      "acme_tool-1.0-py3-none-any.whl",
      "acme_tool-2.0-cp311-cp311-manylinux_2_17_x86_64.whl",
      "acme-tool-2.0.zip",
    ]);
    expect(late.versions).toEqual(["1.0", "2.0"]);
  });
  test("metadata that is not held is not announced", () => {
    const offline = rewrite(page, {
      variant: JSON_TYPE,
      offline: true,
      admits: (_, file) => !file?.endsWith(".metadata"),
    });
    expect(offline).not.toMatch(/"core-metadata":(?!false)/);
  });
  test("other indexes are not pointed to", () =>
    expect(rewrite(page, { variant: JSON_TYPE })).not.toContain("elsewhere.example"));
});

test("the older document is filtered by release and file", async () => {
  const { route, doc } = read(mount, { path: "/pypi/acme-tool/json", body: await fixture("acme-tool.legacy.json") });
  const found = JSON.parse(route.rewrite?.(doc, view({ admits: ({ version }) => version !== "1.0" })) as string) as {
    releases: object;
    urls: { url: string }[];
  };
  expect(Object.keys(found.releases)).toEqual(["1.1", "2.0"]);
  expect(found.urls.every(({ url }) => url.startsWith("https://proxy.example/m/packages/"))).toBe(true);
  expect(Array.from(route.parse?.(doc).releases ?? [], ({ publishedAt }) => publishedAt?.getUTCFullYear())).toContain(
    2026,
  );
});

test("core metadata states dependencies, extras as optional", async () => {
  const { route, doc } = read(mount, {
    path: "/packages/a/acme_tool-2.0-py3-none-any.whl.metadata",
    body: await fixture("acme-tool.metadata"),
  });
  const [release] = [...(route.parse?.(doc).releases ?? [])];
  expect(release).toMatchObject({ name: "acme-tool", version: "2.0" });
  expect(release?.requires).toEqual([
    { name: "urllib3", range: "<3,>=1.21.1" },
    { name: "charset-normalizer", range: "<4,>=2" },
    { name: "tomli", range: ">=2", marker: 'python_version < "3.11"', optional: false },
    { name: "pysocks", range: "!=1.5.7,>=1.5.6", marker: 'extra == "socks"', optional: true },
    { name: "idna", range: "" },
  ]);
});
