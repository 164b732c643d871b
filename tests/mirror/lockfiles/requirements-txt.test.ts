import { expect, test } from "bun:test";
import { requirementsTxt as format } from "../../../ecosystems/pypi/lockfile-requirements.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

const SHA256 = `sha256:${"ab".repeat(32)}`;
const SHA512 = `sha512:${"ab".repeat(64)}`;
const PIN = "pin it, e.g. with pip-compile or uv pip compile";

test("reads what pip-compile writes", async () => {
  expect(readings(format, await fixture("requirements-pip-compile.txt"))).toEqual([
    "pkg:pypi/anyio@4.16.0 2 digests, line 10",
    "pkg:pypi/certifi@2026.10.18 2 digests, line 14",
    "pkg:pypi/click@8.5.1 2 digests, line 20",
    "pkg:pypi/h11@0.16.0 2 digests, line 24",
    "pkg:pypi/httpcore@1.0.9 2 digests, line 28",
    "pkg:pypi/httpx@0.28.1 2 digests, line 32",
    "pkg:pypi/idna@3.20 2 digests, line 36",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, line 42",
    "pkg:pypi/more-itertools@11.2.1 2 digests, line 46",
    "pkg:pypi/socksio@1.0.0 2 digests, line 50",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, line 54",
  ]);
});

test("reads what uv exports, with folders, a repository and an archive", async () => {
  expect(readings(format, await fixture("requirements-uv.txt"))).toEqual([
    "- ../shared/editpkg: is a folder, line 3",
    "- ./packages/member: is a folder, line 5",
    "- ../shared/localpkg: is a folder, line 7",
    "pkg:pypi/anyio@4.16.0 2 digests, line 9",
    "pkg:pypi/certifi@2026.10.18 2 digests, line 13",
    "pkg:pypi/click@8.5.1 2 digests, line 19",
    "pkg:pypi/colorama@0.4.6 2 digests, line 23",
    "pkg:pypi/exceptiongroup@1.3.1 2 digests, line 26",
    "- gitpkg: is from a repository of source code: git+https://git.example/gitpkg@f23130f357cbfa5ad8e47f4d13480653cbe01b77, line 30",
    "pkg:pypi/h11@0.16.0 2 digests, line 32",
    "pkg:pypi/httpcore@1.0.9 2 digests, line 36",
    "pkg:pypi/httpx@0.28.1 2 digests, line 40",
    "pkg:pypi/idna@3.20 2 digests, line 44",
    "- iniconfig: is an archive outside of registries: https://files.registry.example/packages/56/43/4ca9e49d27a1fcf6bece6f6aec0ea46bb9112489b93d4b688fb415457bdb/iniconfig-2.3.1-py3-none-any.whl, line 51",
    "pkg:pypi/jaraco-functools@4.6.0 2 digests, line 54",
    "pkg:pypi/more-itertools@11.1.0 2 digests, line 58",
    "pkg:pypi/more-itertools@11.2.1 2 digests, line 62",
    "pkg:pypi/sniffio@1.3.1 2 digests, line 66",
    "pkg:pypi/socksio@1.0.0 2 digests, line 73",
    "pkg:pypi/typing-extensions@4.16.0 2 digests, line 77",
  ]);
});

