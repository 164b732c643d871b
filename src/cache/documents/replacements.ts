import { LRUCache } from "lru-cache";

/** Documents that are remembered; one that is forgotten counts as replaced when it is seen again. */
const DOCUMENTS = 100_000;

/** What was concluded from documents, and until when that is believed without another look at them. */
export interface Conclusion {
  /** `Replacements.count` before they were read. */
  count: number;
  /** Keys of the documents (`replacementKey`), or of their mount where any of it may say something. */
  keys: readonly string[];
  /** Milliseconds since 1970: another process may replace documents, too. */
  until: number;
}

/** Which documents this thread has seen in a new version, so that what was concluded from an earlier one is concluded again. */
export class Replacements {
  #count = 0;
  readonly #seen = new LRUCache<string, { sha256: string; count: number }>({ max: DOCUMENTS });
  readonly #mounts = new Map<string, number>();

  /** Grows with each new version that is seen. */
  get count(): number {
    return this.#count;
  }

  /** A document was read, from the store or from upstream. */
  saw(mount: string, path: string, sha256: string): void {
    const key = replacementKey(mount, path);
    if (this.#seen.get(key)?.sha256 === sha256) return;
    this.#count++;
    this.#seen.set(key, { sha256, count: this.#count });
    this.#mounts.set(mount, this.#count);
  }

  /** Whether a conclusion still holds. */
  hold({ count, keys, until }: Conclusion, now: number): boolean {
    return now < until && keys.every((key) => (this.#seen.get(key)?.count ?? this.#mounts.get(key) ?? 0) <= count);
  }
}

/** A path of a mount, or all that lies in it. */
export function replacementKey(mount: string, path?: string): string {
  return path === undefined ? mount : `${mount} ${path}`;
}
