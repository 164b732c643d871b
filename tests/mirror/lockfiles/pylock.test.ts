import { expect, test } from "bun:test";
import { pylock as format } from "../../../ecosystems/pypi/lockfile-pylock.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what uv exports", async () => {
  expect(readings(format, await fixture("pylock.uv.toml"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, packages[0]",
    "pkg:pypi/certifi@2026.10.18 2 digests, packages[1]",
    "pkg:pypi/click@8.5.1 2 digests, packages[2]",
    "pkg:pypi/colorama@0.4.6 2 digests, packages[3]",
    "- editpkg: is a folder: ../shared/editpkg, packages[4]",
    "pkg:pypi/exceptiongroup@1.3.1 2 digests, packages[5]",
    "- gitpkg@0.1.0: is from a repository of source code: https://git.example/gitpkg, packages[6]",
    "pkg:pypi/h11@0.16.0 2 digests, packages[7]",
    "pkg:pypi/httpcore@1.0.9 2 digests, packages[8]",
    "pkg:pypi/httpx@0.28.1 2 digests, packages[9]",
    "pkg:pypi/idna@3.20 2 digests, packages[10]",
    "- iniconfig@2.3.1: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, packages[11]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, packages[12]",
    "- localpkg: is a folder: ../shared/localpkg, packages[13]",
    "- member: is a folder: packages/member, packages[14]",
    "pkg:pypi/more-itertools@11.1.0 2 digests, packages[15]",
    "pkg:pypi/more-itertools@11.2.1 2 digests, packages[16]",
    "pkg:pypi/sniffio@1.3.1 2 digests, packages[17]",
    "pkg:pypi/socksio@1.0.0 2 digests, packages[18]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, packages[19]",
  ]);
});

test("reads what PDM exports", async () => {
  expect(readings(format, await fixture("pylock.pdm.toml"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, packages[0]",
    "pkg:pypi/certifi@2026.10.18 2 digests, packages[1]",
    "pkg:pypi/click@8.5.1 2 digests, packages[2]",
    "pkg:pypi/colorama@0.4.6 2 digests, packages[3]",
    "- editpkg@0.1.0: is a folder: ../shared/editpkg, packages[4]",
    "- gitpkg@0.1.0: is from a repository of source code: https://git.example/gitpkg.git, packages[5]",
    "pkg:pypi/h11@0.16.0 2 digests, packages[6]",
    "pkg:pypi/httpcore@1.0.9 2 digests, packages[7]",
    "pkg:pypi/httpx@0.28.1 2 digests, packages[8]",
    "pkg:pypi/idna@3.20 2 digests, packages[9]",
    "- iniconfig@2.3.1: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, packages[10]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, packages[11]",
    "- localpkg@0.1.0: is a folder: ../shared/localpkg, packages[12]",
    "pkg:pypi/more-itertools@11.2.1 2 digests, packages[13]",
    "pkg:pypi/sniffio@1.3.1 2 digests, packages[14]",
    "pkg:pypi/socksio@1.0.0 2 digests, packages[15]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, packages[16]",
  ]);
});

const SHA256 = `sha256 = "${"ab".repeat(32)}"`;
const TABLE: [stated: string, read: string][] = [
  [
    `wheels = [{ url = "https://files.example/six-1.16.0-py2.py3-none-any.whl", hashes = { ${SHA256} } }]`,
    "pkg:pypi/six@1.16.0 1 digests, packages[0]",
  ],
  [
    `sdist = { name = "six-1.15.0.tar.gz", url = "https://files.example/x", hashes = { md5 = "x", ${SHA256} } }`,
    "pkg:pypi/six@1.15.0 1 digests, packages[0]",
  ],
  [`sdist = { url = "https://files.example/six-1.tar.gz", hashes = { blake2b = "x" } }`, "pkg:pypi/six@1, packages[0]"],
  [
    `sdist = { path = "wheels/six-1.tar.gz", hashes = { ${SHA256} } }`,
    "- six@1: is a local file: wheels/six-1.tar.gz, packages[0]",
  ],
  [`archive = { path = "six-1.zip", hashes = { ${SHA256} } }`, "- six: is a local file: six-1.zip, packages[0]"],
  ["", "- six: states neither a version nor files, packages[0]"],
];

test.each(TABLE)("%s", (stated, read) => {
  const text = `lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "six"\n${stated}`;
  expect(readings(format, text)).toEqual([read]);
});

const REFUSED: [text: string, message: string | RegExp][] = [
  ["", /^lock-version: /],
  ['lock-version = "2.0"\npackages = []', "lock-version is 2.0; read here: 1"],
  ['lock-version = "1.0"', /^packages: /],
  ['lock-version = "1.0"\npackages = [{ name = "six", sdist = { url = "x" } }]', /^packages\[0\]\.sdist\.hashes: /],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its name, which may hold another, or its first lines", async () => {
  expect(format.recognizes("pylock.toml", "")).toBe(true);
  expect(format.recognizes("pylock.dev.toml", "")).toBe(true);
  expect(format.recognizes("pyproject.toml", "")).toBe(false);
  expect(format.recognizes("lock.toml", await fixture("pylock.uv.toml"))).toBe(true);
  expect(format.recognizes("lock.toml", await fixture("poetry-2.1.lock"))).toBe(false);
});

test("survives any mutation", async () => {
  survivesMutation(format, [await fixture("pylock.uv.toml"), await fixture("pylock.pdm.toml")]);
});
