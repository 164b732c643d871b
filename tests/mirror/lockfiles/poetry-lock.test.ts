import { expect, test } from "bun:test";
import { poetryLock as format } from "../../../ecosystems/pypi/lockfile-poetry.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what Poetry 2 writes", async () => {
  expect(readings(format, await fixture("poetry-2.1.lock"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, package[0]",
    "pkg:pypi/attrs@26.1.0 2 digests, package[1]",
    "pkg:pypi/cffi@2.1.1 4 digests, package[2]",
    "pkg:pypi/click@8.5.1 2 digests, package[3]",
    "pkg:pypi/colorama@0.4.6 2 digests, package[4]",
    "- editpkg@0.1.0: is a folder: ../shared/editpkg, package[5]",
    "pkg:pypi/exceptiongroup@1.3.1 2 digests, package[6]",
    "- gitpkg@0.1.0: is from a repository of source code: https://git.example/gitpkg, package[7]",
    "pkg:pypi/idna@3.20 2 digests, package[8]",
    "- iniconfig@2.3.1: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, package[9]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, package[10]",
    "- localpkg@0.1.0: is a folder: ../shared/localpkg, package[11]",
    "pkg:pypi/more-itertools@11.1.0 2 digests, package[12]",
    "pkg:pypi/outcome@1.3.0.post0 2 digests, package[13]",
    "pkg:pypi/pycparser@3.11 2 digests, package[14]",
    "pkg:pypi/sniffio@1.3.1 2 digests, package[15]",
    "pkg:pypi/sortedcontainers@2.4.0 2 digests, package[16]",
    "pkg:pypi/trio@0.35.0 2 digests, package[17]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, package[18]",
  ]);
});

test("reads what Poetry 1.8 writes", async () => {
  expect(readings(format, await fixture("poetry-2.0.lock"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, package[0]",
    "pkg:pypi/attrs@26.1.0 2 digests, package[1]",
    "pkg:pypi/cffi@2.1.1 4 digests, package[2]",
    "pkg:pypi/click@8.5.1 2 digests, package[3]",
    "pkg:pypi/colorama@0.4.6 2 digests, package[4]",
    "- editpkg@0.1.0: is a folder: ../shared/editpkg, package[5]",
    "pkg:pypi/exceptiongroup@1.3.1 2 digests, package[6]",
    "- gitpkg@0.1.0: is from a repository of source code: https://git.example/gitpkg, package[7]",
    "pkg:pypi/idna@3.20 2 digests, package[8]",
    "- iniconfig@2.3.1: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, package[9]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, package[10]",
    "- localpkg@0.1.0: is a folder: ../shared/localpkg, package[11]",
    "pkg:pypi/more-itertools@11.1.0 2 digests, package[12]",
    "pkg:pypi/outcome@1.3.0.post0 2 digests, package[13]",
    "pkg:pypi/pycparser@3.11 2 digests, package[14]",
    "pkg:pypi/sniffio@1.3.1 2 digests, package[15]",
    "pkg:pypi/sortedcontainers@2.4.0 2 digests, package[16]",
    "pkg:pypi/trio@0.35.0 2 digests, package[17]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, package[18]",
  ]);
});

test("reads what Poetry 1.1 writes, with all files at the end", async () => {
  expect(readings(format, await fixture("poetry-1.1.lock"))).toEqual([
    "pkg:pypi/anyio@4.12.1 2 digests, package[0]",
    "pkg:pypi/click@8.5.1 2 digests, package[1]",
    "pkg:pypi/colorama@0.4.6 2 digests, package[2]",
    "pkg:pypi/exceptiongroup@1.3.1 2 digests, package[3]",
    "- gitpkg@0.1.0: is from a repository of source code: https://git.example/gitpkg, package[4]",
    "pkg:pypi/idna@3.20 2 digests, package[5]",
    "- iniconfig@2.3.1: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, package[6]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, package[7]",
    "pkg:pypi/more-itertools@11.1.0 2 digests, package[8]",
    "pkg:pypi/sniffio@1.3.1 2 digests, package[9]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, package[10]",
  ]);
});

const END = '[metadata]\npython-versions = "*"\ncontent-hash = "0"\n';
const HASH = "ab".repeat(32);

test("takes each of two versions with its own files, where these are listed by name", () => {
  const text = `[[package]]
name = "six"
version = "1.15.0"
[[package]]
name = "six"
version = "1.16.0"
${END}[metadata.files]
six = [
  {file = "six-1.15.0.tar.gz", hash = "sha256:${HASH}"},
  {file = "six-1.16.0-py2.py3-none-any.whl", hash = "sha256:${HASH}"},
  {file = "six-1.16.0.tar.gz", hash = "md5:${"cd".repeat(16)}"},
]`;
  expect(readings(format, text)).toEqual([
    "pkg:pypi/six@1.15.0 1 digests, package[0]",
    "pkg:pypi/six@1.16.0 2 digests, package[1]",
  ]);
});

test("tells of sources that are not known here", () => {
  const text = `[[package]]\nname = "six"\nversion = "1"\nsource = { type = "constructor", url = "x" }\n${END}`;
  expect(readings(format, text)).toEqual([
    "- six@1: is from a source of a kind that is not known here: constructor, package[0]",
  ]);
});

test("reads a lockfile without packages", () => expect(readings(format, END)).toEqual([]));

const REFUSED: [text: string, message: string | RegExp][] = [
  ["", /^metadata: /],
  ['[[package]]\nname = "six"\nversion = ', /^line 3: this is no TOML: /],
  ['[[package]]\nname = "six"\nversion = "1.16.0"\n', /^metadata: /],
  ['[[package]]\nname = "six"\nname = "ten"', /^line 3: this is no TOML: trying to redefine/],
  [`[[package]]\nname = "six"\nversion = 1\n${END}`, /^package\[0\]\.version: expected string, received number$/],
  [`${END}lock-version = "3.0"`, "metadata.lock-version is 3.0; read here: 1, 2"],
  [`a = ${"[".repeat(100_000)}`, /^line 1: this is no TOML: .*nested/],
  [
    `[[package]]\nname = "six"\nversion = "1"\nfiles = [{file = "six.whl", hash = "sha256:12"}]\n${END}`,
    'package[0]: expected 64 hexadecimal digits of sha256, found "12"',
  ],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its name or by its end", async () => {
  expect(format.recognizes("poetry.lock", "")).toBe(true);
  expect(format.recognizes("other.lock", await fixture("poetry-2.1.lock"))).toBe(true);
  expect(format.recognizes("other.lock", await fixture("uv.lock"))).toBe(false);
  expect(format.recognizes("other.lock", await fixture("pdm-4.5.lock"))).toBe(false);
});

test("survives any mutation", async () => {
  survivesMutation(format, [await fixture("poetry-2.0.lock"), await fixture("poetry-1.1.lock")]);
});
