import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { pythonVersions } from "../../../ecosystems/pypi/distribution.ts";
import { inPythonRange, isPythonRange } from "../../../ecosystems/pypi/ranges.ts";
import pep440 from "../../fixtures/pypi/pep440.json";

const { versions, ranges }: { versions: string[]; ranges: Record<string, string[]> } = pep440;

describe("ranges mean what Python's own library takes them for", () => {
  test.each(Object.entries(ranges))("%s", (range, meant) => {
    expect(versions.filter((version) => inPythonRange(version, range))).toEqual(meant);
  });
});

test.each([
  ["", "junk", true],
  [">=1.0.*", "1.5", true],
  [">= 1.0 , < 2", "1.5", true],
  ["===junk", "Junk", true],
  [">=1.0", "junk", false],
  ["1.0", "1.0", false],
  ["^1.0", "1.0", false],
  ["~=1", "1.0", false],
])("%p has %s: %p", (range, version, found) => expect(inPythonRange(version, range)).toBe(found));

test("what is a range can be told", () => {
  expect([">=3.8", ">=3.6,", "!=3.0.*, >2", "===any"].every(isPythonRange)).toBe(true);
  expect(["", "3.8", ">=", ">=x", ">3 4"].some(isPythonRange)).toBe(false);
});

describe("laws", () => {
  const version = fc.oneof(fc.constantFrom(...versions), fc.string());
  test("order is total, and equal versions are in the same ranges", () => {
    fc.assert(
      fc.property(version, version, version, fc.constantFrom(...Object.keys(ranges)), (a, b, c, range) => {
        const { compare, satisfies } = pythonVersions;
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
        if (compare(a, b) === 0 && !range.startsWith("===")) expect(satisfies(a, range)).toBe(satisfies(b, range));
      }),
    );
  });
  test("a limit parts all versions in two", () => {
    fc.assert(
      fc.property(fc.constantFrom(...versions), fc.constantFrom("1.0", "2.0a1", "2.2.post3"), (each, limit) => {
        expect(inPythonRange(each, `==${limit}`)).not.toBe(inPythonRange(each, `!=${limit}`));
        if (inPythonRange(each, `<${limit}`)) expect(inPythonRange(each, `>=${limit}`)).toBe(false);
        if (inPythonRange(each, `>${limit}`)) expect(inPythonRange(each, `<=${limit}`)).toBe(false);
      }),
    );
  });
  test("any text is answered", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => typeof inPythonRange(a, b) === "boolean"));
  });
});
