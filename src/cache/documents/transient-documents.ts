/** Documents that are not kept (the disk has no room; a dry run): fetched for every request, and known in memory for what is
 * asked about them next. */

import { LRUCache } from "lru-cache";
import type { DocumentRow, FactsPage } from "../../index/rows.ts";

interface Entry {
  row: DocumentRow;
  bytes: Uint8Array;
  pages: readonly FactsPage[];
}

/** Bytes of all. */
export const UNKEPT = 32 * 1024 * 1024;
const FULL = /^(ENOSPC|EDQUOT|SQLITE_FULL|SQLITE_IOERR)/;

/** Whether an error says that the disk of the store or of the database takes no more. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && FULL.test(String(error.code));
}

export class Unkept {
  readonly #entries = new LRUCache<string, Entry>({
    maxSize: UNKEPT,
    sizeCalculation: ({ bytes }) => bytes.length + 1,
  });

  bytes({ mount, path, sha256 }: Pick<DocumentRow, "mount" | "path" | "sha256">): Uint8Array | undefined {
    const entry = this.#entries.get(`${mount} ${path}`);
    return entry?.row.sha256 === sha256 ? entry.bytes : undefined;
  }

  /** The page of a document's facts in which a path stands, if it stands in any. */
  page(mount: string, document: string, path: string): string | undefined {
    return this.#entries.get(`${mount} ${document}`)?.pages.findLast(({ first }) => first <= path)?.page;
  }

  row(mount: string, path: string): DocumentRow | undefined {
    return this.#entries.get(`${mount} ${path}`)?.row;
  }

  /** Once it is kept, what was known of it before is old. */
  forget({ mount, path }: DocumentRow): void {
    this.#entries.delete(`${mount} ${path}`);
  }

  put(row: DocumentRow, bytes: Uint8Array, pages: readonly FactsPage[]): void {
    this.#entries.set(`${row.mount} ${row.path}`, { row, bytes, pages });
  }
}
