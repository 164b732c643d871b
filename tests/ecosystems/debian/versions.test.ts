import { expect, test } from "bun:test";
import { compareDebian, satisfiesDebian } from "../../../ecosystems/debian/versions.ts";

/** From dpkg's own tests (t-version) and deb-version(7); each is older than the next. */
const ORDERED = [
  ["0:0-0", "0:0-1", "0:0-2"],
  ["0:0", "0:1", "1:0", "2:0"],
  ["~~", "~~a", "~", "", "a"],
  ["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0a", "1.0+b1", "1.0.1"],
  ["1.0~rc1-1", "1.0~rc2-1", "1.0-1~bpo12+1", "1.0-1", "1.0-1+deb12u1", "1.0-1.1", "1.0-2"],
  ["2.7.4-13", "2.7.4+reloaded2-13", "2.7.4+reloaded2-13ubuntu1", "2.7.4+reloaded2-13ubuntu2"],
  ["1.2.3-1", "1.2.10-1", "1.10.1-1"],
  ["0:0-a", "0:0-aa", "0:0-b", "0:0-+"],
  ["1A", "1a", "1+"],
  ["9999999999999999999", "10000000000000000000"],
] as const;

const SAME = [
  ["0:0-0", "0:0-00"],
  ["0:0-0", "0-0"],
  ["0:0-0", "0"],
  ["0:0.0-0.0", "0:0.0-0.0"],
  ["0:0-00", "0:00-0"],
  ["1.02", "1.2"],
  ["1:2.3", "01:2.3"],
] as const;

test.each(ORDERED.map((each) => [each]))("%p", (versions) => {
  for (const [i, a] of versions.entries())
    for (const [j, b] of versions.entries())
      expect([a, b, Math.sign(compareDebian(a, b))]).toEqual([a, b, Math.sign(i - j)]);
});

test.each(SAME)("%s and %s are the same", (a, b) => {
  expect([compareDebian(a, b), compareDebian(b, a)]).toEqual([0, 0]);
});

test.each([
  ["2.36-1", ">= 2.36", true],
  ["2.35-9", ">= 2.36", false],
  ["1.0", "<< 1.0", false],
  ["1.0~rc1", "<< 1.0", true],
  ["1.0", "<= 1.0", true],
  ["1.0-1", "= 1.0-1", true],
  ["1.0-1", "= 1.0-2", false],
  ["1:0.1", ">> 2.0", true],
  ["1.0", ">>1.0", false],
  ["1.0", "> 1.0", true],
  ["1.0", "1.0", true],
  ["1.0", "", true],
  ["1.0", "<<", false],
])("%s in %p: %p", (version, range, expected) => expect(satisfiesDebian(version, range)).toBe(expected));

test.skipIf(!Bun.which("dpkg"))("as dpkg on this machine says", () => {
  const some = [...new Set(ORDERED.flat())].filter((version) => /^\d/.test(version));
  for (const [i, a] of some.entries()) {
    const b = some[(i * 7 + 3) % some.length]!;
    const isOlder = Bun.spawnSync(["dpkg", "--compare-versions", a, "lt", b]).exitCode === 0;
    expect([a, b, compareDebian(a, b) < 0]).toEqual([a, b, isOlder]);
  }
});
