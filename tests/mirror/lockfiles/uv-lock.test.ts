import { expect, test } from "bun:test";
import { uvLock as format } from "../../../ecosystems/pypi/lockfile-uv.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what uv writes, with its workspace, folders, a repository and an archive", async () => {
  expect(readings(format, await fixture("uv.lock"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, package[0]",
    "pkg:pypi/certifi@2026.10.18 2 digests, package[1]",
    "pkg:pypi/click@8.5.1 2 digests, package[2]",
    "pkg:pypi/colorama@0.4.6 2 digests, package[3]",
    "- editpkg@0.1.0: is a folder: ../shared/editpkg, package[4]",
    "pkg:pypi/exceptiongroup@1.3.1 2 digests, package[5]",
    "- gitpkg@0.1.0: is from a repository of source code: https://git.example/gitpkg?tag=v1#f23130f357cbfa5ad8e47f4d13480653cbe01b77, package[6]",
    "pkg:pypi/h11@0.16.0 2 digests, package[7]",
    "pkg:pypi/httpcore@1.0.9 2 digests, package[8]",
    "pkg:pypi/httpx@0.28.1 2 digests, package[9]",
    "pkg:pypi/idna@3.20 2 digests, package[10]",
    "- iniconfig@2.3.1: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, package[11]",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, package[12]",
    "- localpkg@0.1.0: is a folder: ../shared/localpkg, package[13]",
    "- member@0.2.0: is a member of the workspace: packages/member, package[14]",
    "pkg:pypi/more-itertools@11.1.0 2 digests, package[15]",
    "pkg:pypi/more-itertools@11.2.1 2 digests, package[16]",
    "- my-app@0.1.0: is the project itself, package[17]",
    "pkg:pypi/sniffio@1.3.1 2 digests, package[18]",
    "pkg:pypi/socksio@1.0.0 2 digests, package[19]",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, package[20]",
  ]);
});

function lock(...packages: string[]): string {
  return ["version = 1", ...packages.map((each) => `[[package]]\n${each}`)].join("\n");
}

const TABLE: [source: string, read: string][] = [
  ['source = { editable = "." }', "- six@1: is the project itself, package[0]"],
  ['source = { path = "six-1.tar.gz" }', "- six@1: is a local file: six-1.tar.gz, package[0]"],
  ['source = { registry = "../wheels" }', "- six@1: is a folder: ../wheels, package[0]"],
  ['source = { future = "x" }', "- six@1: states no version or no source that is known here, package[0]"],
  [
    'source = { git = "https://u:p@git.example/six?tag=v1#abc" }',
    "- six@1: is from a repository of source code: https://git.example/six?tag=v1#abc, package[0]",
  ],
  // A hash for each file, or else none is expected.
  [
    `source = { registry = "https://registry.example/simple" }\nsdist = { url = "x", hash = "sha256:${"ab".repeat(32)}" }\nwheels = [{ url = "y" }]`,
    "pkg:pypi/six@1, package[0]",
  ],
];

test.each(TABLE)("%s", (source, read) => {
  expect(readings(format, lock(`name = "six"\nversion = "1"\n${source}`))).toEqual([read]);
});

test("packages of several registries are read alike", () => {
  const of = (name: string, host: string) =>
    `name = "${name}"\nversion = "1"\nsource = { registry = "https://${host}/simple" }`;
  const text = lock(of("a", "u:secret@private.example"), of("b", "registry.example"), of("c", "registry.example"));
  expect(readings(format, text)).toEqual([
    "pkg:pypi/a@1, package[0]",
    "pkg:pypi/b@1, package[1]",
    "pkg:pypi/c@1, package[2]",
  ]);
});

const REGISTRY = 'source = { registry = "https://registry.example/simple" }';
const REFUSED: [text: string, message: string | RegExp][] = [
  ["", /^version: /],
  ["version = 2", "version is 2; read here: 1"],
  ["version = 1\n[[package]]", /^package\[0\]\.name: expected string/],
  ["version = 99999999999999999999", /^version: /],
  [
    lock('name = "six"\nversion = "1"\nsource = "registry"'),
    /^package\[0\]\.source: expected object, received string$/,
  ],
  [
    lock(`name = "six"\nversion = "1"\n${REGISTRY}\ndependencies = [{ name = "ten" }]`),
    "package[0]: its dependency ten is not in the file, which must be cut off",
  ],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("does not take a file that ends between packages for a whole one", async () => {
  const text = await fixture("uv.lock");
  expect(refusal(format, text.slice(0, text.indexOf('[[package]]\nname = "socksio"')))).toMatch(
    /typing-extensions is not in/,
  );
});

test("is recognized by its name or its first lines", async () => {
  expect(format.recognizes("uv.lock", "")).toBe(true);
  expect(format.recognizes("script.py.lock", await fixture("uv.lock"))).toBe(true);
  expect(format.recognizes("other.lock", await fixture("poetry-2.1.lock"))).toBe(false);
  expect(format.recognizes("Cargo.lock", 'version = 4\n\n[[package]]\nname = "six"\n')).toBe(false);
});

test("survives any mutation", async () => survivesMutation(format, [await fixture("uv.lock")]));
