import { expect, test } from "bun:test";
import { npm } from "../../ecosystems/npm.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { fileNameOf, isText, redact, trim } from "../../src/plugins/record.ts";

const many = (count: number) => Array.from({ length: count }, (_, i) => i);
const lines = (count: number) => many(count).map((i) => `line ${i}\n`);

const trimmed: readonly [what: string, text: string, found: { text: string; cuts: string }][] = [
  ["a short list", "[1,2]", { text: "[1,2]", cuts: "" }],
  [
    "a long list within a map",
    JSON.stringify({ a: many(20), b: 1 }),
    { text: `${JSON.stringify({ a: [0, 1, 2, 17, 18, 19], b: 1 }, null, 2)}\n`, cuts: "$.a from 20 to 6" },
  ],
  [
    "lines below a head",
    `Head: 1\n\n${lines(30).join("")}`,
    { text: `Head: 1\n\n${[...lines(30).slice(0, 3), ...lines(30).slice(-3)].join("")}`, cuts: "lines from 30 to 6" },
  ],
  ["markup, whose parts belong together", `<a>${"\n".repeat(50)}</a>`, { text: `<a>${"\n".repeat(50)}</a>`, cuts: "" }],
];

test.each(trimmed)("cut short: %s", (_, text, found) => {
  expect(trim(text)).toEqual(found);
});

const upstreams = { default: "https://npm.corp.test/r", files: "https://cdn.corp.test" };
const mount = makeMount("m", npm, { upstreams, ttl: 0 });

const redacted: readonly [text: string, found: string][] = [
  ["https://npm.corp.test/r/a.tgz", "https://npm.example/a.tgz"],
  ["https://cdn.corp.test/a.tgz", "https://files.npm.example/a.tgz"],
  ["https://jane:secret@other.corp.test/a?key=1#x", "https://elsewhere.example/a#x"],
  ['"by":"jane.doe+x@corp.test"', '"by":"someone@mail.example"'],
  ["nothing of it", "nothing of it"],
];

test.each(redacted)("stripped of hosts and names: %s", (text, found) => {
  expect(redact(text, mount)).toBe(found);
});

test("named after its path, and what it is", () => {
  expect(fileNameOf("/simple/acme/", '{"a":1}')).toBe("simple-acme.json");
  expect(fileNameOf("/modules/02packages.details.txt.gz", "File: x\n")).toBe("modules-02packages.details.txt");
  expect(fileNameOf("/", "<html>")).toBe("root.xml");
});

test("an archive is no text, though all that is in it may be", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect([bytes("é\t\r\n{}"), bytes("")].map(isText)).toEqual([true, true]);
  expect([bytes("a.txt\0\0\0\x00644"), new Uint8Array([0x1f, 0x8b]), new Uint8Array([0xe9])].map(isText)).toEqual([
    false,
    false,
    false,
  ]);
  expect(fileNameOf("/archive/", new Uint8Array())).toBe("archive.bin");
});
