import { describe, expect, test } from "bun:test";
import { cargo } from "../../ecosystems/cargo.ts";
import { maven } from "../../ecosystems/maven.ts";
import { npm } from "../../ecosystems/npm.ts";
import { matchIn, sourcesOf, targetOf } from "../../src/cache/target.ts";
import type { Digest, Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { makeMount, mayFetch, pathOf, placesOf } from "../../src/mounts/mounts.ts";

function addresses(
  ecosystem: Ecosystem,
  upstreams: Record<string, string | string[]>,
  path: Path,
  discovered = {},
  digest?: Digest,
) {
  const mount = makeMount("m", ecosystem, { upstreams, ttl: 0 });
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || (match.route.kind !== "artifact" && match.route.kind !== "metadata"))
    throw new Error(path);
  return sourcesOf(targetOf(mount, match.route, match.params, path), discovered, digest).map(({ urls }) => urls);
}

const CRATE = "/crates/Serde/1.0.0/download";
const INDEX = "https://index.example";

describe("addresses", () => {
  test("addresses that the operator lists are registries of their own; another upstream comes after", () => {
    const upstreams = {
      default: ["https://a.example/m2/", "https://b.example/m2"],
      gradle_plugin_portal: "https://p.example",
    };
    expect(addresses(maven, upstreams, "/g/a/1/a-1.jar")).toEqual([
      ["https://a.example/m2/g/a/1/a-1.jar"],
      ["https://b.example/m2/g/a/1/a-1.jar"],
      ["https://p.example/g/a/1/a-1.jar"],
    ]);
  });
  test("those of a plugin, or that upstream itself declares, are equals", () => {
    const declared = { download: ["https://a.example/{crate}", "https://b.example/{crate}"] };
    expect(addresses(cargo, { default: INDEX }, CRATE, declared)).toEqual([
      ["https://a.example/Serde", "https://b.example/Serde"],
    ]);
  });
  test("a private registry does not bring the public one's other hosts", () => {
    expect(addresses(maven, { default: "https://private.example" }, "/g/a/1/a-1.jar").flat()).toEqual([
      "https://private.example/g/a/1/a-1.jar",
    ]);
  });
  test.each([
    [{ download: "https://dl.example/crates" }, "https://dl.example/crates/Serde/Serde-1.0.0.crate"],
    [{ download: "https://dl.example/{prefix}/{crate}-{version}.crate" }, "https://dl.example/Se/rd/Serde-1.0.0.crate"],
    [{ download: "https://dl.example/{lowerprefix}/{sha256-checksum}" }, "https://dl.example/se/rd/ab"],
  ])("of a crate by %j: %s", (upstreams, address) => {
    expect(addresses(cargo, { default: INDEX, ...upstreams }, CRATE, {}, "sha256:ab").flat()).toEqual([address]);
  });
  test("what the operator left open, upstream's own document says", () => {
    expect(addresses(cargo, { default: INDEX }, CRATE, { download: "https://said.example/{crate}" }).flat()).toEqual([
      "https://said.example/Serde",
    ]);
  });
  test("an address with a marker that nothing fills is none", () => {
    expect(
      addresses(cargo, { default: INDEX, download: "https://dl.example/{sha256-checksum}" }, CRATE).flat(),
    ).toEqual([]);
  });
});

test("options are those of the plugin, or its defaults; others are refused", () => {
  const optional = {
    ...npm,
    options: { suites: { default: ["stable"], help: "Which." }, parts: { default: [], help: "" } },
  };
  const made = (options: Record<string, string[]>) => makeMount("m", optional, { options, ttl: 0 }).traits.options;
  expect(made({ parts: ["main"] })).toEqual({ suites: ["stable"], parts: ["main"] });
  expect(() => made({ suits: ["x"] })).toThrow("npm has no option suits; expected suites, parts");
});

describe("URLs in documents", () => {
  const mount = makeMount("m", npm, {
    upstreams: { default: "https://r.example/npm" },
    allowHosts: ["files.example"],
    ttl: 0,
  });
  test.each([
    ["https://r.example/npm/a/-/a-1.tgz", "/a/-/a-1.tgz"],
    ["/npm/a/-/a-1.tgz", "/a/-/a-1.tgz"],
    ["https://r.example/other/a", undefined],
    ["https://r.example/npmx/a", undefined],
    ["https://elsewhere.example/npm/a", undefined],
    ["http://[", undefined],
  ])("%s is served at %p", (url, path) =>
    expect<string | undefined>(pathOf(placesOf(mount), url, "https://r.example/npm/a")).toBe(path),
  );
  test("what lies under several upstreams is served where the longest of them is", () => {
    const placed = makeMount(
      "m",
      { ...npm, places: { flat: "/flat", said: "/said" } },
      {
        upstreams: { default: "https://r.example", flat: "https://r.example/v3/flat" },
        ttl: 0,
      },
    );
    const at = (url: string) => pathOf(placesOf(placed, { said: "https://said.example/q" }), url, "https://r.example/");
    expect<(string | undefined)[]>(
      [
        "https://r.example/v3/flat/a/1",
        "https://r.example/v3/b",
        "https://said.example/q/c",
        "https://said.example/d",
      ].map(at),
    ).toEqual(["/flat/a/1", "/v3/b", "/said/c", undefined]);
  });
  test.each([
    ["https://r.example/anything", true],
    ["https://files.example/a", true],
    ["http://r.example/a", false],
    ["https://r.example:444/a", false],
    ["file:///etc/passwd", false],
  ])("%s may be fetched: %p", (url, allowed) => expect(mayFetch(mount, url)).toBe(allowed));
});
