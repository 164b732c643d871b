/** What is too much to be read where clients are served. */
import type { Path, ReleaseFacts } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

/** Bytes of a document that may be read where clients are served. */
export const INLINE = 64 * 1024;
/**
 * What parsers take their time for, by the bytes that it begins with: lines, tags, entries. A part takes one to three microseconds, a
 * character a fiftieth of that. `PARTS` of them are read within five milliseconds, whatever they are (`tests/bounds/inline.test.ts`).
 */
const WEIGHTS: Readonly<Record<string, number>> = { "\n": 2, "<": 3, ",": 1, "{": 1, "[": 1, "(": 1 };
/** A document of 64 KB that somebody publishes in earnest has 2,000 or so. */
const PARTS = 4_000;
const weights = new Uint8Array(256);
for (const [character, weight] of Object.entries(WEIGHTS)) weights[character.charCodeAt(0)] = weight;

/** Whether a document is too much to be read where clients are served: by its size, or by the number of its parts. */
export function isHeavy(bytes: Uint8Array): boolean {
  if (bytes.length > INLINE) return true;
  // A byte counts three at most.
  if (bytes.length * 3 <= PARTS) return false;
  let parts = 0;
  for (const byte of bytes) parts += weights[byte]!;
  return parts > PARTS;
}

/** A document that is not stored, for who reads it in another process. */
export interface Lent {
  row: DocumentRow;
  bytes: Uint8Array;
}

/** What a document states of releases, their files and dates, and what it leads to. Structured-cloneable. */
export interface Stated {
  releases: ReleaseFacts[];
  follow: Path[];
}

/** A document is to be read elsewhere: the one in question, or one that a plugin looked for beside it. */
export class TooHeavy extends Error {}

/** Whether that is why something failed, however it was wrapped. */
export function isTooHeavy(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) if (each instanceof TooHeavy) return true;
  return false;
}

/** Does it here, or elsewhere where it turns out to be too much. */
export async function hereOr<T>(here: () => T | Promise<T>, elsewhere: (() => Promise<T>) | undefined): Promise<T> {
  try {
    return await here();
  } catch (error) {
    if (elsewhere && isTooHeavy(error)) return elsewhere();
    throw error;
  }
}
