import { LRUCache } from "lru-cache";

/** A body that is ready to send. */
export interface Ready {
  bytes: Uint8Array<ArrayBuffer>;
  /** Made with the first request that takes it. */
  gzip?: Uint8Array<ArrayBuffer>;
  mediaType: string;
  /** Quoted, of the identity coding. */
  etag: string;
  headers: Record<string, string>;
  /** Milliseconds since 1970 until which it may be sent without a look at the database; artifacts: while they stand. */
  freshUntil: number;
  /** Whether it is a file rather than a document. */
  isFile?: true;
  /** For access accounting. */
  mount: string;
  path: string;
  /** Of the document as upstream sent it, for rewritten ones; of a file, its sha256. */
  source?: string;
  /** When policy will admit more than this shows. */
  matures?: number;
  /** When it was put into memory, or found to be still right, by the clock of that moment. */
  madeAt?: number;
}

/** Entries above this share of the bound would push out everything else. */
const SHARE = 8;
/** The same for what is dear to make. */
const DEAR_SHARE = 2;
/** What an entry costs beside its bytes. */
const OVERHEAD = 600;

/** Recently sent bodies, bounded in bytes. */
export class Memory {
  readonly #entries: LRUCache<string, Ready> | undefined;
  readonly #maximum: number;
  /** Bytes of the largest entry that is kept. */
  readonly largest: number;

  readonly #now: () => number;

  /** `now`: the clock. What was made later than that is not believed: by a clock that was ahead, policy admitted too much. */
  constructor(maxBytes: number, now: () => number) {
    this.#now = now;
    this.#maximum = maxBytes;
    this.largest = maxBytes / SHARE;
    this.#entries = maxBytes > 0 ? new LRUCache({ maxSize: maxBytes, sizeCalculation: sizeOf }) : undefined;
  }

  get(key: string): Ready | undefined {
    const found = this.#entries?.get(key);
    return found !== undefined && found.madeAt! <= this.#now() ? found : undefined;
  }

  /** What is there is still right, and may be sent until then. */
  renew(entry: Ready, freshUntil: number): void {
    entry.madeAt = this.#now();
    entry.freshUntil = freshUntil;
  }

  put(key: string, entry: Ready, isDear = false): void {
    const largest = isDear ? this.#maximum / DEAR_SHARE : this.largest;
    if (entry.bytes.length > largest) return;
    entry.madeAt = this.#now();
    this.#entries?.set(key, entry);
  }

  remove(key: string): void {
    this.#entries?.delete(key);
  }

  clear(): void {
    this.#entries?.clear();
  }

  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0;
  }
}

function sizeOf({ bytes, gzip }: Ready): number {
  return bytes.length + (gzip?.length ?? 0) + OVERHEAD;
}
