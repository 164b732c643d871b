import { expect, test } from "bun:test";
import { pipfileLock as format } from "../../../ecosystems/pypi/lockfile-pipfile.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what Pipenv writes, with all groups", async () => {
  expect(readings(format, await fixture("Pipfile.lock"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, default.anyio",
    "pkg:pypi/certifi@2026.10.18 2 digests, default.certifi",
    "pkg:pypi/click@8.5.1 2 digests, default.click",
    "- editpkg: is a folder: ../shared/editpkg, default.editpkg",
    "- gitpkg: is from a repository of source code: https://git.example/gitpkg, default.gitpkg",
    "pkg:pypi/h11@0.16.0 2 digests, default.h11",
    "pkg:pypi/httpcore@1.0.9 2 digests, default.httpcore",
    "pkg:pypi/httpx@0.28.1 2 digests, default.httpx",
    "pkg:pypi/idna@3.20 2 digests, default.idna",
    "- iniconfig: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, default.iniconfig",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, default.jaraco.functools",
    "- localpkg: is a folder: ../shared/localpkg, default.localpkg",
    "pkg:pypi/more-itertools@11.2.1 2 digests, default.more-itertools",
    "pkg:pypi/sniffio@1.3.1 2 digests, default.sniffio",
    "pkg:pypi/socksio@1.0.0 2 digests, default.socksio",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, default.typing-extensions",
    "pkg:pypi/colorama@0.4.6 2 digests, develop.colorama",
    "pkg:pypi/toolz@1.2.0 2 digests, docs.toolz",
  ]);
});

const META = {
  "pipfile-spec": 6,
  sources: [
    { name: "pypi", url: "https://registry.example/simple" },
    { name: "private", url: "https://user:secret@private.example/simple/" },
  ],
};

test("packages of several sources are read alike", () => {
  const packages = {
    a: { version: "==1" },
    b: { version: "==2", index: "pypi" },
    c: { version: "==3", index: "private" },
    d: { version: "*" },
    e: {},
  };
  expect(readings(format, JSON.stringify({ _meta: META, default: packages, develop: {} }))).toEqual([
    "pkg:pypi/a@1, default.a",
    "pkg:pypi/b@2, default.b",
    "pkg:pypi/c@3, default.c",
    "- d: states no single version (*), default.d",
    "- e: states no single version (none), default.e",
  ]);
});

const REFUSED: [text: string, message: string | RegExp][] = [
  ["", "line 1: this is no JSON: expected a value, found the end"],
  ['{"_meta": {"pipfile-spec": 6}, "default": {', /^line 1: this is no JSON: expected a key, found the end$/],
  ["[]", /^the document: expected record/],
  ["{}", /^_meta: expected object/],
  ['{"_meta": {"pipfile-spec": 7}}', "_meta.pipfile-spec is 7; read here: 6"],
  ['{"_meta": {"pipfile-spec": 6}, "default": []}', /^default: expected record/],
  ['{"_meta": {"pipfile-spec": 6}, "default": {"six": {"version": 1}}}', /^default\.six\.version: expected string/],
  [
    '{"_meta": {"pipfile-spec": 6}, "default": {"../six": {"version": "==1"}}}',
    'default.../six: "../six" is no name of a Python package',
  ],
  [
    '{"_meta": {"pipfile-spec": 6},\n"default": {"six": {}, "six": {}}}',
    'line 2: this is no JSON: the key "six" is there twice',
  ],
  [`{"_meta": {"pipfile-spec": 6}, "default": ${"[".repeat(200_000)}`, /^line 1: this is no JSON: it is nested deeper/],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its name or its content", async () => {
  expect(format.recognizes("Pipfile.lock", "")).toBe(true);
  expect(format.recognizes("other.json", await fixture("Pipfile.lock"))).toBe(true);
  expect(format.recognizes("package-lock.json", "{}")).toBe(false);
});

test("survives any mutation", async () => survivesMutation(format, [await fixture("Pipfile.lock")]));
