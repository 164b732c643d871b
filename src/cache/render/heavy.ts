/** What is too much to be read where clients are served. */
import type { Path, ReleaseFacts } from "../../contract/ecosystem.ts";

/** Bytes of a document that is read at once wherever it is; parsers take at most a few milliseconds for it, whatever it holds. */
export const INLINE = 64 * 1024;

/** What a document states of releases, their files and dates, and what it leads to. Structured-cloneable. */
export interface Stated {
  releases: ReleaseFacts[];
  follow: Path[];
}

/** A plugin looked beside a small document, and found one that is to be read elsewhere. */
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
