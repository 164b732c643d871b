import { expect, test } from "bun:test";
import { yarnLock as format } from "../../../ecosystems/npm/lockfile-yarn.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";
import { asides, BUNDLED, digests, entriesIn, INTEGRITY, RELEASES, releases } from "../../support/npm-lockfiles.ts";

test("reads what Yarn 1 writes: releases with digests, and the rest aside", async () => {
  const entries = await entriesIn(format, "yarn-classic.lock");
  // It gets from the registry what comes within an archive, too.
  expect(releases(entries)).toEqual([...RELEASES, ...BUNDLED].sort());
  expect(Object.values(digests(entries)).every((all) => all?.length === 1)).toBe(true);
  expect(asides(entries)).toEqual({
    own: [],
    foreign: [
      "archived@3.0.1 is an archive outside of registries: https://archive.example/archive/archived.tar.gz#ee8cdc840eb10b54035a2aaa62b7c063fe240559",
      "gitpkg@0.4.0 is from a repository of source code: git+https://git.example/gitpkg.git#dcb22cdddb51422a59b5ac4fe4c95a82c064f720",
      "localpkg@0.1.0 is a folder: file:../localpkg",
      "vendored@0.5.0 is a local file: file:./vendor/vendored-0.5.0.tgz#fe99f54517add793f06033f4fd503c6b0524ba4a",
    ],
  });
});

const lock = (...lines: string[]) => `# yarn lockfile v1\n\n\n${lines.join("\n")}\n`;

const ENTRIES: [lines: string[], read: string][] = [
  [["a@^1.0.0:", '  version "1.0.0"'], "pkg:npm/a@1.0.0, line 4"],
  [["# a comment", "", 'a@latest, "a@1 || 2", a@:', '  version "1.0.0"'], "pkg:npm/a@1.0.0, line 6"],
  [['"b@npm:@s/a@^1.0.0":', '  version "1.0.0"', `  integrity ${INTEGRITY}`], "pkg:npm/%40s/a@1.0.0 1 digests, line 4"],
  // Yarn before 1.10, and its mirror in a folder.
  [["a@1:", '  version "1.0.0"', `  resolved "a-1.0.0.tgz#${"ab".repeat(20)}"`], "pkg:npm/a@1.0.0 1 digests, line 4"],
  [
    ['"a@user/a#v1":', '  version "1.0.0"', '  resolved "https://codehost.example/a/tar.gz/ab"'],
    "- a@1.0.0: is from a repository of source code: https://codehost.example/a/tar.gz/ab, line 4",
  ],
  // What is asked for is there with what `resolutions` have in its place.
  [['a@^1.0.0, "a@npm:b@2.0.0":', '  version "2.0.0"'], "pkg:npm/b@2.0.0, line 4"],
  [['a@1.0.0, "a@file:./a":', '  version "1.0.1"'], "- a@1.0.1: is a folder: file:./a, line 4"],
  [
    [
      'a@^1.0.0, "a@git+https://git.example/a.git":',
      '  version "1.0.0"',
      '  resolved "git+https://git.example/a.git#ab"',
    ],
    "- a@1.0.0: is from a repository of source code: git+https://git.example/a.git#ab, line 4",
  ],
  // The address of a registry's archive.
  [
    [
      '"a@https://registry.example/a/-/a-1.0.0.tgz":',
      '  version "1.0.0"',
      '  resolved "https://registry.example/a/-/a-1.0.0.tgz"',
    ],
    "pkg:npm/a@1.0.0, line 4",
  ],
  // Within another package, as Yarn imports it from npm's tree.
  [['"@a/node_modules/isn@npm:is-number@^7.0.0":', '  version "7.0.0"'], "pkg:npm/is-number@7.0.0, line 4"],
  [['"x/node_modules/@s/y/node_modules/a@^1":', '  version "1.0.0"'], "pkg:npm/a@1.0.0, line 4"],
  [
    [
      '"is-number@owner/is-number#semver:^2.0.0":',
      '  version "2.0.2"',
      '  resolved "https://codehost.example/tar.gz/ab"',
    ],
    "- is-number@2.0.2: is from a repository of source code: https://codehost.example/tar.gz/ab, line 4",
  ],
  [['"a@link:../a":', '  version "0.0.0"', '  uid ""'], "- a@0.0.0: is a folder: link:../a, line 4"],
  [
    ['"a@https://git.example/a.git":', '  version "1.0.0"'],
    "- a@1.0.0: is from a repository of source code: https://git.example/a.git, line 4",
  ],
];

test.each(ENTRIES)("reads %j", (lines, read) => {
  expect(readings(format, lock(...lines))).toEqual([read]);
  expect(readings(format, lock(...lines).replaceAll("\n", "\r\n"))).toEqual([read]);
});

test("members of the workspace, which others may depend on, are not in it", () => {
  const text = lock(
    "a@^1.0.0:",
    '  version "1.0.0"',
    "  dependencies:",
    '    member "^1"',
    "",
    "z@1:",
    '  version "1.0.0"',
  );
  expect(readings(format, text)).toEqual(["pkg:npm/a@1.0.0, line 4", "pkg:npm/z@1.0.0, line 9"]);
});

test("a project that needs nothing has a lockfile with no entries", () => expect(readings(format, lock())).toEqual([]));

const REFUSED: [text: string, message: string | RegExp][] = [
  ["", "the text ends within a line, so it must be cut off"],
  ["\n", "line 1: this is no yarn.lock: it has no entries"],
  ["# yarn lockfile v2\n", "it is of version 2; read here: 1, and 4 to 10 of later Yarns"],
  [lock("a@1:"), "line 4: expected a version of a@1, which must be cut off"],
  [lock("a@1"), "line 4: expected what is asked for, such as a@^1.0.0, and a colon"],
  [lock("a@1 a@2:"), "line 4: expected what is asked for, such as a@^1.0.0, and a colon"],
  [lock("a@1:", '  version "1.0.0"', '  version "1.0.0"'), "line 6: the key version is there twice"],
  [lock("a@1:", '  version "1.0.0"', "", "a@1:", '  version "1.0.1"'), "line 7: a@1 is there twice"],
  [lock("a@1:", '  version "1.0.0'), 'line 5: expected a text, found " \\"1.0.0"'.replaceAll("\\", "")],
  [lock('  version "1.0.0"'), /^line 4: expected a key and a value below what is asked for/],
  [lock("a@1:", '   version "1.0.0"'), /^line 5: expected a key and a value below what is asked for/],
  [lock("a@1:", '  version "1"'), 'line 4: "1" is no version of an npm package'],
  [
    lock("a@1:", '  version "1.0.0"', "  dependencies:", '    b "^1"'),
    "line 4: its dependency b is not in the file, which must be cut off",
  ],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("does not take a file that ends between entries for a whole one", async () => {
  const text = await fixture("yarn-classic.lock");
  expect(refusal(format, text.slice(0, text.indexOf("wrappy@1, wrappy@1.0.2:")))).toMatch(
    /its dependency wrappy is not in/,
  );
});

test("a line of any length is read at once", () => {
  const patterns = Array.from({ length: 200_000 }, (_, index) => `a@${index}`);
  expect(readings(format, lock(`${patterns.join(", ")}:`, '  version "1.0.0"'))).toHaveLength(1);
}, 3_000);

test("survives any mutation", async () => survivesMutation(format, [await fixture("yarn-classic.lock")]));
