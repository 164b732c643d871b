/** Which mount is asked for what: by the registry that is stated, by names, by what the operator said. */
import { describe, expect, test } from "bun:test";
import { ownPath } from "../../src/app/targets.ts";
import type { Origin } from "../../src/contract/lockfile.ts";
import { parsePurl } from "../../src/contract/purl.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { Targets, type TargetsOptions } from "../../src/mirror/sources/targets.ts";
import { type MountSettings, makeMount } from "../../src/mounts/mounts.ts";
import { ecosystems } from "../../src/registry.generated.ts";

const mount = (name: string, id: string, settings: Partial<MountSettings> = {}) =>
  makeMount(name, ecosystems.find((each) => each.id === id)!, { ttl: 0, ...settings });
const upstream = (url: string) => ({ upstreams: { default: url } });

const MOUNTS = [
  ...ecosystems.map((each) => mount((each.mount ?? `/${each.id}`).slice(1), each.id)),
  mount("npm-internal", "npm", {
    ...upstream("https://npm.acme.example/artifactory/api/npm/local"),
    packages: ["@ours/*"],
  }),
  mount("npm-eu", "npm", { ...upstream("https://mirror.acme.example/npm"), addresses: ["https://npm.old.example"] }),
  mount("pypi-acme", "pypi", upstream("https://pypi.acme.example")),
  mount("crates-acme", "cargo", upstream("https://crates.acme.example/index")),
  mount("gems-acme", "gem", upstream("https://gems.acme.example/private")),
  mount("nuget-acme", "nuget", upstream("https://nuget.acme.example/v3/index.json")),
  mount("maven-acme", "maven", upstream("https://maven.acme.example/releases")),
];
const own = ownPath({ base_url: "https://proxy.acme.example/cache/", hosts: [], listen: { port: 8080 } });

const file = (address: string): Origin => ({ kind: "file", address });
const registry = (address: string): Origin => ({ kind: "registry", address });
/** The address of the public registry, which only its plugin names. */
const publicly = (id: string, key = "default") =>
  [ecosystems.find((each) => each.id === id)!.upstreams[key]!].flat()[0]!;
const alias = (id: string) => Object.keys(ecosystems.find((each) => each.id === id)!.aliases!)[0]!;

const where = (purl: string, origin?: Origin, options: TargetsOptions = { own }) => {
  const found = new Targets(MOUNTS, options).from(parsePurl(purl), origin);
  return typeof found === "string" ? `- ${found}` : found.mount;
};

const several = (...addresses: string[]): Origin => ({ kind: "several", addresses });
const ACME = "https://pypi.acme.example/simple";

test("of several registries, an entry is asked of one only where it cannot be from another", () => {
  const ambiguous = (...from: string[]) =>
    `- is ambiguous: it may be from ${from.join(" or ")}, and nothing says from which; name it among the packages of its mount in the configuration, or choose the mount with --mount`;
  const acme = "pkg:pypi/acme@1";
  expect(where(acme, several("default", ACME))).toBe(ambiguous("the default registry", ACME));
  expect(where(acme, several(ACME, `${publicly("pypi")}/simple`))).toBe(ambiguous(ACME, `${publicly("pypi")}/simple`));
  expect(where(acme, several("default", "https://u:p@elsewhere.example/simple"))).toBe("pypi");
  expect(where(acme, several("https://elsewhere.example/simple", ACME))).toBe("pypi-acme");
  expect(where(acme, several("default", ACME), { own, preferred: "pypi-acme" })).toBe("pypi-acme");
  expect(where(acme, several("https://u:p@a.example", "https://b.example"))).toBe(
    "- is from https://a.example or https://b.example, which no mount here has",
  );
  expect(where("pkg:gem/acme@1", several(publicly("gem"), "https://gems.acme.example/private/"))).toMatch(
    /^- is ambig/,
  );
  // What a mount has for its own is no other's.
  const both = several("default", "https://npm.acme.example/artifactory/api/npm/local");
  expect(where("pkg:npm/%40ours/ui@1.0.0", both)).toBe("npm-internal");
});

