import { expect, test } from "bun:test";
import { pnpmLock as format } from "../../../ecosystems/npm/lockfile-pnpm.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";
import { asides, BUNDLED, digests, entriesIn, INTEGRITY, RELEASES, releases } from "../../support/npm-lockfiles.ts";

const VERSIONS = ["pnpm-lock-5.4.yaml", "pnpm-lock-6.0.yaml", "pnpm-lock-9.0.yaml", "pnpm-lock-9.0-two-documents.yaml"];
/** pnpm 7 still got what others find in an archive. */
const MORE: Readonly<Record<string, string[]>> = {
  "pnpm-lock-5.4.yaml": BUNDLED,
  // What pnpm itself is configured with, in a document of its own.
  "pnpm-lock-9.0-two-documents.yaml": ["wrappy@1.0.1"],
};

test.each(VERSIONS)("reads %s: releases with digests, and the rest aside", async (name) => {
  const entries = await entriesIn(format, name);
  expect(releases(entries)).toEqual([...RELEASES, ...(MORE[name] ?? [])].sort());
  expect(Object.values(digests(entries)).every((all) => all?.length === 1)).toBe(true);
  const { own, foreign } = asides(entries);
  expect(own).toEqual(["the project is the project itself", "packages/member is a member of the workspace"]);
  expect(foreign.sort()).toEqual([
    "archived is an archive outside of registries: https://archive.example/archive/archived.tar.gz",
    "gitpkg is from a repository of source code: https://git.example/gitpkg.git#dcb22cdddb51422a59b5ac4fe4c95a82c064f720",
    "linked is a folder: ../linked",
    "localpkg is a folder: ../localpkg",
    "vendored is a local file: file:vendor/vendored-0.5.0.tgz",
  ]);
});

function lock(version: string, key: string, resolution = `{integrity: ${INTEGRITY}}`): string {
  return `lockfileVersion: ${version}\n\nimporters: {}\n\npackages:\n\n  ${key}:\n    resolution: ${resolution}\n`;
}
const release = (purl: string, key: string) => `pkg:npm/${purl} 1 digests, packages["${key}"]`;

const KEYS: [version: string, key: string, purl: string][] = [
  ["'9.0'", "'@s/a@1.0.0'", "%40s/a@1.0.0"],
  ["'6.0'", "/@s/a@1.0.0(@s/b@2.0.0)(c@3.0.0(d@1.0.0))", "%40s/a@1.0.0"],
  ["'6.0'", "/a@1.0.0-rc.1+build.5(b@2.0.0)", "a@1.0.0-rc.1+build.5"],
  ["'6.0'", "/a@1.0.0_b@2.0.0", "a@1.0.0"],
  ["5.4", "/@s/a/1.0.0_bc6z7j5cfdgzqkd2xcuwmmbzoi", "%40s/a@1.0.0"],
  ["5.3", "/a/1.0.0_b@2.0.0+c@3.0.0", "a@1.0.0"],
  ["5.1", "/a/1.0.0/b@2.0.0", "a@1.0.0"],
  // From another registry than most.
  ["5.4", "npm.example/@s/a/1.0.0", "%40s/a@1.0.0"],
  ["'6.0'", "npm.example+8080/a@1.0.0", "a@1.0.0"],
];

test.each(KEYS)("%s: %s", (version, key, purl) => {
  const plain = key.replaceAll("'", "");
  expect(readings(format, lock(version, key))).toEqual([release(purl, plain)]);
});

const ELSEWHERE: [key: string, resolution: string, read: string][] = [
  [
    "node@runtime:24.0.0",
    "{type: variations, variants: []}",
    "- node: is from a place of a kind that is not known here",
  ],
  [
    "a@https://codehost.example/a/tar.gz/1",
    "{gitHosted: true, tarball: https://codehost.example/a/tar.gz/1}",
    "- a: is an archive outside of registries",
  ],
  ["a@file:../a-1.0.0.tgz", "{integrity: sha512-x, tarball: file:../a-1.0.0.tgz}", "- a: is a local file"],
];

test.each(ELSEWHERE)("sets %s aside", (key, resolution, read) => {
  const [only] = readings(format, lock("'9.0'", key, resolution));
  expect(only).toStartWith(read);
});

test("a project of one folder has no importers", () => {
  const text = `lockfileVersion: '6.0'\n\ndependencies:\n  a:\n    specifier: ^1.0.0\n    version: 1.0.0\n\npackages:\n\n  /a@1.0.0:\n    resolution: {integrity: ${INTEGRITY}}\n    dev: false\n`;
  expect(readings(format, text)).toEqual([
    '- the project: is the project itself, importers["."]',
    release("a@1.0.0", "/a@1.0.0"),
  ]);
  expect(refusal(format, text.slice(0, text.indexOf("\npackages:")))).toMatch(/its dependency a is not in the file/);
});

const BOMB = `a: &a [x]\nb: &b [${"*a,".repeat(9)}]\nlockfileVersion: '9.0'\n`;
const REFUSED: [text: string, message: string | RegExp][] = [
  ["", /^line 1: the text is empty$/],
  ["lockfileVersion: '9.0'", "line 1: the text ends within a line, so it must be cut off"],
  ["lockfileVersion: '9.0'\n", "importers is missing, so the file must be cut off"],
  ["packages: {}\n", "lockfileVersion: expected string, received undefined"],
  ["lockfileVersion: '10.0'\n", "lockfileVersion is 10.0; read here: 5, 6, 9"],
  ["lockfileVersion: 4\n", "lockfileVersion is 4; read here: 5, 6, 9"],
  ["lockfileVersion: '9.0'\npackages: {}\npackages: {}\n", /^line 3: this is no YAML: duplicated mapping key/],
  ["lockfileVersion: '9.0'\npackages: {a: {\n", /^line \d: this is no YAML: /],
  [
    "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: []\n",
    /^packages\.a@1\.0\.0\.resolution: expected object/,
  ],
  [lock("'9.0'", "a@1.0.0", "{integrity: sha512-x}"), /expected a hash such as sha512-BASE64/],
  [BOMB, /^line \d: this is no YAML: .*alias/],
  [`lockfileVersion: '9.0'\na: ${"[".repeat(100_000)}\n`, /^line 2: this is no YAML: nesting/],
  ["lockfileVersion: !!js/function 'x'\n", /^line 1: this is no YAML: unknown scalar tag/],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test.each(VERSIONS)("does not take the beginning of %s for the whole", async (name) => {
  const lines = (await fixture(name)).split("\n");
  const first = lines.findIndex((line) => /[@/]4\.6\.0/.test(line));
  // Before a project is told to need anything, and after all that it needs, there is nothing to miss.
  for (let count = first + 1; count < lines.length - 20; count++)
    expect(refusal(format, `${lines.slice(0, count).join("\n")}\n`)).not.toMatch(/^read: /);
});

test("survives any mutation", async () => survivesMutation(format, await Promise.all(VERSIONS.map(fixture))));
