import { expect, test } from "bun:test";
import { yarnLock as format } from "../../../ecosystems/npm/lockfile-yarn.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";
import { asides, BUNDLED, digests, entriesIn, RELEASES, releases } from "../../support/npm-lockfiles.ts";

const VERSIONS = ["yarn-berry-6.lock", "yarn-berry-10.lock"];

test.each(VERSIONS)("reads %s: releases, and the rest aside", async (name) => {
  const entries = await entriesIn(format, name);
  // Yarn gets from the registry what comes within an archive, and node-gyp for what may have to be compiled.
  expect([...RELEASES, ...BUNDLED, "node-gyp@13.1.0"].filter((each) => !releases(entries).includes(each))).toEqual([]);
  expect(releases(entries)).toHaveLength(41);
  const { own, foreign } = asides(entries);
  expect(own).toEqual([
    "@app/member is a member of the workspace: packages/member",
    "app is the project itself",
    "fsevents is patched on this machine; what is patched is named as well",
    "once is patched on this machine; what is patched is named as well",
  ]);
  expect(foreign.map((each) => each.replace(/#\.\/vendor.*|#\.\.\/localpkg/, ""))).toEqual([
    "archived is an archive outside of registries: https://archive.example/archive/archived.tar.gz",
    "gitpkg is from a repository of source code: git+https://git.example/gitpkg.git#commit=dcb22cdddb51422a59b5ac4fe4c95a82c064f720",
    "linked is a folder: link:../linked",
    "localpkg is a folder: file:../localpkg",
    "ported is a folder: portal:../linked",
    "vendored is a local file: file:./vendor/vendored-0.5.0.tgz",
  ]);
});

test("a key of spaces is read at once", () => {
  expect(readings(format, lock(`a@1${" ".repeat(300_000)}x`, "a@npm:1.0.0"))).toHaveLength(1);
}, 3_000);

test("its checksums are of Yarn's own archives, so that no digest is expected of the registry's files", async () => {
  const entries = await entriesIn(format, "yarn-berry-10.lock");
  expect(Object.values(digests(entries)).every((all) => all === undefined)).toBe(true);
});

const lock = (key: string, resolution: string, version = "8") =>
  `__metadata:\n  version: ${version}\n\n"${key}":\n  version: 1.0.0\n  resolution: "${resolution}"\n`;

const ENTRIES: [key: string, resolution: string, read: string[]][] = [
  ["b@npm:@s/a@^1", "@s/a@npm:1.0.0", ["pkg:npm/%40s/a@1.0.0, b@npm:@s/a@^1"]],
  ["a@^1", "a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.example%2Fa.tgz", ["pkg:npm/a@1.0.0, a@^1"]],
  [
    "a@patch:a@npm%3A1.0.0#./a.patch",
    "@s/a@patch:@s/a@npm%3A1.0.0#./a.patch::version=1.0.0&hash=ab",
    [
      "- @s/a: is patched on this machine; what is patched is named as well, a@patch:a@npm%3A1.0.0#./a.patch",
      "pkg:npm/%40s/a@1.0.0, a@patch:a@npm%3A1.0.0#./a.patch",
    ],
  ],
  [
    "a@x",
    "a@https://git.example/a.git#commit=ab",
    ["- a: is from a repository of source code: https://git.example/a.git#commit=ab, a@x"],
  ],
  [
    "a@exec:./a.js",
    "a@exec:./a.js#./a.js",
    ["- a: is from a place of a kind that is not known here: exec:./a.js#./a.js, a@exec:./a.js"],
  ],
];

test.each(ENTRIES)("reads %s", (key, resolution, read) => {
  expect(readings(format, lock(key, resolution))).toEqual(read);
});

const REFUSED: [text: string, message: string | RegExp][] = [
  ["__metadata:\n", /^__metadata: expected object/],
  ["__metadata:\n  version: 8", "line 2: the text ends within a line, so it must be cut off"],
  [lock("a@1", "a@npm:1.0.0", "11"), "__metadata.version is 11; read here: 4, 5, 6, 7, 8, 9, 10"],
  [lock("a@1", "a"), 'a@1: expected a resolution such as a@npm:1.0.0, found "a"'],
  [lock("a@1", "a@npm:^1"), 'a@1: "^1" is no version of an npm package'],
  [
    `${lock("a@1", "a@npm:1.0.0")}${lock("a@1", "a@npm:1.0.0").slice(25)}`,
    /^line 8: this is no YAML: duplicated mapping key/,
  ],
  ["__metadata:\n  version: 8\n\na@1:\n  version: 1.0.0\n", "a@1.resolution: expected string, received undefined"],
  [
    `${lock("a@1", "a@npm:1.0.0")}  dependencies:\n    b: "npm:^1"\n`,
    "a@1: its dependency b is not in the file, which must be cut off",
  ],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("does not take a file that ends between entries for a whole one", async () => {
  const text = await fixture("yarn-berry-10.lock");
  expect(refusal(format, text.slice(0, text.indexOf('"yallist@npm:')))).toMatch(
    /its dependency yallist is not in the file/,
  );
});

test("survives any mutation", async () => survivesMutation(format, await Promise.all(VERSIONS.map(fixture))));
