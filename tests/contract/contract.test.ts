import { describe, expect, test } from "bun:test";
import type { Ecosystem, Path } from "../../src/ecosystem.ts";
import { classify } from "../../src/match.ts";
import { mountOf, read, view } from "../support/plugin.ts";
import { debian } from "./debian.ts";
import { gem } from "./gem.ts";
import { nuget } from "./nuget.ts";
import { oci } from "./oci.ts";

/** Sketches of what comes next: they keep the contract wide enough. What does not fit yet stands in them as HOLES. */
const SHA = "ab".repeat(32);

describe("sketches of later ecosystems fit the contract", () => {
  const cases: { ecosystem: Ecosystem; path: Path; kind: string }[] = [
    { ecosystem: oci, path: "/library/alpine/manifests/latest", kind: "metadata" },
    { ecosystem: oci, path: `/library/alpine/blobs/sha256:${SHA}`, kind: "artifact" },
    { ecosystem: debian, path: "/pool/main/n/nginx/nginx_1.18.0-6_amd64.deb", kind: "artifact" },
    { ecosystem: debian, path: `/dists/bookworm/main/binary-amd64/by-hash/SHA256/${SHA}`, kind: "metadata" },
    { ecosystem: gem, path: "/gems/rack-3.0.0.gem", kind: "artifact" },
    { ecosystem: gem, path: "/info/rack", kind: "metadata" },
    { ecosystem: nuget, path: "/flat/acme/1.0.0/acme.1.0.0.nupkg", kind: "artifact" },
    { ecosystem: nuget, path: "/query", kind: "passthrough" },
  ];
  test.each(cases)("$ecosystem.id $path is $kind", ({ ecosystem, path, kind }) => {
    expect(classify(ecosystem, "GET", path)).toMatchObject({ route: { kind } });
  });
  test("the closure of an image: its blobs are files with their digests", () => {
    const body = JSON.stringify({ config: { digest: `sha256:${SHA}`, size: 2 }, layers: [] });
    const { route, doc } = read(mountOf(oci, {}), { path: "/a/b/manifests/latest", body });
    expect([...(route.parse?.(doc).releases ?? [])][0]?.files).toEqual([
      { path: `/a/b/blobs/sha256:${SHA}`, digest: `sha256:${SHA}`, size: 2 },
    ]);
  });
  test("a suite leads to its indexes, an index to files by architecture", () => {
    const suite = read(mountOf(debian, {}), {
      path: "/dists/bookworm/InRelease",
      body: `SHA256:\n ${SHA} 12 main/binary-amd64/Packages\n`,
    });
    expect([...(suite.route.parse?.(suite.doc).follow ?? [])]).toEqual(["/dists/bookworm/main/binary-amd64/Packages"]);
    const body = `Package: nginx\nVersion: 1:1.18\nArchitecture: amd64\nFilename: pool/main/n/nginx/nginx_1.18_amd64.deb\nSize: 1\nSHA256: ${SHA}\n`;
    const index = read(mountOf(debian, {}), { path: "/dists/bookworm/main/binary-amd64/Packages", body });
    expect([...(index.route.parse?.(index.doc).releases ?? [])][0]).toMatchObject({
      name: "debian/nginx",
      version: "1.18",
      files: [{ qualifiers: { arch: "amd64" } }],
    });
  });
  test("gems: lines go or stay", () => {
    const { route, doc } = read(mountOf(gem, {}), {
      path: "/info/rack",
      body: `---\n1.0 |checksum:${SHA}\n2.0 |checksum:${SHA}\n`,
    });
    expect(route.rewrite?.(doc, view({ admits: ({ version }) => version === "2.0" }))).toBe(
      `---\n2.0 |checksum:${SHA}\n`,
    );
  });
});
