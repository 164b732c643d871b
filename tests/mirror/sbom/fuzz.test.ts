import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { isItem } from "../../../src/contract/lockfile.ts";
import { BadRequest } from "../../../src/lib/errors.ts";
import { entriesOf, FIXTURES, fixture } from "./readings.ts";

setDefaultTimeout(30_000);

const DIGEST = /^(?:md5:[\da-f]{32}|sha1:[\da-f]{40}|sha256:[\da-f]{64}|sha512:[\da-f]{128}|h1:[A-Za-z\d+/]{43}=)$/;
const SPLICES = [
  ..."[]{}()<>\"'`\\,;:=@#&*|-\n\r\t \0".split(""),
  "null",
  "<a>",
  "</components>",
  "<components>",
  "<![CDATA[",
  "<!--",
  "<text>",
  "&x;",
  "&a ",
  "*a ",
  "- ",
  "? ",
  "!!binary ",
  "\ufeff",
  "\ud800",
  "__proto__",
  '"purl":{',
  "PackageName: x\n",
  "<spdx:Package>",
];

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(400), fc.constant(1_000_000)),
  put: fc.oneof(
    fc.constantFrom(...SPLICES).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  ),
  times: fc.oneof({ arbitrary: fc.constant(1), weight: 12 }, { arbitrary: fc.constant(20_000), weight: 1 }),
});

function mutated(
  bytes: Buffer,
  { at, cut, put, times }: { at: number; cut: number; put: Buffer; times: number },
): Buffer {
  const start = Math.floor(at * bytes.length);
  return Buffer.concat([bytes.subarray(0, start), ...Array<Buffer>(times).fill(put), bytes.subarray(start + cut)]);
}

test.each(FIXTURES)("whatever is done to %s, it is read or refused, soon", async (name) => {
  const whole = Buffer.from(await fixture(name));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      const bytes = edits.reduce(mutated, whole);
      const begun = performance.now();
      try {
        for (const entry of await entriesOf(bytes, 5000)) {
          expect(entry.place).not.toBe("");
          if (!isItem(entry)) expect(entry.reason).not.toBe("");
          else for (const digest of entry.digests ?? []) expect(digest).toMatch(DIGEST);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(BadRequest);
        expect((error as BadRequest).message).toStartWith("bom: ");
        expect((error as BadRequest).message.length).toBeLessThan(40_000);
      }
      expect(performance.now() - begun).toBeLessThan(2000);
    }),
    { numRuns: 60 },
  );
});
