/**
 * What is read where clients are served takes five milliseconds at most, whatever it holds: documents of up to 64 KB that somebody made to
 * stall it, but for those that are read elsewhere for the number of their parts.
 */
import { describe, expect, test } from "bun:test";
import { INLINE, isHeavy } from "../../src/cache/render/heavy.ts";
import { checkBounds } from "../../src/conformance/documents.ts";
import { mountOf, read } from "../../src/conformance/setting.ts";
import { table } from "../ecosystems/samples.ts";

/** `tries`: the first runs are slower, and a busy machine may hold up any of them. */
const BOUND = {
  characters: INLINE,
  time: 5,
  output: 16 * 1024 * 1024,
  tries: 40,
  isOther: (text: string) => isHeavy(Buffer.from(text)),
};
const numRuns = Number(process.env["FUZZ"] ?? 15);

for (const [ecosystem, { upstreams, samples }] of table)
  describe(ecosystem.id, () => {
    const mount = mountOf(ecosystem, upstreams);
    for (const sample of samples) {
      const { route } = read(mount, sample);
      // What is packed is never read there.
      if (route.packed || !(route.parse ?? route.rewrite)) continue;
      test(
        `${sample.path} ${sample.mediaType ?? ""}`.trim(),
        () => checkBounds(mount, sample, BOUND, { numRuns, seed: 1 }),
        120_000,
      );
    }
  });

test("a document is too much for its size, or for its lines, tags and entries", () => {
  const of = (unit: string, bytes: number) => isHeavy(Buffer.from(unit.repeat(Math.ceil(bytes / unit.length))));
  expect([of("x", INLINE), of("x", INLINE + 1)]).toEqual([false, true]);
  expect([of("\n", 2_000), of("\n", 2_001), of("<a>", 3_999), of("<a>", 4_002)]).toEqual([false, true, false, true]);
  // As registries publish them.
  expect(
    of(`{"name":"acme","vers":"1.2.3","deps":[{"name":"a","req":"^1"}],"cksum":"${"ab".repeat(32)}"}\n`, 60_000),
  ).toBe(false);
  expect(of("  - name: acme\n    description: A chart, for all\n    version: 1.2.3\n", 35_000)).toBe(false);
  expect(of("    <dependency>\n      <groupId>org.acme</groupId>\n", 15_000)).toBe(false);
});
