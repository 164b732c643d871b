import { describe, expect, test } from "bun:test";
import { isCurrent, rangeOf } from "../../src/http/range.ts";
import { gated, LARGE } from "../support/files-cache.ts";
import { serving } from "./serving.ts";

const asked = (range: string, more: Record<string, string> = {}, method = "GET") => ({
  method,
  headers: new Headers({ range, ...more }),
});

describe("of 1000 bytes", () => {
  test.each<[string, ReturnType<typeof rangeOf>]>([
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=0-", { start: 0, end: 1000 }],
    ["bytes=999-", { start: 999, end: 1000 }],
    ["bytes=990-2000", { start: 990, end: 1000 }],
    ["bytes=-1", { start: 999, end: 1000 }],
    ["bytes=-5000", { start: 0, end: 1000 }],
    ["BYTES= 1-2", { start: 1, end: 3 }],
    ["bytes=1000-", "unsatisfiable"],
    ["bytes=1000-1001", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=5-3", undefined],
    ["bytes=-", undefined],
    ["bytes=a-b", undefined],
    ["bytes=0-1,3-4", undefined],
    ["lines=0-1", undefined],
  ])("%s", (range, expected) => expect(rangeOf(asked(range), 1000, {})).toEqual(expected));

  test("If-Range: the part of what is known, else the whole", () => {
    const validators = { etag: '"a"', lastModified: "Mon, 01 Jan 2024 00:00:00 GMT" };
    const part = { start: 0, end: 2 };
    const when = (condition: string) => rangeOf(asked("bytes=0-1", { "if-range": condition }), 1000, validators);
    expect(['"a"', validators.lastModified, '"b"', 'W/"a"', "Tue, 02 Jan 2024 00:00:00 GMT"].map(when)).toEqual([
      part,
      part,
      undefined,
      undefined,
      undefined,
    ]);
    expect(rangeOf(asked("bytes=0-1", { "if-range": '"a"' }), 1000, {})).toBeUndefined();
  });

  test("only GET has parts (RFC 9110 14.2)", () =>
    expect(rangeOf(asked("bytes=0-1", {}, "HEAD"), 1000, {})).toBeUndefined());
});

test.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"b", W/"a"', true],
  ["*", true],
  ['"b"', false],
  ["a", false],
])("If-None-Match: %s", (condition, expected) =>
  expect(isCurrent(new Headers({ "if-none-match": condition }), '"a"')).toBe(expected),
);

// Bun reads `Range` itself when it sends a file: what we answer must be what it does, and nothing is cut twice.
describe.each(["held", "arriving"])("of a large file that is %s", (state) => {
  test.each<[string, number, number, number]>([
    ["bytes=10-19", 206, 10, 20],
    ["bytes=-7", 206, LARGE.length - 7, LARGE.length],
    ["bytes=2999990-", 206, 2_999_990, LARGE.length],
    ["bytes= 0-1", 206, 0, 2],
    ["bytes=5-3", 200, 0, LARGE.length],
    ["bytes=0-1,5-6", 200, 0, LARGE.length],
  ])("%s: %d", async (range, status, from, to) => {
    await using all = await serving();
    if (state === "held") await (await fetch(`${all.url}/f/large`)).bytes();
    const half = gated(1_500_000);
    all.upstream.fault("/f/large", half.fault);
    // Bun sends the head with the first byte of the body, which may be in the second half.
    setTimeout(half.open, 50);
    const answer = await fetch(`${all.url}/f/large`, { headers: { range } });
    const bytes = await answer.bytes();
    expect(answer.status).toBe(status);
    expect(Buffer.compare(bytes, LARGE.subarray(from, to))).toBe(0);
    if (status === 206) expect(answer.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/${LARGE.length}`);
  });

  test("beyond its end: 416; If-Range with what is not known: the whole; HEAD: no part", async () => {
    await using all = await serving();
    if (state === "held") await (await fetch(`${all.url}/f/large`)).bytes();
    const ask = (headers: Record<string, string>, method = "GET") => fetch(`${all.url}/f/large`, { headers, method });
    const beyond = await ask({ range: "bytes=3000000-" });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */3000000"]);
    for (const condition of ['"other"', "Mon, 01 Jan 2024 00:00:00 GMT"]) {
      const whole = await ask({ range: "bytes=0-1", "if-range": condition });
      expect([condition, whole.status, (await whole.bytes()).length]).toEqual([condition, 200, LARGE.length]);
    }
    const head = await ask({ range: "bytes=0-1" }, "HEAD");
    expect([head.status, head.headers.get("content-length"), head.headers.get("content-range")]).toEqual([
      200,
      "3000000",
      null,
    ]);
  });
});
