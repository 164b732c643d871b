import { describe, expect, test } from "bun:test";
import { cargo } from "../../ecosystems/cargo.ts";
import type { Path } from "../../src/ecosystem.ts";
import { classify } from "../../src/match.ts";
import { mountOf, read, view } from "../support/plugin.ts";

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
    expect(cargo.index({ name })).toEqual([path as Path]);
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
  test.each(["/api/v1/crates/new", "/api/v1/me"] as Path[])("%s is not proxied", (path) => {
    expect(classify(cargo, "GET", path)).toMatchObject({ route: { kind: "deny", status: 404 } });
  });
});

test("config.json points back at this mount", () => {
  const match = classify(cargo, "GET", "/config.json");
  if (typeof match === "number" || match.route.kind !== "answer") throw new Error("no answer");
  expect(match.route.answer({}, view())).toEqual({
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
    { name: "itoa", range: "^1.0" },
    { name: "serde", range: "1", optional: true },
  ]);
  expect(candidate?.requires).toEqual([{ name: "cc", range: ">=1.0, <2", marker: "cfg(windows)" }]);
});

test("lines go or stay byte for byte", () => {
  const rewritten = (version: string) =>
    route.rewrite?.(doc, view({ admits: (release) => release.version !== version })) as { body: string };
  expect(rewritten("none").body).toBe(body);
  const lines = body.split("\n");
  expect(rewritten("1.0.0").body).toBe([lines[0], lines[2], ""].join("\n"));
});

test.each([
  ["1.2.3", "1", true],
  ["1.2.3", "1.3", false],
  ["2.0.0", "^1.0", false],
  ["0.2.9", "0.2.1", true],
  ["0.3.0", "0.2.1", false],
  ["1.5.0", ">=1.0, <2", true],
  ["1.0.0-rc.1", "1", false],
  ["1.9.0", "1.*", true],
])("%s satisfies %s: %p", (version, range, satisfied) =>
  expect(cargo.versions.satisfies(version, range)).toBe(satisfied),
);
