import { describe, expect, test } from "bun:test";
import { marshal } from "../../ecosystems/gem/marshal.ts";
import { gem } from "../../ecosystems/gem.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Path, Release } from "../../src/contract/ecosystem.ts";
import { classify } from "../../src/mounts/match.ts";
import { mountOf, read, view } from "../support/plugin.ts";

const at = (path: string) => Bun.file(`${import.meta.dir}/../${path}`).text();
const mount = mountOf(gem, { default: "https://gems.example" });
const [infoBody, versionsBody] = [await at("fixtures/gem/info.txt"), await at("fixtures/gem/versions.txt")];
const info = read(mount, { path: "/info/acme-tool", body: infoBody, mediaType: "text/plain" });
const versions = read(mount, { path: "/versions", body: versionsBody, mediaType: "text/plain" });
const traits = { upstreams: [], options: {} };

describe("what an info states", () => {
  const releases = [...(info.route.parse?.(info.doc).releases ?? [])];

  test("a release for each platform, with its files, date, and what it requires", () => {
    expect(releases[2]).toEqual({
      name: "acme-tool",
      version: "3.0.0",
      publishedAt: new Date("2026-01-02T03:14:05Z"),
      marker: "java",
      requires: [
        { name: "acme-core", range: ">= 1.8&< 3" },
        { name: "jar-dependencies", range: "~> 0.4" },
      ],
      files: [
        {
          path: "/gems/acme-tool-3.0.0-java.gem",
          digest: `sha256:${"ab".repeat(32)}`,
          qualifiers: { platform: "java" },
          marker: "java",
        },
        {
          path: "/quick/Marshal.4.8/acme-tool-3.0.0-java.gemspec.rz",
          qualifiers: { platform: "java" },
          marker: "java",
          beside: "/gems/acme-tool-3.0.0-java.gem",
          optional: true,
        },
      ],
    });
  });
  test("which Ruby it takes limits it, and is nothing that can be had", () => {
    expect(releases.map(({ marker }) => marker)).toEqual([
      "ruby >= 2.3",
      "ruby >= 2.4.0",
      "java",
      "x86_64-linux-musl",
      "ruby >= 0",
    ]);
    expect(releases.flatMap(({ requires = [] }) => requires.map(({ name }) => name))).not.toContain("ruby");
  });
  test("one of the oldest has no checksum, and no date", () => {
    const [file] = releases[4]?.files ?? [];
    expect([file?.path, file?.digest, releases[4]?.publishedAt]).toEqual([
      "/gems/acme-tool-0.0.1.gem",
      undefined,
      undefined,
    ]);
  });
});

test.each<[string, Path[]]>([
  ["foo-1-2.gem", ["/info/foo", "/info/foo-1"]],
  ["aws-sdk-s3-1.2.3.gem", ["/info/aws-sdk-s3"]],
  ["nokogiri-1.16.0-x86_64-linux.gem", ["/info/nokogiri"]],
  ["nokogiri-1.16.0-x86_64-linux.gemspec.rz", ["/info/nokogiri"]],
  ["nothing.gem", []],
])("%s may be of: %p", (file, expected) => {
  for (const folder of file.endsWith(".gem") ? ["gems"] : ["quick/Marshal.4.8"]) {
    const path: Path = `/${folder}/${file}`;
    const match = classify(gem, "GET", path);
    if (typeof match === "number" || !("describedBy" in match.route)) throw new Error(path);
    expect(match.route.describedBy?.(match.params, path, traits)).toEqual(expected);
  }
});

