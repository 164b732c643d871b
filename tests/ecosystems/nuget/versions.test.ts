import { describe, expect, test } from "bun:test";
import { canonical, nugetVersions } from "../../../ecosystems/nuget/versions.ts";

test.each([
  ["1", "1.0.0"],
  ["1.0", "1.0.0"],
  ["1.00.000.0", "1.0.0"],
  ["1.2.3.4", "1.2.3.4"],
  ["1.0.0+build", "1.0.0"],
  ["1.0-RC.1+build", "1.0.0-rc.1"],
  ["Not-A-Version", "not-a-version"],
])("%s is written %s", (version, written) => {
  expect(canonical(version)).toBe(written);
  expect(canonical(written)).toBe(written);
});

test("order: by numbers, four of them; pre-releases first, by identifiers without regard to case; build metadata counts for nothing", () => {
  const sorted = [
    "nonsense",
    "0.9",
    "1.0.0-1",
    "1.0.0-alpha",
    "1.0.0-Alpha.1",
    "1.0.0-alpha.9",
    "1.0.0-alpha.10",
    "1.0.0-beta",
    "1.0",
    "1.0.0.1",
    "1.0.1",
    "1.10.0",
  ];
  expect(sorted.toReversed().sort(nugetVersions.compare)).toEqual(sorted);
  expect(nugetVersions.compare("1.0.0+a", "1.0+b")).toBe(0);
  expect(nugetVersions.compare("1.0.0-RC", "1.0.0-rc")).toBe(0);
});

const VERSIONS = ["0.9.0", "1.0.0-beta.1", "1.0.0-rc.1", "1.0.0", "1.0.5", "1.2.0", "2.0.0-alpha", "2.0.0", "3.1.0"];

describe("ranges", () => {
  test.each([
    ["1.0", ["1.0.0", "1.0.5", "1.2.0", "2.0.0-alpha", "2.0.0", "3.1.0"]],
    ["1.0.0-rc.1", ["1.0.0-rc.1", "1.0.0", "1.0.5", "1.2.0", "2.0.0-alpha", "2.0.0", "3.1.0"]],
    ["[1.0]", ["1.0.0"]],
    ["[1.0, )", ["1.0.0", "1.0.5", "1.2.0", "2.0.0-alpha", "2.0.0", "3.1.0"]],
    ["(1.0,1.2.0]", ["1.0.5", "1.2.0"]],
    ["[1.0,2.0)", ["1.0.0", "1.0.5", "1.2.0", "2.0.0-alpha"]],
    ["(,1.0)", ["0.9.0", "1.0.0-beta.1", "1.0.0-rc.1"]],
    ["*", ["0.9.0", "1.0.0", "1.0.5", "1.2.0", "2.0.0", "3.1.0"]],
    ["1.*", ["1.0.0", "1.0.5", "1.2.0"]],
    ["1.0.*", ["1.0.0", "1.0.5"]],
    ["[1.*, 1.1)", ["1.0.0", "1.0.5"]],
    ["1.0.0-*", ["1.0.0-beta.1", "1.0.0-rc.1", "1.0.0"]],
    ["1.0.0-beta.*", ["1.0.0-beta.1", "1.0.0"]],
    ["2.*-*", ["2.0.0-alpha", "2.0.0"]],
    ["*-*", VERSIONS],
    ["(1.0)", []],
    ["[1.0,2.0", []],
    ["latest", []],
  ])("%s", (range, expected) => {
    expect(VERSIONS.filter((version) => nugetVersions.satisfies(version, range))).toEqual(expected);
  });
  test("clients take the lowest, unless a range floats", () => {
    expect(["1.0", "[1.0,2.0)", "1.*", "[1.0.*,2.0)"].map((range) => nugetVersions.prefers?.(range))).toEqual([
      "lowest",
      "lowest",
      "highest",
      "highest",
    ]);
  });
});
