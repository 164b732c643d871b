import { describe, expect, test } from "bun:test";
import { cargo } from "../../ecosystems/cargo.ts";
import type { Path, Release } from "../../src/contract/ecosystem.ts";
import { classify } from "../../src/mounts/match.ts";
import { bodyOf, mountOf, NOTHING_STORED, read, storing, view } from "../support/plugin.ts";

const body = await Bun.file(`${import.meta.dir}/../fixtures/cargo/acme-core.txt`).text();
const mount = mountOf(cargo, {
  default: "https://index.example",
  download: "https://files.example/{crate}-{version}.crate",
});
const { route, doc } = read(mount, { path: "/ac/me/acme-core", body, mediaType: "text/plain" });

describe("paths", () => {
  test.each([
    ["a", "/1/a"],
    ["ab", "/2/ab"],
    ["Log", "/3/l/log"],
    ["Serde", "/se/rd/serde"],
  ])("the index of %s is %s", (name, path) => {
    expect(cargo.index({ name }, { upstreams: [], options: {} })).toEqual([path as Path]);
    expect(classify(cargo, "GET", path as Path)).toMatchObject({
      route: { kind: "metadata" },
      params: { crate: name.toLowerCase() },
    });
  });
  test.each(["/crates/acme-core/1.0.0/download", "/crates/acme-core/acme-core-1.0.0.crate"] as Path[])(
    "%s is the file of its release",
    (path) => {
      const match = classify(cargo, "GET", path);
      if (typeof match === "number" || match.route.kind !== "artifact") throw new Error(path);
      expect(match.route.release?.(match.params)).toEqual({ name: "acme-core", version: "1.0.0" });
      expect(match.route.canonical?.(match.params)).toBe("/crates/acme-core/1.0.0/download");
    },
  );
  test.each(["/3/log", "/crates/a%2fb/1.0.0/download", "/se/rd/se%2frde", "/3/l/log/x"] as Path[])(
    "%s is nothing",
    (path) => expect(classify(cargo, "GET", path)).toBe(404),
  );
  test("capitals and other folders lead to the one place of an index", () => {
    const match = classify(cargo, "GET", "/Se/RD/Serde");
    if (typeof match === "number" || match.route.kind !== "metadata") throw new Error("no index");
    expect(match.route.canonical?.(match.params)).toBe("/se/rd/serde");
  });
  test("build metadata of a version may come escaped", () => {
    const match = classify(cargo, "GET", "/crates/a/1.0.0%2bb.1/download");
    if (typeof match === "number" || match.route.kind !== "artifact") throw new Error("no file");
    expect(match.route.canonical?.(match.params)).toBe("/crates/a/1.0.0+b.1/download");
  });
  test("publishing is refused with a reason", () => {
    expect(classify(cargo, "PUT", "/api/v1/crates/new")).toMatchObject({ route: { kind: "deny", status: 403 } });
    expect(cargo.problem?.(403, "no")).toEqual({ errors: [{ detail: "no" }] });
  });
  test.each(["/api/v1/crates/new", "/api/v1/me"] as Path[])("%s is not proxied", (path) => {
    expect(classify(cargo, "GET", path)).toMatchObject({ route: { kind: "deny", status: 404 } });
  });
});

test("config.json points back at this mount", async () => {
  const match = classify(cargo, "GET", "/config.json");
  if (typeof match === "number" || match.route.kind !== "answer") throw new Error("no answer");
  expect(bodyOf(await match.route.answer({}, view(), new URLSearchParams(), NOTHING_STORED))).toEqual({
    dl: "https://proxy.example/m/crates",
    api: "https://proxy.example/m",
  });
});

test.each([
  ["https://dl.example/crates", "https://dl.example/crates/{crate}/{version}/download"],
  [
    "https://dl.example/{prefix}/{crate}-{sha256-checksum}.crate",
    "https://dl.example/{prefix}/{crate}-{sha256-checksum}.crate",
  ],
])("upstream's own config.json says where files are: %s", (dl, download) => {
  const config = { ...doc, json: <T>() => ({ dl, api: "https://api.example/" }) as T };
  expect(cargo.discovery?.read(config)).toEqual({ download, api: "https://api.example" });
});

