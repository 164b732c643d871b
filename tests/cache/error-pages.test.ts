/** What a portal, a balancer or a broken registry answers with status 200 in place of a file is nothing that is kept, of any ecosystem. */
import { expect, test } from "bun:test";
import type { Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { ecosystems } from "../../src/registry.generated.ts";
import { askFor, bytesOf, engine } from "../support/engine.ts";
import { instead } from "../support/faults.ts";
import { startUpstream } from "../support/upstream.ts";

const HEX = "ab".repeat(32);

/** A path of each route that fetches something. */
const PATHS: Readonly<Record<string, readonly Path[]>> = {
  npm: ["/a", "/@a%2fb", "/a/-/a-1.0.0.tgz", "/-/npm/v1/keys", "/-/npm/v1/attestations/a@1.0.0"],
  pypi: [
    "/simple/a/",
    "/simple/",
    "/packages/a/a-1.0-py3-none-any.whl",
    "/packages/a/a-1.0-py3-none-any.whl.metadata",
    "/packages/a/a-1.0.tar.gz",
    "/packages/a/a-1.0.zip",
    "/packages/a/a-1.0.tar.gz.asc",
    "/pypi/a/json",
    "/integrity/a/1.0/a-1.0.tar.gz/provenance",
  ],
  cargo: ["/1/a", "/crates/a/1.0.0/download", "/crates/a/a-1.0.0.crate"],
  golang: [
    "/example.com/m/@v/list",
    "/example.com/m/@latest",
    "/example.com/m/@v/v1.0.0.info",
    "/example.com/m/@v/main.info",
    "/example.com/m/@v/v1.0.0.mod",
    "/example.com/m/@v/v1.0.0.zip",
    "/SUMDB/latest",
    "/SUMDB/lookup/example.com/m@v1.0.0",
    "/SUMDB/tile/8/0/001",
    "/SUMDB/tile/8/data/001",
  ],
  maven: [
    "/archetype-catalog.xml",
    "/o/a/maven-metadata.xml",
    "/o/a/1.0/a-1.0.pom",
    "/o/a/1.0/a-1.0.pom.sha1",
    "/o/a/1.0/a-1.0.module",
    "/o/a/1.0/a-1.0.jar",
    "/o/a/1.0/a-1.0.jar.sha1",
    "/o/a/1.0/a-1.0.jar.md5",
    "/o/a/1.0/a-1.0.jar.asc",
    "/o/a/1.0/a-1.0-sources.jar",
    "/o/a/1.0/a-1.0.tar.gz",
    "/o/a/1.0-SNAPSHOT/maven-metadata.xml",
    "/o/a/1.0-SNAPSHOT/a-1.0-SNAPSHOT.jar",
    "/o/a/1.0-SNAPSHOT/a-1.0-20240101.000000-1.jar",
  ],
  gem: ["/info/a", "/versions", "/names", "/gems/a-1.0.gem", "/quick/Marshal.4.8/a-1.0.gemspec.rz", "/specs.4.8.gz"],
  nuget: [
    "/v3/index.json",
    "/v3-flatcontainer/a/index.json",
    "/v3-flatcontainer/a/1.0.0/a.1.0.0.nupkg",
    "/v3-flatcontainer/a/1.0.0/a.1.0.0.nupkg.sha512",
    "/v3-flatcontainer/a/1.0.0/a.nuspec",
    "/v3/registration5-gz-semver2/a/index.json",
    "/v3/registration5-gz-semver2/a/1.0.0.json",
    "/v3/catalog0/index.json",
    "/v3/catalog0/data/2024.01.01.00.00.00/a.1.0.0.json",
    "/v3/vulnerabilities/index.json",
    "/v3/vulnerabilities/2024/base.json",
  ],
  debian: [
    "/dists/trixie/InRelease",
    "/dists/trixie/Release",
    "/dists/trixie/Release.gpg",
    "/dists/trixie/main/binary-amd64/Packages",
    "/dists/trixie/main/binary-amd64/Packages.gz",
    "/dists/trixie/main/Contents-amd64.gz",
    `/dists/trixie/main/binary-amd64/by-hash/SHA256/${HEX}`,
    "/pool/main/a/a/a_1_amd64.deb",
    "/flat/Packages.xz",
    "/archive.asc",
    "/archive-keyring.gpg",
  ],
  helm: ["/default/index.yaml", "/default/a-1.0.0.tgz", "/default/a-1.0.0.tgz.prov", "/default/-/a/1.0.0/a-1.0.0.tgz"],
  oci: [
    "/a/b/manifests/latest",
    `/a/b/manifests/sha256:${HEX}`,
    `/a/b/blobs/sha256:${HEX}`,
    "/a/b/tags/list",
    `/a/b/referrers/sha256:${HEX}`,
  ],
};

const PAGE =
  '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please <a href="/login">log in</a></body></html>\n';
const BODIES: readonly (readonly [what: string, body: string, mediaType: string])[] = [
  ["a page", PAGE, "text/html; charset=utf-8"],
  ["a page without its type", PAGE, "application/octet-stream"],
  ["an error as JSON", '{"errors":[{"status":503,"message":"Service Unavailable"}]}', "application/json"],
  ["an error as text", "Service Unavailable\n", "text/plain"],
];

const upstreamsOf = ({ id, upstreams }: Ecosystem, url: string) => ({
  ...Object.fromEntries(Object.keys(upstreams).map((name) => [name, `${url}/${encodeURIComponent(name)}`])),
  default: `${url}/default`,
  ...(id === "nuget" && { flat: url, registration_gz: url, registration: url, catalog: url, vulnerabilities: url }),
});

test.each(ecosystems.flatMap((ecosystem) => BODIES.map((body) => [ecosystem.id, body[0], ecosystem, body] as const)))(
  "%s: %s is neither kept nor served as something else",
  async (_, __, ecosystem, [, body, mediaType]) => {
    const upstream = await startUpstream();
    const s = await engine();
    const mount = makeMount(ecosystem.id, ecosystem, { upstreams: upstreamsOf(ecosystem, upstream.url), ttl: 300_000 });
    upstream.fault(/./, instead({ body, headers: { "content-type": mediaType } }));
    const kept: string[] = [];
    // The checksum database is named as its upstream is.
    const database = Object.keys(ecosystem.upstreams).find((name) => name.startsWith("sumdb/"));
    for (const stated of PATHS[ecosystem.id]!) {
      const path = stated.replace("SUMDB", database ?? "") as Path;
      const answered = await s.cache.get(mount, askFor(path)).then(
        async (answer) => new TextDecoder().decode(await bytesOf(s.cache, answer).catch(() => new Uint8Array())),
        () => "",
      );
      await s.cache.drain();
      const { artifacts, documents } = s.cache.context;
      const stored = [...documents.paths(mount.name)];
      const isStored = stored.length > 0 || artifacts.byMount().length > 0;
      if (isStored || answered === body) kept.push(path);
      for (const each of stored) s.tables.documents.remove(mount.name, each);
      s.tables.artifacts.remove(mount.name, path);
    }
    await s.close();
    await upstream.close();
    expect(kept).toEqual([]);
  },
);

test("every ecosystem is tried", () => {
  expect(Object.keys(PATHS).toSorted()).toEqual(ecosystems.map(({ id }) => id).toSorted());
});
