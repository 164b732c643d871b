import { expect, test } from "bun:test";
import { packageLock as format } from "../../../ecosystems/npm/lockfile-npm.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";
import { asides, digests, entriesIn, INTEGRITY, RELEASES, releases } from "../../support/npm-lockfiles.ts";

const VERSIONS = ["package-lock-v1.json", "package-lock-v2.json", "package-lock-v3.json", "package-lock-npm6.json"];

test.each(VERSIONS)("reads %s: what comes from the registry, with its digests", async (name) => {
  const entries = await entriesIn(format, name);
  // npm 6 knows no workspaces: the member, which alone needs these, is not there.
  const absent = name.includes("npm6") ? ["once@1.4.0"] : [];
  expect(releases(entries)).toEqual(RELEASES.filter((release) => !absent.includes(release)));
  const newest = digests(await entriesIn(format, "package-lock-v3.json"));
  expect(newest).toMatchObject(digests(entries));
  expect(Object.values(newest).every((all) => all?.length === 1)).toBe(true);
});

test("sets the rest aside, with where it is from", async () => {
  const { own, foreign } = asides(await entriesIn(format, "package-lock-v3.json"));
  expect(own).toEqual([
    "app is the project itself",
    "@emnapi/core@1.4.0 comes within the archive of @tailwindcss/oxide-wasm32-wasi",
    "@emnapi/runtime@1.4.0 comes within the archive of @tailwindcss/oxide-wasm32-wasi",
    "@emnapi/wasi-threads@1.0.1 comes within the archive of @tailwindcss/oxide-wasm32-wasi",
    "@napi-rs/wasm-runtime@0.2.8 comes within the archive of @tailwindcss/oxide-wasm32-wasi",
    "@tybys/wasm-util@0.9.0 comes within the archive of @tailwindcss/oxide-wasm32-wasi",
    "tslib@2.8.0 comes within the archive of @tailwindcss/oxide-wasm32-wasi",
    "@app/member is a member of the workspace: packages/member",
  ]);
  expect(foreign).toEqual([
    "../localpkg is a folder",
    "archived@3.0.1 is an archive outside of registries: https://archive.example/archive/archived.tar.gz",
    "gitpkg@0.4.0 is from a repository of source code: git+https://git.example/gitpkg.git#dcb22cdddb51422a59b5ac4fe4c95a82c064f720",
    "vendored@0.5.0 is a local file: file:vendor/vendored-0.5.0.tgz",
  ]);
});

test("version 1 tells the same, nested", async () => {
  const { own, foreign } = asides(await entriesIn(format, "package-lock-v1.json"));
  expect(own).toContain("tslib@2.8.0 comes within the archive of @tailwindcss/oxide-wasm32-wasi");
  expect(foreign).toEqual([
    "@app/member is a folder: file:packages/member",
    "archived is an archive outside of registries: https://archive.example/archive/archived.tar.gz",
    "gitpkg is from a repository of source code: git+https://git.example/gitpkg.git#dcb22cdddb51422a59b5ac4fe4c95a82c064f720",
    "localpkg is a folder: file:../localpkg",
    "vendored is a local file: file:vendor/vendored-0.5.0.tgz",
  ]);
});

function v3(packages: Record<string, object>): string {
  return JSON.stringify({ name: "app", lockfileVersion: 3, packages });
}
function v1(dependencies: Record<string, object>): string {
  return JSON.stringify({ lockfileVersion: 1, dependencies });
}
const at = (place: string) => `, packages["${place}"]`;

