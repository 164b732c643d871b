import { expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import { readJson } from "../../../ecosystems/shared/lockfiles/json.ts";
import { BadRequest } from "../../../src/lib/errors.ts";

const read = (text: string) => readJson(text, z.unknown());

test("reads what JSON.stringify writes", () => {
  const spaces = fc.constantFrom(undefined, "\t", 2);
  fc.assert(
    fc.property(fc.json(), spaces, (text, space) => {
      expect(read(JSON.stringify(JSON.parse(text), null, space))).toEqual(JSON.parse(text));
    }),
  );
});

test("refuses what JSON.parse refuses", () => {
  const pieces = fc.constantFrom(
    ...'{}[],:"\\ \n01-+.eEtfn'.split(""),
    "true",
    "false",
    "null",
    '"a"',
    '"\\u00e9"',
    '{"b":1}',
    "\u0007",
  );
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 9 }).map((all) => all.join("")),
      (text) => {
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          return expect(() => read(text)).toThrow(BadRequest);
        }
        // A key that is there twice is the only difference.
        if (JSON.stringify(parsed).match(/"b"/g)?.length === text.match(/"b"/g)?.length)
          expect(read(text)).toEqual(parsed);
      },
    ),
    { numRuns: 5_000 },
  );
});

const REFUSED: [text: string, message: string][] = [
  ["", "line 1: this is no JSON: expected a value, found the end"],
  ['{\n "a": 1,\n "b": [1, 2', "line 3: this is no JSON: expected , or ], found the end"],
  ['{"a": 1,\n"a": 2}', 'line 2: this is no JSON: the key "a" is there twice'],
  ['{"a": 1,}', "line 1: this is no JSON: expected a key, found }"],
  ["[1 2]", "line 1: this is no JSON: expected , or ], found 2"],
  ['{"a" 1}', "line 1: this is no JSON: expected :, found 1"],
  ["{}\n{}", "line 2: this is no JSON: expected nothing more"],
  ["<html>", "line 1: this is no JSON: expected JSON"],
  ["[".repeat(1_000_000), "line 1: this is no JSON: it is nested deeper than 500 levels"],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(() => read(text)).toThrow(message));

test("a key may be called __proto__", () => {
  const tree = read('{"__proto__": {"a": 1}}') as object;
  expect(Object.entries(tree)).toEqual([["__proto__", expect.objectContaining({ a: 1 })]]);
  expect("a" in tree).toBe(false);
});

test("takes a comma after the last member where it is told to", () => {
  const lenient = (text: string) => readJson(text, z.unknown(), { trailingCommas: true });
  expect(lenient('{"a": [1, [],], "b": {},}')).toEqual({ a: [1, []], b: {} });
  for (const text of ["[,]", "{,}", "[1,,]", '{"a":1,,}', "[1],"]) expect(() => lenient(text)).toThrow(BadRequest);
  expect(() => read("[1,]")).toThrow(BadRequest);
  expect(() => read('{"a":1,}')).toThrow(BadRequest);
});
