import { expect, test } from "bun:test";
import { mavenVersions } from "../../../ecosystems/maven/versions.ts";

const { compare, isStable, satisfies } = mavenVersions;

// As Maven 3.8.7's own `java -jar maven-artifact.jar VERSION…` prints them.
// biome-ignore format: one order
const ASCENDING = ["1-alpha-1", "1-alpha-2", "1-beta-1", "1-m2", "1-m11", "1-rc", "1-rc.2", "1-SNAPSHOT", "1", "1-sp", "1-abc",
  "1-jre", "1-1-SNAPSHOT", "1-1", "1.0.1", "1.2-alpha-1", "1.2", "1.9", "1.10", "1.10.1", "2.0-20260102.030405-7", "2.1",
  "20040616", "99999999999999999999"];

test("versions are ordered", () => {
  for (const [at, older] of ASCENDING.entries())
    for (const newer of ASCENDING.slice(at + 1))
      expect([older, newer, Math.sign(compare(older, newer))]).toEqual([older, newer, -1]);
});

test.each([
  ["1", "1.0.0"],
  ["1", "1-ga"],
  ["1", "1.final"],
  ["1", "1-release"],
  ["1-rc1", "1-cr1"],
  ["1a1", "1-alpha-1"],
  ["1b2", "1-beta-2"],
  ["1-0", "1"],
  ["1.0.rc2", "1.0-RC2"],
  ["1m3", "1MILESTONE3"],
  ["1..2", "1.0.2"],
])("%s is %s", (a, b) => {
  expect(compare(a, b)).toBe(0);
  expect(compare(b, a)).toBe(0);
});

test("any two strings are ordered, and each way round", () => {
  const strings = ["", "-", ".", "a", "-1", "1-", "💥", "1-".repeat(10_000), "9".repeat(10_000), "1.a.1.a", "RELEASE"];
  for (const a of strings) for (const b of strings) expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
});

test("stable is what is neither a pre-release nor a snapshot", () => {
  const versions = [
    "1.0",
    "33.0.0-jre",
    "4.1.110.Final",
    "1.0-sp1",
    "1.0-SNAPSHOT",
    "1.0-rc1",
    "1.0.M3",
    "2.0-alpha",
    "1.0b2",
  ];
  expect(versions.filter(isStable)).toEqual(["1.0", "33.0.0-jre", "4.1.110.Final", "1.0-sp1"]);
});

test.each([
  ["1.0", "1.0", true],
  ["1.0.0", "1.0", true],
  ["1.1", "1.0", false],
  ["1.0", "[1.0,2.0)", true],
  ["2.0", "[1.0,2.0)", false],
  ["2.0", "[1.0, 2.0]", true],
  ["1.0", "(1.0,2.0)", false],
  ["0.9", "(,1.0]", true],
  ["1.5", "[1.5,)", true],
  ["1.2", "(,1.1),(1.1,)", true],
  ["1.1", "(,1.1),(1.1,)", false],
  ["1.5", "[1.5]", true],
  ["1.6", "[1.5]", false],
  ["1.5", "", false],
  ["1.5", "[", false],
  ["2", "[1,2[", false],
  ["1", "[1,2[", true],
  ["1", "]1,2]", false],
  ["2", "]1,2]", true],
  ["3", "[1,2[,]2,3]", true],
  ["1.5", "1.+", true],
  ["2.5", "1.+", false],
  ["2.5", "+", true],
  ["1.+", "1.+", false],
  ["2", "latest.release", true],
  ["2-SNAPSHOT", "latest.release", false],
  ["2-SNAPSHOT", "latest.integration", true],
  ["2-SNAPSHOT", "LATEST", true],
  ["2-SNAPSHOT", "RELEASE", false],
])("%s in %s is %p", (version, range, expected) => expect(satisfies(version, range)).toBe(expected));
