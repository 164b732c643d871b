import { describe, expect, test } from "bun:test";
import { npm } from "../../ecosystems/npm.ts";
import type { Path, Release, View } from "../../src/contract/ecosystem.ts";
import { classify } from "../../src/mounts/match.ts";
import { bodyOf, mountOf, read, storing, view } from "../support/plugin.ts";

const fixture = await Bun.file(`${import.meta.dir}/../fixtures/npm/acme-is.json`).text();
const live = (await Bun.file(`${import.meta.dir}/../fixtures/npm/live.json`).json()) as Record<string, object>;
const mount = mountOf(npm, { default: "https://npm.example" });
const source = { path: "/@acme%2fis", body: fixture } as const;
const { route, doc } = read(mount, source);
const ABBREVIATED = "application/vnd.npm.install-v1+json";

const served = (seen: Partial<View> = {}) =>
  JSON.parse(route.rewrite?.(read(mount, source).doc, view({ variant: "application/json", ...seen })) as string) as {
    versions: Record<
      string,
      { dist: { tarball: string }; hasInstallScript?: boolean; readme?: string; scripts?: object }
    >;
    "dist-tags": Record<string, string>;
    time?: Record<string, string>;
    modified?: string;
    readme?: string;
  };

describe("paths", () => {
  const cases: { path: Path; kind: string; release?: Release; method?: string }[] = [
    { path: "/lodash", kind: "metadata" },
    { path: "/@acme/is", kind: "metadata" },
    { path: "/@acme%2fis", kind: "metadata" },
    { path: "/@acme%2Fis", kind: "metadata" },
    { path: "/%40acme%2fis", kind: "metadata" },
    { path: "/lodash/4.17.21", kind: "derived" },
    { path: "/@acme%2fis/latest", kind: "derived" },
    { path: "/lodash/-/lodash-4.17.21.tgz", kind: "artifact", release: { name: "lodash", version: "4.17.21" } },
    { path: "/@acme/is/-/is-1.0.0.tgz", kind: "artifact", release: { name: "@acme/is", version: "1.0.0" } },
    { path: "/@acme%2fis/-/is-1.0.0.tgz", kind: "artifact", release: { name: "@acme/is", version: "1.0.0" } },
    { path: "/-/package/@acme%2fis/dist-tags", kind: "derived" },
    { path: "/-/npm/v1/keys", kind: "metadata" },
    { path: "/-/npm/v1/attestations/@acme%2fis@2.0.0", kind: "metadata" },
    { path: "/-/npm/v1/security/advisories/bulk", kind: "passthrough", method: "POST" },
    { path: "/-/npm/v1/security/audits/quick", kind: "passthrough", method: "POST" },
    { path: "/-/npm/v1/security/audits", kind: "passthrough", method: "POST" },
    { path: "/-/v1/search", kind: "passthrough" },
    { path: "/-/ping", kind: "answer" },
    { path: "/-/user/org.couchdb.user:me", kind: "deny" },
    { path: "/-", kind: "deny" },
  ];
  test.each(cases)("$path is $kind", ({ path, kind, release, method = "GET" }) => {
    const match = classify(npm, method, path);
    if (typeof match === "number") throw new Error(`${path}: ${match}`);
    expect(match.route.kind as string).toBe(kind);
    if (release && match.route.kind === "artifact") expect(match.route.release?.(match.params)).toEqual(release);
  });
  test.each([
    ["/@acme%2fis/-/is-1.0.0.tgz", "/@acme/is/-/is-1.0.0.tgz"],
    ["/@acme/is", "/@acme%2fis"],
    ["/%40acme%2Fis", "/@acme%2fis"],
  ] as const)("%s is held as %s", (path, canonical) => {
    const match = classify(npm, "GET", path);
    if (typeof match === "number" || !("canonical" in match.route)) throw new Error(path);
    expect(match.route.canonical?.(match.params)).toBe(canonical);
  });
  test("publishing is not allowed", () => expect(classify(npm, "PUT", "/lodash")).toBe(405));
});

