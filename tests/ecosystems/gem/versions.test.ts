import { expect, test } from "bun:test";
import { compareRuby, isStableRuby, satisfiesRuby } from "../../../ecosystems/gem/versions.ts";
import vectors from "../../fixtures/gem/versions.json";

// What RubyGems itself says of every pair of these versions, and of every version and requirement.
const { versions, order, prerelease, satisfies } = vectors;

test.each(versions.map((version, index) => [version, index] as const))(
  "%s is ordered as Gem::Version does",
  (a, row) => {
    const signs = versions.map((b) => "<=>"[Math.sign(compareRuby(a, b)) + 1]).join("");
    expect(signs).toBe(order[row]!);
  },
);

test("pre-releases", () => {
  expect(versions.map((version) => Number(!isStableRuby(version))).join("")).toBe(prerelease);
});

test.each(Object.entries(satisfies))("%s takes what Gem::Requirement does", (range, expected) => {
  expect(versions.map((version) => Number(satisfiesRuby(version, range))).join("")).toBe(expected);
});

test.each(["", "latest", ">=", "=> 1", "~> x", ">= 1.0&"])("%p is no requirement, and nothing fits it", (range) => {
  expect(versions.filter((version) => satisfiesRuby(version, range))).toEqual([]);
});
