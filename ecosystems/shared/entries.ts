/** Lists whose entries come from many hands: one that makes no sense is left out, as clients skip it, and the rest is read. */

import type { CatalogEvent } from "../../src/contract/catalog.ts";
import type { LeftOut } from "../../src/contract/facts.ts";
import { oddityOf } from "../../src/contract/plain.ts";

/** Odd entries that are told of one document. */
const TOLD = 100;
/** Characters of an entry, or of what is wrong with it, that are told. */
const SHOWN = 120;

export interface Entries<T> {
  found: T[];
  leftOut: LeftOut[];
}

/**
 * Reads each entry; those of which `read` throws are left out, with the message. Where there are entries and none can be
 * read, the document is none of its kind, and what was wrong with the first one is thrown. `nameOf`: how an entry is called
 * where it is told; default: as it stands.
 */
export function readEntries<E, T>(
  entries: Iterable<E>,
  read: (entry: E) => T,
  nameOf?: (entry: E) => unknown,
): Entries<T> {
  const { first, ...all } = readEach(entries, read, nameOf);
  if (all.found.length === 0 && first) throw first;
  return all;
}

/** As `readEntries`, of a list within a document that is known by what else it states: it may have odd entries only. */
export function readOptional<E, T>(
  entries: Iterable<E>,
  read: (entry: E) => T,
  nameOf?: (entry: E) => unknown,
): Entries<T> {
  const { first: _, ...all } = readEach(entries, read, nameOf);
  return all;
}

/** `first`: what was wrong with the first odd one. */
function readEach<E, T>(
  entries: Iterable<E>,
  read: (entry: E) => T,
  nameOf: (entry: E) => unknown = (entry) => entry,
): Entries<T> & { first: Error | undefined } {
  const found: T[] = [];
  const leftOut: LeftOut[] = [];
  let first: Error | undefined;
  for (const entry of entries) {
    try {
      found.push(read(entry));
    } catch (error) {
      first ??= error as Error;
      if (leftOut.length < TOLD) leftOut.push(leaveOut(nameOf(entry), error));
    }
  }
  return { found, leftOut, first };
}

/** An odd entry, as it is told. */
export function leaveOut(entry: unknown, error: unknown): LeftOut {
  const text = typeof entry === "string" ? entry : (JSON.stringify(entry) ?? String(entry));
  return { entry: clip(text), reason: clip(error instanceof Error ? error.message : String(error)) };
}

/** What each entry of a catalog says; one of which `read` throws is told as odd. `nameOf`: as of `readEntries`. */
export function readEvents<E>(
  entries: Iterable<E>,
  read: (entry: E) => CatalogEvent | readonly CatalogEvent[],
  nameOf: (entry: E) => unknown = (entry) => entry,
): CatalogEvent[] {
  const events: CatalogEvent[] = [];
  for (const entry of entries) {
    try {
      const said = read(entry);
      if ("length" in said) events.push(...said);
      else events.push(said);
    } catch (error) {
      events.push({ type: "odd", ...leaveOut(nameOf(entry), error) });
    }
  }
  return events;
}

/** A text that becomes part of a path, such as a name or a version. Throws where it is no text, or would change what the path means. */
export function labelOf(value: unknown, what: string): string {
  if (typeof value !== "string") throw new Error(`it has no ${what}`);
  const oddity = oddityOf(value);
  if (oddity) throw new Error(`its ${what} is ${JSON.stringify(clip(value))}: ${oddity}`);
  return value;
}

function clip(text: string): string {
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
  return plain.length > SHOWN ? `${plain.slice(0, SHOWN)}…` : plain;
}
