import { expect, test } from "bun:test";
import { type Marshalled, marshal } from "../../../ecosystems/gem/marshal.ts";
import { hash } from "../../../src/contract/digest.ts";
import vectors from "../../fixtures/gem/marshal.json";

const spec = (name: string, version: string, platform: string): Marshalled => [
  name,
  { is: "Gem::Version", of: [version] },
  platform,
];

test("lists of gems are what Ruby writes", () => {
  const specs = [
    spec("rack", "3.0.0", "ruby"),
    spec("rack", "3.0.1", "java"),
    spec("Ünicode_gem", "0.1.0.rc1", "x86_64-linux-musl"),
  ];
  expect(Buffer.from(marshal(specs)).toString("hex")).toBe(vectors.specs);
});

test("lengths of one to three bytes, and more than the first buffer has room for", () => {
  const strings = vectors.lengths.map((length) => "a".repeat(length));
  expect(hash("sha256", marshal(strings))).toBe(vectors.strings);
});

test("a list that is not there at once", () => {
  const list = {
    length: 300,
    *[Symbol.iterator]() {
      for (let index = 0; index < 300; index++) yield String(index);
    },
  };
  expect(hash("sha256", marshal(list))).toBe(vectors.list);
});
