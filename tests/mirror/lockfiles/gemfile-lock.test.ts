import { expect, test } from "bun:test";
import { gemfileLock as format } from "../../../ecosystems/gem/lockfile-gemfile.ts";
import { isItem } from "../../../src/contract/lockfile.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

const VERSIONS = ["gemfile-2.3.lock", "gemfile-2.6.lock"];

test("reads what Bundler 2.3 locked for platforms: releases, a repository, folders", async () => {
  expect(readings(format, await fixture("gemfile-2.3.lock"))).toEqual([
    "- gitgem@0.4.0: is from a repository of source code: https://git.example/gitgem.git, line 6",
    "- app@1.0.0: is a member of the workspace: ., line 12",
    "- localgem@0.4.0: is a member of the workspace: local, line 17",
    "pkg:gem/acme-native@1.16.0?platform=arm64-darwin, line 22",
    "pkg:gem/acme-native@1.16.0?platform=java, line 24",
    "pkg:gem/acme-native@1.16.0?platform=x86_64-linux, line 26",
    "pkg:gem/acme-old@0.0.1?platform=ruby, line 28",
    "pkg:gem/acme-pre@2.0.0.rc1?platform=ruby, line 29",
    "pkg:gem/acme-racc@1.7.3?platform=ruby, line 31",
  ]);
});

test("reads checksums of Bundler 2.6, and a gem that has none", async () => {
  const items = Array.from(format.read(await fixture("gemfile-2.6.lock"))).filter(isItem);
  expect(items.map(({ purl, digests = [] }) => [purl.name, purl.qualifiers?.["platform"], digests.length])).toEqual([
    ["acme-native", "ruby", 1],
    ["acme-native", "aarch64-linux", 1],
    ["acme-native", "arm64-darwin", 1],
    ["acme-native", "java", 1],
    ["acme-native", "x86_64-linux", 1],
    ["acme-old", "ruby", 0],
    ["acme-pre", "ruby", 1],
    ["acme-racc", "ruby", 1],
  ]);
  expect(items.at(-1)?.digests).toEqual(["sha256:5a04f02ce3b1745be40d5e852b18c7b99e456f648af2fbd270a4f28864524c2a"]);
});

const lock = (...specs: string[]) => ["GEM", "  remote: https://gems.example/", "  specs:", ...specs].join("\n");
const END = "\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  a\n";

test("where nothing is locked for a platform, Bundler may take what was built for the machine", () => {
  expect(readings(format, `${lock("    a (1.0)", "      b (>= 1)", "    b (1.0)")}${END}`)).toEqual([
    "pkg:gem/a@1.0, line 4",
    "pkg:gem/b@1.0, line 6",
  ]);
});

test("folders elsewhere and of plugins are told", () => {
  const other = (kind: string, remote: string, spec: string) =>
    `${kind}\n  remote: ${remote}\n  specs:\n    ${spec}\n\n`;
  const text = [
    other("PATH", "../shared", "c (1)"),
    other("PLUGIN SOURCE", "https://plugins.example/", "d (1)"),
    other("GEM", "https://token:x@private.example/", "e (1)"),
    lock("    a (1.0)", "    b (1.0)"),
    END,
  ].join("");
  expect(readings(format, text)).toEqual([
    "- c@1: is a folder: ../shared, line 4",
    "- d@1: is from a place of a kind that is not known here: https://plugins.example/, line 9",
    "pkg:gem/e@1, line 14",
    "pkg:gem/a@1.0, line 19",
    "pkg:gem/b@1.0, line 20",
  ]);
});

const REFUSED: [text: string, message: string | RegExp][] = [
  ["", "it has no DEPENDENCIES, so it is no Gemfile.lock or cut off"],
  [lock("    a (1.0)"), "it has no DEPENDENCIES, so it is no Gemfile.lock or cut off"],
  [`${lock("    a (1.0")}${END}`, 'line 4: expected NAME (VERSION), found "a (1.0"'],
  [`${lock("    a (>= 1.0)")}${END}`, 'line 4: expected NAME (VERSION), found "a (>= 1.0)"'],
  [`${lock("    a (x)")}${END}`, 'line 4: expected NAME (VERSION), found "a (x)"'],
  ["  remote: x\n", 'line 1: expected a heading (GEM), found "  remote: x"'],
  [
    `${lock("    a (1.0)")}${END}\nCHECKSUMS\n  a (1.0) sha256=ab\n`,
    /^line 13: expected sha256= and 64 .*, found "sha256=ab"/,
  ],
  [`${lock("    a (1.0)")}${END}\nCHECKSUMS\n  a 1.0\n`, 'line 13: expected NAME (VERSION) sha256=…, found "a 1.0"'],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its names and its sources", async () => {
  expect(format.recognizes("gems.locked", "")).toBe(true);
  expect(format.recognizes("saved.txt", await fixture("gemfile-2.3.lock"))).toBe(true);
  expect(format.recognizes("saved.txt", await fixture("poetry-2.1.lock"))).toBe(false);
});

test("survives any mutation", async () => survivesMutation(format, await Promise.all(VERSIONS.map(fixture))));
