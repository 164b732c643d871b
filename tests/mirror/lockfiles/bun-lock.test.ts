import { expect, test } from "bun:test";
import { bunLock as format } from "../../../ecosystems/npm/lockfile-bun.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";
import { asides, digests, entriesIn, INTEGRITY, RELEASES, releases } from "../../support/npm-lockfiles.ts";

test("reads what bun writes: releases with digests, and the rest aside", async () => {
  const entries = await entriesIn(format, "bun-2.lock");
  // Asked for by what is bundled, but not in the archive itself.
  expect(releases(entries)).toEqual([...RELEASES, "@tybys/wasm-util@0.10.5"].sort());
  expect(Object.values(digests(entries)).every((all) => all?.length === 1)).toBe(true);
  const { own, foreign } = asides(entries);
  expect(own.slice(0, 3)).toEqual([
    "app is the project itself",
    "@app/member is a member of the workspace: packages/member",
    "@emnapi/core@1.11.3 comes within the archive of @tailwindcss/oxide-wasm32-wasi@4.1.4",
  ]);
  expect(own).toHaveLength(8);
  expect(foreign).toEqual([
    "archived is an archive outside of registries: https://archive.example/archive/archived.tar.gz",
    "gitpkg is from a repository of source code: git+https://git.example/gitpkg.git#dcb22cdddb51422a59b5ac4fe4c95a82c064f720",
    "localpkg is a folder: file:../localpkg",
    "vendored is a local file: ./vendor/vendored-0.5.0.tgz",
  ]);
});

function lock(packages: string, version = 1): string {
  return `{ "lockfileVersion": ${version}, "workspaces": {}, "packages": { ${packages} } }`;
}

const ENTRIES: [packages: string, read: string[]][] = [
  [`"b": ["@s/a@1.0.0", "", {}, "${INTEGRITY}"],`, ['pkg:npm/%40s/a@1.0.0 1 digests, packages["b"]']],
  ['"a": ["a@1.0.0", "https://registry.example/a.tgz", {}]', ['pkg:npm/a@1.0.0, packages["a"]']],
  [
    '"a": ["a@github:user/a#abc", {}, "user-a-abc"]',
    ['- a: is from a repository of source code: github:user/a#abc, packages["a"]'],
  ],
  ['"a": ["a@link:../a", {}]', ['- a: is a folder: link:../a, packages["a"]']],
  ['"a": ["a@root:", {}]', ['- a: is a folder: root:, packages["a"]']],
  ['"a/": ["a@1.0.0", "", { "bundled": true }]', ['pkg:npm/a@1.0.0, packages["a/"]']],
  // What a member of the workspace bundles is in no archive of a registry yet.
  [
    '"m": ["m@workspace:m"], "m/a": ["a@1.0.0", "", { "bundled": true }], "b": ["b@1.0.0", "", { "bundled": true }]',
    ['pkg:npm/a@1.0.0, packages["m/a"]', 'pkg:npm/b@1.0.0, packages["b"]'],
  ],
  ['"": ["a@1.0.0", "", { "bundled": true }]', ['pkg:npm/a@1.0.0, packages[""]']],
];

test.each(ENTRIES)("reads %s", (packages, read) => expect(readings(format, lock(packages))).toEqual(read));

const REFUSED: [text: string, message: string | RegExp][] = [
  ["", "line 1: this is no JSON: expected a value, found the end"],
  [lock("", 3), "lockfileVersion is 3; read here: 0, 1, 2"],
  [lock('"a": []'), /^packages\.a/],
  [lock('"a": [1]'), "packages.a[0]: expected string, received number"],
  [lock('"a": ["a"]'), 'packages["a"]: expected a name and a version such as a@1.0.0, found "a"'],
  [lock('"a": ["a@1.0.0"],, "b": ["b@1.0.0"]'), /^line 1: this is no JSON: expected a key, found ,$/],
  [lock('"a": ["a@1.0.0", "", {}, "sha512-AAAA"]'), /expected a hash such as sha512-BASE64/],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its first keys", async () => {
  expect(format.recognizes("saved.json", await fixture("bun-2.lock"))).toBe(true);
  expect(format.recognizes("saved.json", await fixture("package-lock-v3.json"))).toBe(false);
});

test("reads archives within archives soon", () => {
  const keys = Array.from({ length: 2_000 }, (_, depth) => "a/".repeat(depth + 1).slice(0, -1));
  const all = [
    ...keys
      .slice(1)
      .reverse()
      .map((key) => `"${key}": ["a@1.0.0", "", { "bundled": true }]`),
    '"a": ["a@2.0.0"]',
  ];
  const read = readings(format, lock(all.join(", ")));
  expect(read.filter((each) => each.startsWith("- a@1.0.0: comes within the archive of a@2.0.0"))).toHaveLength(1_999);
}, 3_000);

test("survives any mutation", async () => survivesMutation(format, [await fixture("bun-2.lock")]));
