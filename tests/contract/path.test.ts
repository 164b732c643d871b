import { expect, test } from "bun:test";
import type { Path } from "../../src/contract/ecosystem.ts";
import { canonicalPath, decodedPath } from "../../src/contract/path.ts";

test.each<[Path, Path]>([
  ["/a/b-1.0+x.tgz", "/a/b-1.0+x.tgz"],
  ["/%61/b-1.0%2Bx.tgz", "/a/b-1.0+x.tgz"],
  ["/%7euser/%c3%a9", "/~user/%C3%A9"],
  ["/@a%2fb", "/@a%2Fb"],
  ["/%40a/b%25c", "/@a/b%25c"],
  ["/é x", "/%C3%A9%20x"],
  ["/a//b", "/a/b"],
  ["/K\u212a", "/K%E2%84%AA"],
])("%s is kept as %s", (path, canonical) => {
  expect(canonicalPath(path)).toBe(canonical);
  expect(canonicalPath(canonical)).toBe(canonical);
});

test.each([
  ["/@a%2Fb/%40c", "/@a/b/@c"],
  ["/a+b", "/a+b"],
  ["/a%252fb", "/a%2fb"],
  ["/a%zz", "/a%zz"],
])("%s is compared as %s", (path, decoded) => {
  expect(decodedPath(path)).toBe(decoded);
});
