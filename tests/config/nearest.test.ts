import { expect, test } from "bun:test";
import { nearest } from "#src/config/nearest.ts";

const known = ["listen", "base_url", "storage", "log", "hosts"];
const cases: [string, string | undefined][] = [
  ["listen", "listen"],
  ["lsiten", "listen"],
  ["Listen", "listen"],
  ["lisen", "listen"],
  ["baseurl", "base_url"],
  ["sotrage", "storage"],
  ["logs", "log"],
  ["lo", "log"],
  ["xyz", undefined],
  ["", undefined],
  ["npm_registry", undefined],
];
test.each(cases)("%s", (word, expected) => expect(nearest(word, known)).toBe(expected));
