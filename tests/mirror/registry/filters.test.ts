/** Which packages and releases filters leave. */
import { describe, expect, test } from "bun:test";
import { npm } from "../../../ecosystems/npm.ts";
import type { ReleaseFacts } from "../../../src/contract/ecosystem.ts";
import type { ReleaseFilter } from "../../../src/contract/jobs.ts";
import { packageFilter, selectReleases } from "../../../src/mirror/registry/filters.ts";
import { isWithin, parseVers } from "../../../src/mirror/request/vers.ts";
import { parseSince, parseVersions } from "../../../src/mirror/request/versions.ts";

const VERSIONS = ["1.0.0", "1.5.0", "2.0.0-beta.1", "2.0.0", "2.1.0", "3.0.0-rc.1"];

describe("version ranges", () => {
  test.each<[string, string[]]>([
    ["vers:npm/*", VERSIONS],
    ["vers:npm/1.5.0", ["1.5.0"]],
    ["vers:npm/=1.0.0|2.1.0", ["1.0.0", "2.1.0"]],
    ["vers:npm/>=1.5.0|<2.1.0", ["1.5.0", "2.0.0-beta.1", "2.0.0"]],
    ["vers:npm/>1.0.0|<=2.0.0|!=1.5.0", ["2.0.0-beta.1", "2.0.0"]],
    ["vers:npm/<1.5.0|>2.0.0", ["1.0.0", "2.1.0", "3.0.0-rc.1"]],
    ["vers:npm/>=1.0.0|<1.5.0|>=2.1.0", ["1.0.0", "2.1.0", "3.0.0-rc.1"]],
    ["vers:npm/<=1.0.0|2.1.0", ["1.0.0", "2.1.0"]],
    ["vers:npm/!=2.0.0", VERSIONS.filter((version) => version !== "2.0.0")],
    ["vers:npm/ >=2.1.0", ["2.1.0", "3.0.0-rc.1"]],
  ])("%s", (text, found) => {
    const constraints = parseVers(text);
    expect(VERSIONS.filter((version) => isWithin(version, constraints, npm.versions))).toEqual(found);
  });

  test.each(["npm/1", "vers:npm", "vers:npm/", "vers:npm/>=", "vers:npm/>=1||<2", "vers:NPM/1"])("%s is none", (text) =>
    expect(() => parseVers(text)).toThrow(text),
  );
});

describe("releases", () => {
  const releases = new Map(
    VERSIONS.map((version, at): [string, ReleaseFacts[]] => [
      version,
      [
        {
          name: "x",
          version,
          publishedAt: new Date(Date.UTC(2024, at)),
          ...(version === "1.5.0" && { tags: ["latest"] }),
        },
      ],
    ]),
  );
  const chosen = (filter: Partial<ReleaseFilter>) => [
    ...selectReleases(releases, { versions: {}, ...filter }, npm.versions).keys(),
  ];

  test.each<[string, Partial<ReleaseFilter>, string[]]>([
    ["all", { versions: parseVersions("all") }, VERSIONS],
    ["the tagged one", { versions: parseVersions("latest") }, ["1.5.0"]],
    ["the tagged and the newest stable", { versions: parseVersions("latest:2") }, ["1.5.0", "2.1.0"]],
    ["pre-releases too", { versions: parseVersions("latest:2"), prereleases: true }, ["1.5.0", "3.0.0-rc.1"]],
    ["no pre-releases", { prereleases: false }, ["1.0.0", "1.5.0", "2.0.0", "2.1.0"]],
    ["a range", { versions: parseVersions("vers:npm/>=2.1.0") }, ["2.1.0", "3.0.0-rc.1"]],
    ["the newest of a time", { since: parseSince("2024-05-01") }, ["2.1.0", "3.0.0-rc.1"]],
  ])("%s", (_, filter, found) => expect(chosen(filter)).toEqual(found));

  test("where there is nothing stable, the newest of what there is", () => {
    const only = new Map([...releases].filter(([version]) => version.includes("-")));
    expect([...selectReleases(only, { versions: { latest: 1 } }, npm.versions).keys()]).toEqual(["3.0.0-rc.1"]);
  });

  test.each(["newest", "latest:0", "latest:x", "vers:", ">=1"])("--versions %s is told", (text) => {
    expect(() => parseVersions(text)).toThrow(text);
  });
  test.each(["yesterday", "2024-13-01", "1700000000"])("--since %s is told", (text) => {
    expect(() => parseSince(text)).toThrow(text);
  });
});

describe("packages", () => {
  const PURLS = [
    "pkg:npm/lodash",
    "pkg:npm/lodash.get",
    "pkg:npm/%40acme/ui",
    "pkg:npm/%40acme/ui-kit",
    "pkg:npm/%40other/ui",
  ];
  test.each<[string, string[], string[], string[]]>([
    ["none", [], [], PURLS],
    ["a name", ["lodash"], [], ["pkg:npm/lodash"]],
    ["a scope", ["@acme/*"], [], ["pkg:npm/%40acme/ui", "pkg:npm/%40acme/ui-kit"]],
    ["a scope as PURLs have it", ["pkg:npm/%40acme/*"], ["*-kit"], ["pkg:npm/%40acme/ui"]],
    ["all but", [], ["pkg:npm/@*"], ["pkg:npm/lodash", "pkg:npm/lodash.get"]],
    ["a dot is a dot", ["lodash.*"], [], ["pkg:npm/lodash.get"]],
    ["another type", ["pkg:pypi/*"], [], []],
  ])("%s", (_, include, exclude, found) => expect(PURLS.filter(packageFilter({ include, exclude }))).toEqual(found));
});
