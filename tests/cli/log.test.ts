import { afterEach, expect, test } from "bun:test";
import { configureLog, type Format, type Level, log } from "#src/lib/log.ts";

let lines: string[] = [];
const configure = (level: Level, format: Format) => {
  lines = [];
  configureLog(level, format, (line) => void lines.push(line));
};
afterEach(() => configureLog("info", "text", (line) => void process.stderr.write(line)));

const fields: [string, Record<string, unknown>, text: string, json: unknown][] = [
  ["numbers", { status: 502 }, "status=502", { status: 502 }],
  ["plain text", { url: "https://npm.example/a" }, "url=https://npm.example/a", { url: "https://npm.example/a" }],
  ["text that could be two fields", { name: "a b=c" }, 'name="a b=c"', { name: "a b=c" }],
  ["an empty text", { name: "" }, 'name=""', { name: "" }],
  ["a line break", { name: "a\nERROR b" }, 'name="a\\nERROR b"', { name: "a\nERROR b" }],
  ["terminal codes", { name: "\x1b[2J\x9b" }, 'name="\\u001b[2J\\u009b"', { name: "\x1b[2J\x9b" }],
  ["reversed writing", { name: "a\u202eb" }, 'name="a\\u202eb"', { name: "a\u202eb" }],
  ["errors", { error: new Error("no route") }, 'error="no route"', { error: "no route" }],
  ["lists", { hosts: ["a", "b"] }, 'hosts=["a","b"]', { hosts: ["a", "b"] }],
  ["nothing", { a: undefined, b: null }, "b=null", { b: null }],
  ["large integers", { bytes: 2n ** 64n }, 'bytes="18446744073709551616"', { bytes: "18446744073709551616" }],
];

test.each(fields)("%s", (_, given, text, json) => {
  configure("info", "text");
  log.warn("upstream failed", given);
  const [, time, rest] = /^(\S+) (.*)\n$/.exec(lines[0]!)!;
  expect(new Date(time!).toISOString()).toBe(time!);
  expect(rest).toBe(`WARN upstream failed ${text}`);

  configure("info", "json");
  log.warn("upstream failed", given);
  expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(lines[0]!)).toEqual({
    time: expect.any(String),
    level: "warn",
    msg: "upstream failed",
    ...(json as object),
  });
});

const levels: [Level, string[]][] = [
  ["debug", ["DEBUG", "INFO", "WARN", "ERROR"]],
  ["warn", ["WARN", "ERROR"]],
  ["error", ["ERROR"]],
];

test.each(levels)("from level %s on", (level, expected) => {
  configure(level, "text");
  for (const write of [log.debug, log.info, log.warn, log.error]) write("x");
  expect(lines.map((line) => line.split(" ")[1]!)).toEqual(expected);
});
