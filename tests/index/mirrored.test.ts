/** Which rows a release's PURL is about: qualifiers choose among its files, and a repository is another package's. */
import { expect, test } from "bun:test";
import { Mirrored } from "../../src/index/sqlite/mirrored.ts";
import { openDatabase } from "../../src/index/sqlite/open.ts";

const ASKED = [
  "pkg:deb/debian/hello",
  "pkg:deb/debian/hello?arch=amd64",
  "pkg:deb/debian/hello@1?arch=amd64&distro=trixie",
  "pkg:deb/debian/hello@10",
  "pkg:deb/debian/hello-traditional@1",
  "pkg:docker/team/app@1",
  "pkg:docker/team/app?repository_url=build",
  "pkg:docker/team/app@1?arch=arm64&repository_url=build",
];

test.each([
  ["pkg:deb/debian/hello@1", ASKED.slice(0, 3)],
  ["pkg:deb/debian/hello", ASKED.slice(0, 4)],
  ["pkg:docker/team/app@1", ASKED.slice(5, 6)],
  ["pkg:docker/team/app@1?repository_url=build", ASKED.slice(6)],
  ["pkg:docker/team/app@2?repository_url=other", []],
])("what %s is about", async (purl, expected) => {
  const database = openDatabase(":memory:");
  const mirrored = new Mirrored(database);
  for (const each of ASKED) mirrored.settle({ mount: "m", purl: each, choice: "", at: 1, files: 1, failure: null });
  expect(mirrored.about("m", purl).map((row) => row.purl)).toEqual(expect.arrayContaining(expected) as string[]);
  expect(mirrored.about("m", purl)).toHaveLength(expected.length);
  expect(mirrored.about("other", purl)).toEqual([]);
  mirrored.spoil("m", purl, "lost");
  expect(ASKED.filter((each) => !mirrored.isWhole("m", each, ""))).toEqual(expected);
  await database.close();
});