describe("facts", () => {
  const releases = Array.from(route.parse?.(doc).releases ?? []);
  const of = (version: string) => releases.find((release) => release.version === version);
  test("each version with its date, digest and file", () => {
    expect(releases.map(({ version }) => version)).toEqual(["1.0.0", "1.1.0", "2.0.0", "3.0.0-beta.1"]);
    expect(of("2.0.0")?.publishedAt).toEqual(new Date("2024-01-01T00:00:00Z"));
    expect(of("2.0.0")?.files?.[0]?.digest).toMatch(/^sha512:[0-9a-f]{128}$/);
    expect(of("1.0.0")?.files?.[0]?.digest).toMatch(/^sha1:[0-9a-f]{40}$/);
    expect(of("1.0.0")?.state).toBe("deprecated");
  });
  test("an old file keeps its name; one on another host gets a path of its own and is remembered", () => {
    expect(of("1.0.0")?.files?.[0]?.path).toBe("/@acme/is/-/is-1.0.0.tgz");
    expect(of("1.1.0")?.files?.[0]).toMatchObject({
      path: "/@acme/is/-/is-1.1.0.tgz",
      url: "https://files.example/download/acme/is/1.1.0/abcdef",
    });
  });
  test("attestations are files that may be missing", () => {
    expect(of("2.0.0")?.files?.[1]).toEqual({
      path: "/-/npm/v1/attestations/@acme/is@2.0.0",
      optional: true,
      beside: "/@acme/is/-/is-2.0.0.tgz",
    });
  });
  test("dependencies: peers unless optional, weak ones, and those for development", () => {
    expect(of("2.0.0")?.requires).toEqual([
      { name: "left", range: "1.x" },
      { name: "react", range: ">=18" },
      { name: "ava", range: "^6", optional: true },
    ]);
    expect(of("1.1.0")?.requires).toContainEqual({ name: "fsevents", range: "*", weak: true });
  });
  test("tags, and which versions run scripts", () => {
    expect(releases.map(({ tags }) => tags)).toEqual([["old"], undefined, ["latest"], ["next"]]);
    expect(releases.map(({ builds }) => builds)).toEqual([undefined, undefined, "runs an install script", undefined]);
  });
  test("of packages as they are", () => {
    const stated = (name: string) => {
      const path = `/${name.replace("/", "%2f")}` as const;
      const whole = read(mount, { path, body: JSON.stringify(live[name]) });
      const [release] = Array.from(whole.route.parse?.(whole.doc).releases ?? []);
      return release!;
    };
    const express = stated("express");
    expect([express.tags, express.marker, express.builds]).toEqual([["latest"], undefined, undefined]);
    expect(express.requires).toHaveLength(30);
    expect(express.requires).toContainEqual({ name: "body-parser", range: "^2.3.0" });
    expect(express.requires?.slice(-2)).toEqual([
      { name: "after", range: "0.8.2", optional: true },
      { name: "mocha", range: "^11.7.5", optional: true },
    ]);
    const esbuild = stated("esbuild");
    expect(esbuild.builds).toBe("runs an install script");
    expect(esbuild.requires).toHaveLength(26);
    for (const each of esbuild.requires!)
      expect(each).toEqual({ name: expect.stringMatching(/^@esbuild\/\w+-\w+$/), range: "0.28.2", weak: true });
    const fsevents = stated("fsevents");
    expect([fsevents.marker, fsevents.builds]).toEqual(['{"os":["darwin"]}', undefined]);
    expect([npm.runsOn!(fsevents.marker!, { os: "darwin" }), npm.runsOn!(fsevents.marker!, { os: "linux" })]).toEqual([
      true,
      false,
    ]);
    expect(stated("@rollup/rollup-linux-x64-gnu").marker).toBe('{"os":["linux"],"cpu":["x64"],"libc":["glibc"]}');
  });
  test.each([
    ["1.2.0", "^1.0.0", true],
    ["2.0.0-rc.1", "^1.0.0 || ^2.0.0", false],
    ["2.0.0-rc.2", ">=2.0.0-rc.1", true],
    ["2.0.1-rc.2", ">=2.0.0-rc.1", false],
    ["2.0.0-rc.2", "2.0.0-rc.2", true],
    ["1.0.0-beta", "*", true],
    ["1.0.0", "", true],
    ["1.0.0", "latest", false],
    ["1.0.0", "user/repo", false],
    ["nonsense", "*", false],
  ])("%s for %j: %p", (version, range, fits) => expect(npm.versions.satisfies(version, range)).toBe(fits));
  test.each([0.2, 0.5, 0.9, 0.999])("a document cut at %p of its length throws", (share) => {
    const cut = read(mount, { ...source, body: fixture.slice(0, Math.floor(fixture.length * share)) });
    expect(() => route.parse?.(cut.doc)).toThrow();
  });
  test.each(["<!doctype html>", "{}", "null", '{"error":"x"}'])("%p throws", (body) => {
    expect(() => route.parse?.(read(mount, { ...source, body }).doc)).toThrow();
  });
});

