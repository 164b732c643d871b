import { describe, expect, test } from "bun:test";
import { type CooldownSettings, maturity, mayWithhold, thresholdFor } from "../../src/policy/cooldown.ts";

const settings = (chosen: Partial<CooldownSettings>): CooldownSettings => ({
  default: 0,
  ecosystems: {},
  packages: {},
  unknown: "withhold",
  ...chosen,
});

describe("the threshold", () => {
  const all = settings({ default: 1, ecosystems: { npm: 2 }, packages: { "pkg:npm/a": 3, "pkg:npm/free": 0 } });
  test.each([
    ["npm", "pkg:npm/a", 3],
    ["npm", "pkg:npm/free", 0],
    ["npm", "pkg:npm/b", 2],
    ["pypi", "pkg:pypi/a", 1],
  ])("of the most specific setting: %s %s → %i", (ecosystem, purl, expected) => {
    expect(thresholdFor(all, ecosystem, purl)).toBe(expected);
  });
});

describe("dates are worth knowing", () => {
  test.each<[Partial<CooldownSettings>, boolean]>([
    [{}, false],
    [{ default: 1 }, true],
    [{ default: 1, ecosystems: { npm: 0 } }, false],
    [{ ecosystems: { npm: 1 } }, true],
    [{ ecosystems: { pypi: 1 } }, false],
    [{ packages: { "pkg:npm/a": 1 } }, true],
    [{ packages: { "pkg:npm/a": 0 } }, false],
  ])("for npm with %j: %p", (chosen, expected) => {
    expect(mayWithhold(settings(chosen), "npm")).toBe(expected);
  });
});

describe("a release matures", () => {
  test("when it is as old as the threshold, to the millisecond", () => {
    expect(maturity(settings({}), 500, 1_000)).toBe(1_500);
  });
  test("at once without a threshold, whatever dates it", () => {
    expect([maturity(settings({}), 0, 9e12), maturity(settings({}), 0, undefined)]).toEqual([0, 0]);
  });
  test.each([undefined, Number.NaN])("never, or at once where that is wished, when its date is %p", (date) => {
    expect([maturity(settings({}), 1, date), maturity(settings({ unknown: "admit" }), 1, date)]).toEqual([
      undefined,
      0,
    ]);
  });
  test("later still when it claims to be from the future", () => {
    expect(maturity(settings({}), 500, 9e12)).toBe(9e12 + 500);
  });
});
