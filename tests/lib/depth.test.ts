import { expect, test } from "bun:test";
import { requireShallow } from "../../src/lib/depth.ts";

const nested = (levels: number, open = "[", close = "]") => `${open.repeat(levels)}1${close.repeat(levels)}`;

test("JSON that nests deeper than a thousand levels is refused; brackets in strings are none", () => {
  for (const text of [
    nested(1_000),
    nested(900, '{"a":', "}"),
    JSON.stringify(nested(5_000)),
    String.raw`["\\\"[", [1]]`,
    '"',
  ])
    expect(() => requireShallow(text)).not.toThrow();
  for (const text of [nested(1_001), nested(30_000, '{"[":', "}"), "[".repeat(60_000)])
    expect(() => requireShallow(text)).toThrow("it nests deeper than 1000 levels");
});