describe("rewriting", () => {
  test.each(["application/json", ABBREVIATED])("%s is as the golden file", async (variant) => {
    const golden = Bun.file(
      `${import.meta.dir}/../rewrites/npm/acme-is.${variant === ABBREVIATED ? "abbreviated" : "full"}.json`,
    );
    const body = route.rewrite?.(read(mount, source).doc, view({ variant })) as string;
    expect(JSON.parse(body)).toEqual(await golden.json());
  });
  test("a withheld version is nowhere, its tag is gone, and latest moves to the newest stable one", () => {
    for (const variant of ["application/json", ABBREVIATED]) {
      const shown = served({ variant, admits: ({ version }) => version !== "2.0.0" });
      expect(Object.keys(shown.versions)).toEqual(["1.0.0", "1.1.0", "3.0.0-beta.1"]);
      expect(shown["dist-tags"]).toEqual({ latest: "1.1.0", next: "3.0.0-beta.1", old: "1.0.0" });
      expect(JSON.stringify(shown)).not.toContain("2.0.0");
    }
  });
  test("only a prerelease left: it is the latest", () => {
    expect(served({ admits: ({ version }) => version === "3.0.0-beta.1" })["dist-tags"].latest).toBe("3.0.0-beta.1");
  });
  test("nothing left: no versions, no tags", () => {
    expect(served({ admits: () => false })).toMatchObject({ versions: {}, "dist-tags": {} });
  });
});

describe("what is cut out of the served document", () => {
  const cut = (path: Path) => {
    const match = classify(npm, "GET", path);
    if (typeof match === "number" || match.route.kind !== "derived") throw new Error(path);
    expect(match.route.of(match.params)).toBe("/@acme%2fis");
    const body = match.route.derive(new TextEncoder().encode(JSON.stringify(served())), match.params);
    return body && (JSON.parse((body as { body: string }).body ?? body) as Record<string, unknown>);
  };
  test("a version, a tag, the tags", () => {
    expect(cut("/@acme%2fis/1.1.0")).toMatchObject({ version: "1.1.0" });
    expect(cut("/@acme/is/latest")).toMatchObject({ version: "2.0.0" });
    expect(cut("/-/package/@acme%2fis/dist-tags")).toEqual({ latest: "2.0.0", next: "3.0.0-beta.1", old: "1.0.0" });
    expect(cut("/@acme%2fis/9.9.9")).toBeUndefined();
  });
});

test("search offline finds the newest of what is stored", async () => {
  const match = classify(npm, "GET", "/-/v1/search");
  if (typeof match === "number" || match.route.kind !== "passthrough") throw new Error("no search");
  const releases = [
    { name: "lodash", version: "4.0.0" },
    { name: "lodash", version: "4.17.21" },
    { name: "left", version: "1.0.0" },
  ];
  const answer = await match.route.offline?.({}, new URLSearchParams("text=LODA"), view(), storing({ releases }));
  expect(bodyOf(answer)).toEqual({
    objects: [{ package: { name: "lodash", version: "4.17.21", maintainers: [] } }],
    total: 1,
  });
});
