import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { releaseOf } from "../../ecosystems/pypi/distribution.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import type { Path, Release, ReleaseFacts } from "../../src/contract/ecosystem.ts";
import { classify } from "../../src/mounts/match.ts";
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

/** Cooldown: the newest release but for the file that was there before. */
const withheld = { admits: (_: unknown, file?: Path) => !file?.includes("win_amd64") && !file?.endsWith("2.0.zip") };
/** Without a network: one wheel, with its metadata but not its provenance, and one without its metadata. */
const offline = {
  offline: true,
  admits: (_: unknown, file?: Path) => /manylinux.*whl(\.metadata)?$|1\.0-py3-none-any\.whl$/.test(file ?? ""),
};

describe("names of files", () => {
  test.each([
    ["requests-2.31.0-py3-none-any.whl", "requests", "2.31.0"],
    ["acme_tool-2.0-1-cp312-cp312-win_amd64.whl", "acme-tool", "2.0"],
    ["zope.interface-6.0.tar.gz", "zope-interface", "6.0"],
    ["python-dateutil-2.9.0.post0.tar.gz", "python-dateutil", "2.9.0.post0"],
    ["Foo_Bar-1.0b1.zip", "foo-bar", "1.0b1"],
    ["acme-1.0-py2.7.egg", "acme", "1.0"],
    ["acme-1.0-py3.8-linux-x86_64.egg", "acme", "1.0"],
    ["acme-1.0.tar.gz.asc", "acme", "1.0"],
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
  ] as [Path, string][])("%s is %s", (path, kind) =>
    expect(classify(pypi, "GET", path)).toMatchObject({ route: { kind } }),
  );
  test.each(["/legacy/", "/legacy", "/"] as Path[])("uploads to %s are refused", (path) => {
    expect(classify(pypi, "POST", path)).toMatchObject({ route: { kind: "deny", status: 403 } });
    expect(classify(pypi, "GET", path)).toBe(405);
  });
  test.each(["/simple/a%2fb/", "/simple/a b/", "/pypi/a/b%2fc/json"] as Path[])("%s is no name", (path) =>
    expect(classify(pypi, "GET", path)).toBe(404),
  );
  test("the older documents have one spelling too", () => {
    const canonical = (path: Path) => {
      const match = classify(pypi, "GET", path);
      return typeof match !== "number" && match.route.kind === "metadata" && match.route.canonical?.(match.params);
    };
    expect(canonical("/pypi/Acme.Tool/json")).toBe("/pypi/acme-tool/json");
    expect(canonical("/pypi/Acme.Tool/1!2.0%2bcpu/json")).toBe("/pypi/acme-tool/1!2.0+cpu/json");
  });
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
    ["json", JSON_TYPE, page, {}],
    ["html", "text/html", page, {}],
    ["html", "application/vnd.pypi.simple.v1+html", page, {}],
    ["from-html.json", JSON_TYPE, html, {}],
    ["withheld.html", "text/html", page, withheld],
    ["withheld.json", JSON_TYPE, page, withheld],
    ["offline.html", "text/html", page, offline],
    ["offline.json", JSON_TYPE, page, offline],
  ] as const)("%s as %s is as the golden file", async (name, variant, source, seen) => {
    const file = Bun.file(`${import.meta.dir}/../rewrites/pypi/acme-tool.${name}`);
    const golden = await file.text();
    expect(rewrite(source, { variant, ...seen })).toBe(golden.replace(/\n$/, variant === JSON_TYPE ? "" : "\n"));
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

test("the older document tells of the newest release that is left, and of nothing that is not", async () => {
  const body = await fixture("acme-tool.legacy.json");
  const rewritten = (path: Path, text: string, admits: (release: Release) => boolean) => {
    const { route, doc } = read(mount, { path, body: text });
    return route.rewrite?.(doc, view({ admits })) as string | undefined;
  };
  const left = rewritten("/pypi/acme-tool/json", body, ({ version }) => version !== "2.0");
  expect(left).not.toContain("2.0-");
  const { info, urls } = JSON.parse(left ?? "") as { info: object; urls: { filename: string }[] };
  expect(info).toEqual({ name: "acme-tool", version: "1.1", summary: null, requires_dist: null });
  expect(urls.map(({ filename }) => filename)).toEqual(["acme_tool-1.1-py3-none-any.whl"]);
  expect(rewritten("/pypi/acme-tool/json", body, () => false)).toBeUndefined();
  const { releases: _, ...one } = JSON.parse(body) as Record<string, unknown>;
  expect(rewritten("/pypi/acme-tool/2.0/json", JSON.stringify(one), () => false)).toBeUndefined();
  expect(rewritten("/pypi/acme-tool/2.0/json", JSON.stringify(one), () => true)).toContain('"version":"2.0"');
});

const [json = "", vendorHtml = "", legacy = ""] = await Promise.all(
  ["json", "html", "legacy.json"].map((ending) => fixture(`iniconfig.${ending}`)),
);

describe("a project as a mirror sends it", () => {
  const path = "/simple/iniconfig/";
  const facts = (source: { path: Path; body: string; mediaType?: string }) => {
    const { route, doc } = read(mount, source);
    const { releases = [], revision } = route.parse?.(doc) ?? {};
    return { releases: [...releases], revision };
  };
  const fromJson = facts({ path, body: json, mediaType: JSON_TYPE });
  test("its revision is a number, though it is sent as text", () => expect(fromJson.revision).toBe(41_901_840));
  test("HTML and the older document name the same files, digests and dates", () => {
    const fromHtml = facts({ path, body: vendorHtml, mediaType: "text/html" });
    const fromLegacy = facts({ path: "/pypi/iniconfig/json", body: legacy });
    const told = ({ releases }: { releases: ReleaseFacts[] }) =>
      releases.map(({ version, publishedAt, files: [file] = [] }) => [version, publishedAt, file?.path, file?.digest]);
    expect(told(fromHtml)).toEqual(told(fromJson));
    expect(told(fromLegacy).slice(0, 3)).toEqual(told(fromJson));
  });
  test("links of the older document are below the mount", () => {
    const { route, doc } = read(mount, { path: "/pypi/iniconfig/json", body: legacy });
    expect(route.rewrite?.(doc, view())).toContain('"url":"https://proxy.example/m/packages/47/a6/5075');
  });
});

test("core metadata that is none throws", () => {
  const { route, doc } = read(mount, { path: "/packages/a/b-1-py3-none-any.whl.metadata", body: "<html>502</html>" });
  expect(() => route.parse?.(doc)).toThrow("core metadata");
});

test("core metadata states dependencies, and which extras want them", async () => {
  const { route, doc } = read(mount, {
    path: "/packages/a/acme_tool-2.0-py3-none-any.whl.metadata",
    body: await fixture("acme-tool.metadata"),
  });
  const [release] = [...(route.parse?.(doc).releases ?? [])];
  expect(release).toMatchObject({ name: "acme-tool", version: "2.0" });
  expect(release?.requires).toEqual([
    { name: "urllib3", range: "<3,>=1.21.1" },
    { name: "charset-normalizer", range: "<4,>=2" },
    { name: "tomli", range: ">=2", marker: 'python_version < "3.11"' },
    {
      name: "pysocks",
      range: "!=1.5.7,>=1.5.6",
      asks: ["extra"],
      when: ["socks"],
      marker: 'extra == "socks"',
    },
    { name: "idna", range: "" },
  ]);
});

describe("choosing", () => {
  const releases = () => {
    const { route, doc } = read(mount, page);
    return [...(route.parse?.(doc).releases ?? [])];
  };
  const platform = { os: "linux", arch: "x64", python: "3.11" };
  test("wheels state their tags, files their Pythons, and what describes a file is beside it", () => {
    const wheels = releases().filter(({ files: [file] = [] }) => file?.path.endsWith(".whl"));
    expect(wheels.map(({ files: [file] = [] }) => file?.marker)).toEqual([
      "py3-none-any",
      "py3-none-any",
      "cp311-cp311-manylinux_2_17_x86_64",
      "cp312-cp312-win_amd64",
    ]);
    for (const { files: [main, ...others] = [] } of releases()) {
      expect(main?.beside).toBeUndefined();
      for (const other of others) expect(other.beside).toBe(main!.path);
    }
    expect(releases().map(({ marker }) => marker)).toContain('python_full_version >= "3.8"');
  });
  test("source archives speak for themselves alone", () => {
    for (const { files: [file] = [], builds } of releases()) {
      const isSource = /\.(?:zip|tar\.gz)$/.test(file!.path);
      expect([file!.path, file!.isSource ?? false]).toEqual([file!.path, isSource]);
      expect([file!.path, builds !== undefined]).toEqual([file!.path, isSource]);
    }
  });
  test("tags and markers are both judged", () => {
    expect(pypi.runsOn?.("cp311-cp311-win_amd64", platform)).toBe(false);
    expect(pypi.runsOn?.("cp311-cp311-manylinux_2_17_x86_64", platform)).toBe(true);
    expect(pypi.runsOn?.('python_version < "3.11"', platform)).toBe(false);
    expect(pypi.runsOn?.('python_full_version >= "3.8"', platform)).toBe(true);
  });
  test("any marker is judged", () => {
    fc.assert(fc.property(fc.string(), (marker) => typeof pypi.runsOn?.(marker, platform) === "boolean"));
  });
});

test("a wheel's own metadata says the same as what is beside it", async () => {
  const match = classify(pypi, "GET", "/packages/a/flask-3.1.0-py3-none-any.whl");
  if (typeof match === "number" || match.route.kind !== "artifact") throw new Error("no file");
  const { inside } = match.route;
  expect(inside?.member.test("flask-3.1.0.dist-info/METADATA")).toBe(true);
  expect(inside?.member.test("flask/vendored-1.0.dist-info/METADATA")).toBe(false);
  const { doc, route } = read(mount, {
    path: "/packages/a/flask-3.1.0-py3-none-any.whl.metadata",
    body: await fixture("flask.metadata"),
  });
  expect(inside?.parse(doc)).toEqual(route.parse!(doc));
  const archive = classify(pypi, "GET", "/packages/a/flask-3.1.0.zip");
  expect(typeof archive !== "number" && archive.route.kind === "artifact" && archive.route.inside).toBeUndefined();
});

test("an extra made of others asks for them of its own release", () => {
  const { route, doc } = read(mount, {
    path: "/packages/a/acme_tool-2.0-py3-none-any.whl.metadata",
    body: 'Metadata-Version: 2.1\nName: acme-tool\nVersion: 2.0\nRequires-Dist: Acme.Tool[fast,safe]; extra == "all"\n',
  });
  const [release] = [...(route.parse?.(doc).releases ?? [])];
  expect(release?.requires).toEqual([
    { name: "acme-tool", range: "==2.0", asks: ["fast", "safe"], when: ["all"], marker: 'extra == "all"' },
  ]);
});
