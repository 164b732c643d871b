/** How tests look at what lockfile readers yield. */
import { expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { type Entry, type Item, isItem, type Lockfile } from "../../src/contract/lockfile.ts";
import { formatPurl } from "../../src/contract/purl.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { ecosystems } from "../../src/registry.generated.ts";

setDefaultTimeout(30_000);

/** All that plugins read. */
export const FORMATS: readonly Lockfile[] = ecosystems.flatMap(({ lockfiles = [] }) => lockfiles);

const FOLDER = join(import.meta.dir, "../mirror/lockfiles/fixtures");

export function fixture(name: string): Promise<string> {
  return Bun.file(join(FOLDER, name)).text();
}

/** `pkg:pypi/click@8.1.7 2 digests, package[3]` or `- what: reason, package[4]`. */
export function readings(lockfile: Lockfile, text: string): string[] {
  return Array.from(lockfile.read(text), (entry) => {
    if (!isItem(entry)) return `- ${entry.what}: ${entry.reason}, ${entry.place}`;
    const reason = reasonOf(entry);
    if (reason) return `- ${entry.purl.name}@${entry.purl.version}: ${reason}, ${entry.place}`;
    const digests = entry.digests ? ` ${entry.digests.length} digests` : "";
    return `${formatPurl({ id: entry.purl.type }, entry.purl)}${digests}, ${entry.place}`;
  });
}

/** Told of an item unless a mount has its address. */
export function reasonOf({ from }: Item): string | undefined {
  return from && "reason" in from ? from.reason : undefined;
}

/** The message of the BadRequest that reading throws. */
export function refusal(lockfile: Lockfile, text: string): string {
  try {
    return `read: ${readings(lockfile, text).join("; ")}`;
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return error.message;
  }
}

const DIGEST = /^(?:md5:[\da-f]{32}|sha1:[\da-f]{40}|sha256:[\da-f]{64}|sha512:[\da-f]{128}|h1:[A-Za-z\d+/]{43}=)$/;
const NASTY = [
  ..."[]{}()\"'`\\,;:=@#\n\r\t \0*$-".split(""),
  "\n[[package]]\n",
  '"""',
  "\ufeff",
  "\u2028",
  "😀",
  "\ud800",
  "__proto__",
];

/** Whatever is done to valid files, reading them yields whole entries or throws BadRequest, and is done soon. */
export function survivesMutation(lockfile: Lockfile, texts: readonly string[]): void {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.oneof(fc.nat(3), fc.nat(200)),
    put: fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 8 })),
    times: fc.oneof({ arbitrary: fc.constant(1), weight: 8 }, { arbitrary: fc.constant(50_000), weight: 1 }),
  });
  const mutated = fc
    .tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([text, edits]) =>
      edits.reduce((whole, { at, cut, put, times }) => {
        const start = Math.floor(at * whole.length);
        return whole.slice(0, start) + put.repeat(times) + whole.slice(start + cut);
      }, text),
    );
  const truncated = fc
    .tuple(fc.constantFrom(...texts), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([text, at]) => text.slice(0, Math.floor(at * text.length)));
  fc.assert(
    fc.property(fc.oneof(mutated, truncated, fc.string({ unit: "binary" })), (text) => {
      const started = performance.now();
      lockfile.recognizes("unknown", text);
      const entries: Entry[] = [];
      try {
        for (const entry of lockfile.read(text)) entries.push(entry);
      } catch (error) {
        expect(error).toBeInstanceOf(BadRequest);
      }
      for (const entry of entries) expectWhole(entry);
      expect(performance.now() - started).toBeLessThan(2_000);
    }),
    { numRuns: 300 },
  );
}

function expectWhole(entry: Entry): void {
  expect(entry.place).not.toBe("");
  if (!isItem(entry)) return expect(entry.reason).not.toBe("");
  expect(entry.purl.name).toMatch(/^\S+$/);
  expect(entry.purl.version ?? "").toMatch(/^\S+$/);
  for (const digest of entry.digests ?? []) expect(digest).toMatch(DIGEST);
}
