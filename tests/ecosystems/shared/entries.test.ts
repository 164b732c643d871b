import { expect, test } from "bun:test";
import { labelOf, readEntries } from "../../../ecosystems/shared/entries.ts";

const even = (entry: number) => {
  if (entry % 2 === 1) throw new Error(`${entry} is odd`);
  return entry / 2;
};

test("what cannot be read is left out, with the reason", () => {
  expect(readEntries([2, 3, 4], even)).toEqual({ found: [1, 2], leftOut: [{ entry: "3", reason: "3 is odd" }] });
  expect(readEntries([], even)).toEqual({ found: [], leftOut: [] });
});

test("where nothing can be read, it is no such list", () => {
  expect(() => readEntries([5, 7], even)).toThrow("5 is odd");
});

test("a long list of nonsense is told in part, and in one line each", () => {
  const many = [2, ...Array.from({ length: 1_000 }, (_, i) => 2 * i + 1)];
  expect(readEntries(many, even).leftOut.length).toBe(100);
  const [told] = readEntries([2, 1], even, () => `a\nb${"c".repeat(500)}`).leftOut;
  expect(told?.entry).toMatch(/^a bc{117}…$/);
});

test("a label is a text that stays where it is put", () => {
  expect(labelOf("1.0.0+b", "version")).toBe("1.0.0+b");
  for (const [label, reason] of [
    [7, "it has no version"],
    [undefined, "it has no version"],
    ["../x", 'its version is "../x": it climbs to another folder'],
    ["", 'its version is "": it is empty'],
  ] as const)
    expect(() => labelOf(label, "version")).toThrow(reason);
});