test("facts: digests, dates, yanks, and the dependencies of a user", () => {
  const [yanked, stable, candidate] = [...(route.parse?.(doc).releases ?? [])];
  expect(yanked).toMatchObject({ version: "0.9.0", state: "yanked", requires: [] });
  expect(yanked?.publishedAt).toBeUndefined();
  expect(stable?.publishedAt).toEqual(new Date("2024-01-01T00:00:00Z"));
  expect(stable?.files).toEqual([
    { path: "/crates/acme-core/1.0.0/download", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
  ]);
  expect(stable?.requires).toEqual([
    { name: "itoa", range: "^1.0", asks: ["default"] },
    { name: "serde", range: "1", asks: ["derive", "default"], when: ["renamed"] },
    { name: "criterion", range: "^0.5", asks: ["default"], optional: true },
  ]);
  expect(candidate?.requires).toEqual([{ name: "cc", range: ">=1.0, <2", asks: ["default"], marker: "cfg(windows)" }]);
});

test("a dependency on another registry is elsewhere", () => {
  const deps = [{ name: "acme-inner", req: "1", registry: "https://other.example/index" }];
  const text = JSON.stringify({ name: "a", vers: "1.0.0", deps, cksum: "a".repeat(64), yanked: false });
  const inner = read(mount, { path: "/1/a", body: `${text}\n`, mediaType: "text/plain" });
  const [release] = [...(inner.route.parse?.(inner.doc).releases ?? [])];
  expect(release?.requires).toEqual([
    { name: "acme-inner", range: "1", asks: ["default"], elsewhere: "https://other.example/index" },
  ]);
});

describe("rewriting", () => {
  const golden = (name: string) => Bun.file(`${import.meta.dir}/../rewrites/cargo/${name}`).text();
  const rewritten = (seen: Parameters<typeof view>[0], source = { route, doc }) => {
    const out = source.route.rewrite?.(source.doc, view(seen)) as { body: string } | undefined;
    return out?.body;
  };
  test("what is admitted stays byte for byte", async () => {
    expect(rewritten({})).toBe(body);
    const path = "/it/oa/itoa";
    const itoa = await Bun.file(`${import.meta.dir}/../fixtures/cargo/itoa.txt`).text();
    const source = read(mount, { path, body: itoa, mediaType: "text/plain" });
    expect(rewritten({}, source)).toBe(itoa);
    expect([...(source.route.parse?.(source.doc).releases ?? [])].every((release) => release.publishedAt)).toBe(true);
  });
  test("a withheld line is gone", async () => {
    const seen = { admits: ({ version }: Release) => version !== "1.1.0-rc.1" };
    expect(rewritten(seen)).toBe(await golden("acme-core.withheld.txt"));
  });
  test("offline only lines of held files are left", async () => {
    const seen = { offline: true, admits: (_: Release, file?: Path) => file === "/crates/acme-core/1.0.0/download" };
    expect(rewritten(seen)).toBe(await golden("acme-core.offline.txt"));
  });
  test("nothing left is an empty list", () => expect(rewritten({ admits: () => false })).toBe(""));
  test.each([body.slice(0, -20), "<html>502</html>", '{"name": "a"}\n'])("%# is no index", (text) => {
    const source = read(mount, { path: "/ac/me/acme-core", body: text, mediaType: "text/plain" });
    expect(() => rewritten({}, source)).toThrow();
  });
  test("5,000 versions are read and written in moments", () => {
    const line = body.split("\n")[1] ?? "";
    const many = Array.from({ length: 5_000 }, (_, i) => `${line.replace('"1.0.0"', `"1.0.${i}"`)}\n`).join("");
    const started = performance.now();
    const source = read(mount, { path: "/ac/me/acme-core", body: many, mediaType: "text/plain" });
    expect([...(source.route.parse?.(source.doc).releases ?? [])]).toHaveLength(5_000);
    expect(rewritten({}, source)).toBe(many);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

test("search offline knows what is stored", async () => {
  const match = classify(cargo, "GET", "/api/v1/crates");
  if (typeof match === "number" || match.route.kind !== "passthrough") throw new Error("no search");
  const releases = ["0.9.0", "1.0.0"].map((version) => ({ name: "acme-core", version }));
  const query = new URLSearchParams("q=core&per_page=10");
  const answer = await match.route.offline?.({}, query, view(), storing({ releases }));
  expect(bodyOf(answer)).toEqual({
    crates: [{ name: "acme-core", max_version: "1.0.0", description: null }],
    meta: { total: 1 },
  });
});

test("nothing is left out for a platform: cargo's lock file is for all of them", () => {
  expect(cargo.runsOn).toBeUndefined();
});

// https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html
test.each([
  ["1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "2.0.0", "1.3.0-rc.1"]],
  ["^1.2", ["1.2.0", "1.10.1+build"], ["1.1.9", "2.0.0"]],
  ["1", ["1.0.0", "1.9.9"], ["0.9.0", "2.0.0", "1.0.0-rc.1"]],
  ["0.2.1", ["0.2.1", "0.2.9"], ["0.3.0", "0.2.0"]],
  ["^0.2", ["0.2.0", "0.2.9"], ["0.3.0"]],
  ["0.0.3", ["0.0.3"], ["0.0.4"]],
  ["^0.0", ["0.0.0", "0.0.9"], ["0.1.0"]],
  ["0", ["0.0.1", "0.9.0"], ["1.0.0"]],
  ["~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0"]],
  ["~1.2", ["1.2.0"], ["1.3.0"]],
  ["~1", ["1.0.0", "1.9.0"], ["2.0.0"]],
  ["*", ["0.0.1", "9.9.9"], ["1.0.0-alpha"]],
  ["", ["0.0.1", "9.9.9"], ["1.0.0-alpha"]],
  ["1.*", ["1.0.0", "1.9.0"], ["2.0.0"]],
  ["1.2.*", ["1.2.9"], ["1.3.0"]],
  ["=1.2.3", ["1.2.3", "1.2.3+build"], ["1.2.4"]],
  ["=1.2", ["1.2.9"], ["1.3.0"]],
  [">1.2", ["1.3.0"], ["1.2.9"]],
  ["<=1.2", ["1.2.9"], ["1.3.0"]],
  [">= 1.2, < 1.5", ["1.2.0", "1.4.9"], ["1.1.0", "1.5.0"]],
  [">=1.0, <2", ["1.5.0"], ["2.0.0", "2.0.0-alpha"]],
  ["1.0.0-alpha.2", ["1.0.0-alpha.2", "1.0.0-beta", "1.0.0", "1.4.0"], ["1.0.0-alpha.1", "1.1.0-alpha.3"]],
  ["=1.0.0-rc.1", ["1.0.0-rc.1"], ["1.0.0"]],
  ["no range", [], ["1.0.0"]],
])("%s", (range, inside, outside) => {
  const { satisfies } = cargo.versions;
  expect(inside.filter((version) => !satisfies(version, range))).toEqual([]);
  expect(outside.filter((version) => satisfies(version, range))).toEqual([]);
});