const ROWS: [purl: string, origin: Origin | undefined, mount: string][] = [
  // What states nothing.
  ["pkg:npm/is@1.0.0", undefined, "npm"],
  ["pkg:npm/%40ours/ui@1.0.0", undefined, "npm-internal"],
  // Files of registries, by the upstreams of mounts.
  ["pkg:npm/is@1.0.0", file(`${publicly("npm")}/is/-/is-1.0.0.tgz`), "npm"],
  ["pkg:npm/is@1.0.0", file(`https://${alias("npm")}/is/-/is-1.0.0.tgz#ab`), "npm"],
  [
    "pkg:npm/%40acme/ui@1.0.0",
    file("http://u:p@npm.acme.example:80/artifactory/api/npm/local/@acme/ui/-/ui-1.0.0.tgz"),
    "npm-internal",
  ],
  [
    "pkg:npm/%40acme/ui@1.0.0",
    file("https://npm.acme.example/artifactory/api/npm/local/%40acme%2fui/-/ui-1.0.0.tgz"),
    "npm-internal",
  ],
  ["pkg:npm/is@1.0.0", file("https://npm.old.example/is/-/is-1.0.0.tgz"), "npm-eu"],
  [
    "pkg:npm/is@1.0.0",
    file("https://npm.acme.example/artifactory/api/npm/local2/is/-/is-1.0.0.tgz"),
    "- is from https://npm.acme.example/artifactory/api/npm/local2/is/-/is-1.0.0.tgz, which no mount here has",
  ],
  [
    "pkg:npm/is@1.0.0",
    file("https://u:secret@else.example/is/-/is-1.0.0.tgz"),
    "- is from https://else.example/is/-/is-1.0.0.tgz, which no mount here has",
  ],
  ["pkg:npm/is@1.0.0", { kind: "host", address: "npm.acme.example" }, "npm-internal"],
  // A page about a package is no registry.
  ["pkg:npm/is@1.0.0", { kind: "hint", address: "https://is.example/" }, "npm"],
  ["pkg:npm/is@1.0.0", { kind: "hint", address: "https://mirror.acme.example/npm/is/-/is-1.0.0.tgz" }, "npm-eu"],
  // Written through this proxy: by its address, at this machine, and below a recording.
  [
    "pkg:npm/%40acme/ui@1.0.0",
    file("https://proxy.acme.example/cache/npm-internal/@acme/ui/-/ui-1.0.0.tgz"),
    "npm-internal",
  ],
  ["pkg:npm/%40acme/ui@1.0.0", file("http://localhost:8080/npm-internal/@acme/ui/-/ui-1.0.0.tgz"), "npm-internal"],
  [
    "pkg:npm/%40acme/ui@1.0.0",
    file("http://127.0.0.1:8080/@record/one/npm-internal/@acme/ui/-/ui-1.0.0.tgz"),
    "npm-internal",
  ],
  ["pkg:npm/is@1.0.0", file("https://proxy.acme.example/cache/npm/is/-/is-1.0.0.tgz"), "npm"],
  [
    "pkg:npm/is@1.0.0",
    file("https://proxy.acme.example/cache/npm-gone/is/-/is-1.0.0.tgz"),
    "- is from https://proxy.acme.example/cache/npm-gone/is/-/is-1.0.0.tgz, which no mount here has",
  ],
  [
    "pkg:npm/is@1.0.0",
    file("http://localhost:4873/npm-internal/is/-/is-1.0.0.tgz"),
    "- is from http://localhost:4873/npm-internal/is/-/is-1.0.0.tgz, which no mount here has",
  ],
  // Registries, as the tools write them.
  ["pkg:pypi/six@1.16.0", registry(`${publicly("pypi")}/simple`), "pypi"],
  ["pkg:pypi/six@1.16.0", registry("https://pypi.acme.example/simple/"), "pypi-acme"],
  ["pkg:pypi/six@1.16.0", { kind: "default" }, "pypi"],
  ["pkg:pypi/six@1.16.0", file(`${publicly("pypi", "files")}/packages/a/b/six.whl`), "pypi"],
  ["pkg:cargo/itoa@1.0.0", registry(`registry+https://${alias("cargo")}`), "cargo"],
  ["pkg:cargo/itoa@1.0.0", registry(`sparse+${publicly("cargo")}/`), "cargo"],
  ["pkg:cargo/acme@1.0.0", registry("sparse+https://crates.acme.example/index/"), "crates-acme"],
  [
    "pkg:cargo/acme@1.0.0",
    registry("registry+https://crates.else.example/index"),
    "- is from registry+https://crates.else.example/index, which no mount here has",
  ],
  ["pkg:gem/rake@13.0", registry(`${publicly("gem")}/`), "gem"],
  ["pkg:gem/acme@1.0", registry("https://gems.acme.example/private/"), "gems-acme"],
  // Qualifiers of package URLs.
  [
    "pkg:npm/is@1.0.0?repository_url=https://npm.else.example",
    undefined,
    "- is from https://npm.else.example, which no mount here has",
  ],
  [`pkg:npm/is@1.0.0?repository_url=${publicly("npm")}`, undefined, "npm"],
  ["pkg:nuget/Acme@1.0.0?repository_url=https://nuget.acme.example/v3/index.json", undefined, "nuget-acme"],
  ["pkg:maven/org.acme/lib@1.0?repository_url=maven.acme.example/releases", undefined, "maven-acme"],
  [
    "pkg:maven/org.acme/lib@1.0?repository_url=https://maven.acme.example/snapshots",
    undefined,
    "- is from https://maven.acme.example/snapshots, which no mount here has",
  ],
  [`pkg:maven/org.acme/lib@1.0?repository_url=${publicly("maven")}`, undefined, "maven"],
  ["pkg:npm/is@1.0.0?download_url=https://mirror.acme.example/npm/is/-/is-1.0.0.tgz", undefined, "npm-eu"],
  [
    "pkg:npm/is@1.0.0?vcs_url=git%2Bhttps://t:x@git.example/is.git",
    undefined,
    "- is from a repository of source code: git+https://git.example/is.git",
  ],
  [
    "pkg:oci/app@sha256:ab?repository_url=registry.else.example/app",
    undefined,
    "- no upstream of this mount is at registry.else.example/app: name it under upstream.oci, by its host",
  ],
];