describe("rewritten", () => {
  const is = (wanted: string) => (release: Release, file?: Path) => `${release.version} ${file}`.includes(wanted);

  test("an info offline has what is held, line by line", async () => {
    const body = info.route.rewrite?.(info.doc, view({ offline: true, admits: is("3.0.0-java") }));
    expect(body).toBe(await at("rewrites/gem/info.offline.txt"));
  });

  const held = read(mount, {
    path: "/info/zeta",
    body: "---\n4.2.0 |checksum:\n4.3.0.a-java |checksum:\n",
    mediaType: "text/plain",
  });
  const served = "---\n4.2.0 |checksum:\n";
  const line = (bytes: string | undefined) =>
    versions.route.covers?.line(held.doc, bytes === undefined ? undefined : new TextEncoder().encode(bytes)) ?? "";
  const rewritten = (lines: string[], offline = false) =>
    versions.route.rewrite?.(versions.doc, view({ offline, lines }));
  /** The list after upstream has made it that of the info above. */
  const current = `${versionsBody}zeta 4.3.0.a-java ${hash("md5", held.doc.bytes())}\n`;
  const now = read(mount, { path: "/versions", body: current, mediaType: "text/plain" });

  test("the list offline has what is held, with sums of what is sent", () => {
    const body = `created_at: 2026-01-01T00:00:00Z\n---\nzeta 4.2.0 ${hash("md5", served)}\n`;
    expect(rewritten([line(served)], true)).toBe(body);
    expect(rewritten([line(undefined)], true)).toBe("created_at: 2026-01-01T00:00:00Z\n---\n");
  });
  test("of what is filtered the list has neither versions nor upstream's sum", () => {
    const body = now.route.rewrite?.(now.doc, view({ lines: [line(served)] }));
    expect(body).toBe(versionsBody);
    const more = read(mount, {
      path: "/versions",
      body: current.replace("zeta 4.3.0.a-java", "zeta 4.2.0,4.3.0.a-java"),
      mediaType: "text/plain",
    });
    const shown = more.route.rewrite?.(more.doc, view({ lines: [line(served)] }));
    expect(shown).toBe(`${versionsBody}zeta 4.2.0 ${hash("md5", served)}\n`);
  });
  test("a list that is newer than the info that is held keeps its sum, so that clients ask for the info", () => {
    const newer = current
      .replace(/[0-9a-f]{32}\n$/, `${"12".repeat(16)}\n`)
      .replace("4.3.0.a-java", "4.3.0.a-java,4.4.0");
    const { route, doc } = read(mount, { path: "/versions", body: newer, mediaType: "text/plain" });
    expect(route.rewrite?.(doc, view({ lines: [line(served)] }))).toBe(
      `${versionsBody}zeta 4.4.0 ${"12".repeat(16)}\n`,
    );
  });
  test("what is whole is as upstream sent it", () => {
    expect(rewritten([line("---\n4.2.0 |checksum:\n4.3.0.a-java |checksum:\n")])).toBe(versionsBody);
  });
});

test.each<[string, [string, string, string][]]>([
  [
    "specs",
    [
      ["acme-core", "2.2.8", "ruby"],
      ["acme-core", "3.0.0", "ruby"],
      ["acme-core", "3.0.0", "java"],
      ["zeta", "4.2.0", "ruby"],
    ],
  ],
  [
    "latest_specs",
    [
      ["acme-core", "3.0.0", "ruby"],
      ["acme-core", "3.0.0", "java"],
      ["zeta", "4.2.0", "ruby"],
    ],
  ],
  ["prerelease_specs", [["acme-core", "3.1.0.rc1", "ruby"]]],
])("%s are made of the list, without what was taken back", (list, expected) => {
  const match = classify(gem, "GET", `/${list}.4.8.gz`);
  if (typeof match === "number" || match.route.kind !== "derived") throw new Error(list);
  const body = match.route.derive(
    new TextEncoder().encode(`${versionsBody}acme-core 3.1.0.rc1,1.0.0 x\nacme-core -1.0.0 y\n`),
    match.params,
  );
  if (typeof body !== "object" || !("body" in body)) throw new Error("no body");
  const specs = expected.map(([name, version, platform]) => [name, { is: "Gem::Version", of: [version] }, platform]);
  expect(Bun.gunzipSync(body.body as Uint8Array<ArrayBuffer>)).toEqual(marshal(specs));
});