const ENTRIES: [text: string, read: string[]][] = [
  // Written through a proxy or a mirror, or without addresses.
  [
    v3({ "node_modules/a": { version: "1.0.0", resolved: "http://127.0.0.1:8080/npm/a/-/a-1.0.0.tgz" } }),
    [`pkg:npm/a@1.0.0${at("node_modules/a")}`],
  ],
  [
    v3({ "node_modules/@s/a": { version: "1.0.0", resolved: "https://registry.example/download/@s/a/1.0.0/ab12" } }),
    [`pkg:npm/%40s/a@1.0.0${at("node_modules/@s/a")}`],
  ],
  [
    v3({
      "node_modules/@s/a": {
        version: "1.0.0",
        resolved: "https://registry.example/@s/a/download/@s/a-1.0.0.tgz?cache=0&other_urls=x",
      },
    }),
    [`pkg:npm/%40s/a@1.0.0${at("node_modules/@s/a")}`],
  ],
  [
    v3({
      "node_modules/a": { version: "1.0.0", resolved: "https://git.example/u/a/releases/download/v1/a-1.0.0.tgz" },
    }),
    [
      `- a@1.0.0: is an archive outside of registries: https://git.example/u/a/releases/download/v1/a-1.0.0.tgz${at("node_modules/a")}`,
    ],
  ],
  [
    v3({ "node_modules/a": { version: "1.0.0-rc.1", integrity: INTEGRITY } }),
    [`pkg:npm/a@1.0.0-rc.1 1 digests${at("node_modules/a")}`],
  ],
  // An algorithm that is not computed here.
  [v3({ "node_modules/a": { version: "1.0.0", integrity: "md5-AAAA" } }), [`pkg:npm/a@1.0.0${at("node_modules/a")}`]],
  [
    v3({ "node_modules/a": { version: "1.0.0", resolved: "https://u:p@git.example/x/-/archive/v1/x.tar.gz" } }),
    [
      `- a@1.0.0: is an archive outside of registries: https://git.example/x/-/archive/v1/x.tar.gz${at("node_modules/a")}`,
    ],
  ],
  [
    v3({ "node_modules/a": { version: "1.0.0", resolved: "git+ssh://git@git.example/a.git#abc" } }),
    [`- a@1.0.0: is from a repository of source code: git+ssh://git.example/a.git#abc${at("node_modules/a")}`],
  ],
  [
    v3({ "node_modules/a": { optional: true } }),
    [`- a: was not found when the lockfile was written${at("node_modules/a")}`],
  ],
  // What npm 11 makes of `"overrides": {"b": "file:./b"}`.
  [
    v3({ "node_modules/a/b": {}, "node_modules/b": { resolved: "node_modules/a/b", link: true } }),
    [`- node_modules/a/b: is a folder${at("node_modules/a/b")}`],
  ],
  [v3({ "node_modules/a": { resolved: "../a", link: true } }), [`- a: is a folder: ../a${at("node_modules/a")}`]],
  // What the project bundles itself is in no archive of a registry yet.
  [
    v3({
      "node_modules/a": { version: "1.0.0", inBundle: true },
      "node_modules/a/node_modules/b": { version: "1.0.0", inBundle: true },
    }),
    [`pkg:npm/a@1.0.0${at("node_modules/a")}`, `pkg:npm/b@1.0.0${at("node_modules/a/node_modules/b")}`],
  ],
  [
    v3({ "": { inBundle: true }, "node_modules/a": { version: "1.0.0", inBundle: true } }),
    [`- app: is the project itself${at("")}`, `pkg:npm/a@1.0.0${at("node_modules/a")}`],
  ],
  [v3({ "node_modules/__proto__": { version: "1.0.0" } }), [`pkg:npm/__proto__@1.0.0${at("node_modules/__proto__")}`]],
  [
    v1({ a: { version: "npm:@s/b@1.0.0" }, c: { version: "github:user/c#abc" }, d: { optional: true } }),
    [
      "- the project: is the project itself, name",
      'pkg:npm/%40s/b@1.0.0, dependencies["a"]',
      '- c: is from a repository of source code: github:user/c#abc, dependencies["c"]',
      '- d: was not found when the lockfile was written, dependencies["d"]',
    ],
  ],
];

test.each(ENTRIES)("reads %s", (text, read) => expect(readings(format, text)).toEqual(read));

const REFUSED: [text: string, message: string | RegExp][] = [
  ["", "line 1: this is no JSON: expected a value, found the end"],
  ["[]", /^the document: expected object, received array$/],
  ['{"lockfileVersion": 4, "packages": {}}', "lockfileVersion is 4; read here: 1, 2, 3"],
  ['{"lockfileVersion": 3}', 'lockfileVersion is 3, but "packages" is missing'],
  ['{"lockfileVersion": 3,\n"packages": {"a": {}, "a": {}}}', 'line 2: this is no JSON: the key "a" is there twice'],
  [v3({ "node_modules/a": { version: 1 } }), "packages.node_modules/a.version: expected string, received number"],
  [v3({ "node_modules/a": { version: "^1" } }), 'packages["node_modules/a"]: "^1" is no version of an npm package'],
  [v3({ "node_modules/a b": { version: "1.0.0" } }), /"a b" is no name of an npm package$/],
  [v3({ "node_modules/a": { version: "1.0.0", integrity: "sha512-AAAA" } }), /expected a hash such as sha512-BASE64/],
  [v1({ a: { version: "1" } }), 'dependencies["a"]: "1" is no version of an npm package'],
  [`{"lockfileVersion":1,"dependencies":${'{"a":{"dependencies":'.repeat(10_000)}`, /nested deeper than/],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("reads what is nested as deep as JSON may be", () => {
  const levels = 240;
  const text = `{"dependencies":${'{"a":{"version":"1.0.0","dependencies":'.repeat(levels)}{}${"}}".repeat(levels)}}`;
  expect(readings(format, text)).toHaveLength(levels + 1);
});

test("refuses every beginning of a file", async () => {
  const text = await fixture("package-lock-v1.json");
  for (let end = 0; end < text.trimEnd().length; end += 97)
    expect(refusal(format, text.slice(0, end))).toMatch(/^line /);
});

test("survives any mutation", async () => survivesMutation(format, await Promise.all(VERSIONS.map(fixture))));
