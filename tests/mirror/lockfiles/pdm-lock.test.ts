import { expect, test } from "bun:test";
import { pdmLock as format } from "../../../ecosystems/pypi/lockfile-pdm.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what PDM 2.29 writes", async () => {
  expect(readings(format, await fixture("pdm-4.5.lock"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, package[0]",
    "pkg:pypi/certifi@2026.10.18 2 digests, package[1]",
    "pkg:pypi/click@8.5.1 2 digests, package[2]",
    "pkg:pypi/colorama@0.4.6 2 digests, package[3]",
    "- editpkg@0.1.0: is a folder: ../shared/editpkg, package[4]",
    "- gitpkg@0.1.0: is from a repository of source code: https://git.example/gitpkg.git, package[5]",
    "pkg:pypi/h11@0.16.0 2 digests, package[6]",
    "pkg:pypi/httpcore@1.0.9 2 digests, package[7]",
    "pkg:pypi/httpx@0.28.1 2 digests, package[8]",
    "pkg:pypi/httpx@0.28.1 2 digests, package[9]",
    "pkg:pypi/idna@3.20 2 digests, package[10]",
    "- iniconfig@2.3.1: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, package[11]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, package[12]",
    "- localpkg@0.1.0: is a folder: ../shared/localpkg, package[13]",
    "pkg:pypi/more-itertools@11.2.1 2 digests, package[14]",
    "pkg:pypi/sniffio@1.3.1 2 digests, package[15]",
    "pkg:pypi/socksio@1.0.0 2 digests, package[16]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, package[17]",
  ]);
});

test("reads what PDM 2.4 writes, with all files at the end", async () => {
  expect(readings(format, await fixture("pdm-4.1.lock"))).toEqual([
    "pkg:pypi/click@8.5.1 2 digests, package[0]",
    "pkg:pypi/colorama@0.4.6 2 digests, package[1]",
    "- editpkg@0.1.0: is a folder: ../shared/editpkg, package[2]",
    "- gitpkg@0.1.0: is from a repository of source code: https://git.example/gitpkg.git, package[3]",
    "pkg:pypi/httpx@1.0.dev6 2 digests, package[4]",
    "pkg:pypi/httpx@1.0.dev6 2 digests, package[5]",
    "- iniconfig@2.3.1: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, package[6]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, package[7]",
    "- localpkg@0.1.0: is a folder: ../shared/localpkg, package[8]",
    "pkg:pypi/more-itertools@11.2.1 2 digests, package[9]",
    "pkg:pypi/sniffio@1.3.1 2 digests, package[10]",
    "pkg:pypi/truststore@0.10.5 2 digests, package[11]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, package[12]",
  ]);
});

test("reads what PDM 1.15 writes", async () => {
  expect(readings(format, await fixture("pdm-3.1.lock"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, package[0]",
    "pkg:pypi/certifi@2026.10.18 2 digests, package[1]",
    "pkg:pypi/h11@0.16.0 2 digests, package[2]",
    "pkg:pypi/httpcore@1.0.9 2 digests, package[3]",
    "pkg:pypi/httpx@0.28.1 2 digests, package[4]",
    "pkg:pypi/httpx@0.28.1 2 digests, package[5]",
    "pkg:pypi/idna@3.20 2 digests, package[6]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, package[7]",
    "pkg:pypi/more-itertools@11.2.1 2 digests, package[8]",
    "pkg:pypi/socksio@1.0.0 2 digests, package[9]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, package[10]",
  ]);
});

test("reads addresses in the place of file names", () => {
  const text = `[metadata]
lock_version = "4.5.0"
[[package]]
name = "six"
version = "1.16.0"
files = [{url = "https://registry.example/six-1.16.0.tar.gz", hash = "sha256:${"ab".repeat(32)}"}]
[[package]]
name = "computed"`;
  expect(readings(format, text)).toEqual([
    "pkg:pypi/six@1.16.0 1 digests, package[0]",
    "- computed: states no version, package[1]",
  ]);
});

const REFUSED: [text: string, message: string | RegExp][] = [
  ["[[package]]", /^metadata: /],
  ['[metadata]\nlock_version = "5.0"', "metadata.lock_version is 5.0; read here: 3, 4"],
  ['[metadata]\nlock_version = "4.5"\n[metadata]', /^line 3: this is no TOML: trying to redefine/],
  ['package = 1\n[metadata]\nlock_version = "4.5"', /^package: expected array, received number$/],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its name or its metadata", async () => {
  expect(format.recognizes("pdm.lock", "")).toBe(true);
  expect(format.recognizes("pdm.prod.lock", await fixture("pdm-4.1.lock"))).toBe(true);
  expect(format.recognizes("other.lock", await fixture("poetry-2.1.lock"))).toBe(false);
});

test("survives any mutation", async () => {
  survivesMutation(format, [await fixture("pdm-4.5.lock"), await fixture("pdm-4.1.lock")]);
});