test.each(ROWS)("%s from %p: %s", (purl, origin, expected) => expect(where(purl, origin)).toBe(expected));

describe("--mount", () => {
  const options = { own, preferred: "npm-internal" };
  test("is for what states no registry", () => {
    expect(where("pkg:npm/is@1.0.0", undefined, options)).toBe("npm-internal");
    expect(where("pkg:npm/is@1.0.0", file(`${publicly("npm")}/is/-/is-1.0.0.tgz`), options)).toBe("npm");
    expect(where("pkg:npm/is@1.0.0", file("https://mirror.acme.example/npm/x.tgz"), options)).toBe("npm-eu");
    expect(where("pkg:pypi/six@1", undefined, options)).toBe("pypi");
  });
});

test("where any host is this proxy's, its port and the mount's path tell", () => {
  const anyone = { own: ownPath({ base_url: undefined, hosts: [], listen: { port: 8080 } }) };
  expect(where("pkg:npm/a@1.0.0", file("http://proxy.lan:8080/npm-internal/a/-/a-1.0.0.tgz"), anyone)).toBe(
    "npm-internal",
  );
  expect(where("pkg:npm/a@1.0.0", file("http://proxy.lan/npm-internal/a/-/a-1.0.0.tgz"), anyone)).toContain(
    "no mount here has",
  );
});

test("a package URL of an argument states the same, and what no mount has is refused", () => {
  const targets = new Targets(MOUNTS, { own });
  expect(() => targets.ofAll([["", "pkg:npm/is@1?repository_url=https://npm.else.example"]])).toThrow(BadRequest);
  const hex = "AB".repeat(32);
  expect(targets.ofAll([["", `pkg:npm/is@1.0.0?checksum=sha256:${hex},blake3:ab`]])).toMatchObject([
    { purl: "pkg:npm/is@1.0.0", digests: [`sha256:${hex.toLowerCase()}`] },
  ]);
  expect(() => targets.ofAll([["", "pkg:npm/is@1?checksum=sha256:ab"]])).toThrow("is not a sha256 hash");
});

test("a package without a registry may be at each mount of its ecosystem, the default one first", () => {
  const found = new Targets(MOUNTS, { own }).everywhere(parsePurl("pkg:npm/is@1.0.0"));
  expect(found.map((each) => each.mount)).toEqual(["npm", "npm-internal", "npm-eu"]);
});