const LINES: [line: string, read: string[]][] = [
  ["", []],
  ["# only a comment\n   # another", []],
  ["Flask==3.0.0", ["pkg:pypi/flask@3.0.0, line 1"]],
  ["zope.interface == 6.1", ["pkg:pypi/zope-interface@6.1, line 1"]],
  ["ruamel_yaml[jinja2, oldlibyaml]==0.18.5", ["pkg:pypi/ruamel-yaml@0.18.5, line 1"]],
  ["torch===2.1.0+cpu", ["pkg:pypi/torch@2.1.0+cpu, line 1"]],
  ["six (==1.16.0)", ["pkg:pypi/six@1.16.0, line 1"]],
  ["six >=1.0, ==1.16.0", ["pkg:pypi/six@1.16.0, line 1"]],
  ["six==1.16.0;python_version<'3' and os_name!='nt'", ["pkg:pypi/six@1.16.0, line 1"]],
  ["six==1.16.0 # why", ["pkg:pypi/six@1.16.0, line 1"]],
  ["six==1!2.0.post1.dev3", ["pkg:pypi/six@1!2.0.post1.dev3, line 1"]],
  ["\r\nsix==1.16.0\r\n", ["pkg:pypi/six@1.16.0, line 2"]],
  [`six==1 --hash=${SHA256} --hash ${SHA512}`, ["pkg:pypi/six@1 2 digests, line 1"]],
  [
    `\nsix==1 \\\n  --hash=${SHA256} \\\n# between\nten==2\n`,
    ["pkg:pypi/six@1 1 digests, line 2", "pkg:pypi/ten@2, line 5"],
  ],
  // One that cannot be compared: expecting the other alone would leave its file out.
  [`six==1 --hash=${SHA256} --hash=sha384:ab`, ["pkg:pypi/six@1, line 1"]],
  ["six==1 --config-settings='--global-option=x' --no-binary=:all:", ["pkg:pypi/six@1, line 1"]],
  ["six", [`- six: states no single version: ${PIN}, line 1`]],
  ["six>=1,<2 ; os_name == 'nt'", [`- six: states no single version (>=1,<2): ${PIN}, line 1`]],
  ["six==1.*", [`- six: states no single version (==1.*): ${PIN}, line 1`]],
  ["six[extra]~=1.4", [`- six: states no single version (~=1.4): ${PIN}, line 1`]],
  ["-r base.txt", ["- --requirement base.txt: names another file: pass that one too, line 1"]],
  ["--constraint=../c.txt", ["- --constraint ../c.txt: names another file: pass that one too, line 1"]],
  ["-cc.txt", ["- --constraint c.txt: names another file: pass that one too, line 1"]],
  ["-e .", ["- .: is a folder, line 1"]],
  [
    "-e git+ssh://git@git.example/x.git@main#egg=x",
    ["- git+ssh://git.example/x.git@main#egg=x: is from a repository of source code, line 1"],
  ],
  ["./wheels/six-1.16.0-py3-none-any.whl", ["- ./wheels/six-1.16.0-py3-none-any.whl: is a local file, line 1"]],
  ["six-1.16.0.tar.gz", ["- six-1.16.0.tar.gz: is a local file, line 1"]],
  ["lib/six[x]", ["- lib/six[x]: is a folder, line 1"]],
  ["six @ file:///tmp/six ; os_name=='nt'", ["- six: is a folder: file:///tmp/six, line 1"]],
  [
    "https://user:pw@files.example/six-1.zip",
    ["- https://files.example/six-1.zip: is an archive outside of registries, line 1"],
  ],
  [
    "--no-index\n--pre\n-f ./wheels",
    ["- --find-links ./wheels: names a further registry: which packages are from it cannot be told, line 3"],
  ],
];

test.each(LINES)("%j", (line, read) => expect(readings(format, line)).toEqual(read));

const REFUSED: [text: string, message: string | RegExp][] = [
  ["six==1\nfoo bar", 'line 2: "foo bar" is no requirement; expected NAME==VERSION'],
  ["six=1", /^line 1: "six=1" is no requirement/],
  ["{", /^line 1: "\{" is no requirement/],
  ["six==1 --hash=sha256:abc", 'line 1: expected 64 hexadecimal digits of sha256, found "abc"'],
  ["six==1 --hash=abc", 'line 1: expected a hash such as sha256:HEX, found "abc"'],
  ["six==1 --hash", "line 1: --hash states nothing"],
  [`--hash=${SHA256}`, "line 1: --hash belongs to no requirement"],
  [
    "\n--frobnicate=https://u:p@x.example",
    'line 2: "--frobnicate=https://x.example" is no option of a requirements file',
  ],
  ["--constructor=x", 'line 1: "--constructor=x" is no option of a requirements file'],
  [`six==1 --hash=${SHA256}\nten==2.`, "line 2: the text ends within this line, so it must be cut off"],
  [`six==1 \\\n  --hash=${SHA256} \\`, "line 1: nothing follows the backslash at the end"],
];

test.each(REFUSED)("refuses %j", (text, message) => expect(refusal(format, text)).toMatch(message));

test("refuses a requirement that is none by its length", () => {
  expect(refusal(format, `six==${"1".repeat(5_000)}`)).toBe(
    "line 1: a requirement of 5005 characters is longer than 4096",
  );
});

test("is recognized by its name, or by a pin", () => {
  expect(format.recognizes("requirements-dev.txt", "")).toBe(true);
  expect(format.recognizes("base.txt", "# x\nsix==1.0\n")).toBe(true);
  expect(format.recognizes("notes.txt", "six = 1")).toBe(false);
  expect(format.recognizes("go.sum", "six==1.0")).toBe(false);
});

test("survives any mutation", async () => {
  survivesMutation(format, [
    await fixture("requirements-pip-compile.txt"),
    await fixture("requirements-uv.txt"),
    LINES.map(([line]) => line).join("\n"),
  ]);
});
