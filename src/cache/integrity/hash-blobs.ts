/** Reads blobs and says what they are: the part of verifying that takes time. Runs on a pool's threads. */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Storage } from "../../blobs/storage.ts";

export interface HashInput {
  sha256s: readonly string[];
  /** Bytes per second; 0: as fast as it goes. */
  rate: number;
}

/** What a blob's file turned out to be. */
export interface Found {
  /** Its name. */
  sha256: string;
  /** The sha256 of its bytes; `absent` or `unreadable` where they cannot be had. */
  found: string;
  /** Bytes that were read. */
  size: number;
  /** Which file it was that was read: another one may stand there by now. */
  mark: string | undefined;
}

const CHUNK = 1024 * 1024;
/** What a thread that serves clients hashes at once. */
const GENTLE = 64 * 1024;
/** Milliseconds that are worth a pause. */
const PAUSE = 5;

/** Waits until so many bytes are due. */
class Pace {
  #paid = 0;

  async spend(bytes: number, rate: number): Promise<void> {
    if (rate === 0) return;
    const now = performance.now();
    this.#paid = Math.max(this.#paid, now) + (bytes / rate) * 1_000;
    if (this.#paid - now > PAUSE) await Bun.sleep(this.#paid - now);
  }
}

/** The same beside clients, in the thread that serves them: it never waits for the disk, and hashes little at a time. */
export function gentleHasher(storage: Pick<Storage, "file">): (input: HashInput) => Promise<Found[]> {
  const buffer = new Uint8Array(GENTLE);
  const pace = new Pace();

  async function read(sha256: string, rate: number): Promise<Found> {
    let file: FileHandle;
    try {
      file = await open(storage.file(sha256), "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return { sha256, found: "absent", size: 0, mark: undefined };
    }
    let [size, mark]: [number, string | undefined] = [0, undefined];
    try {
      mark = markOf(await file.stat());
      const hasher = new Bun.CryptoHasher("sha256");
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, size);
        if (bytesRead === 0) return { sha256, found: hasher.digest("hex"), size, mark };
        hasher.update(buffer.subarray(0, bytesRead));
        size += bytesRead;
        await pace.spend(bytesRead, rate);
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return { sha256, found: "unreadable", size, mark };
    } finally {
      await file.close();
    }
  }

  return async ({ sha256s, rate }) => {
    const found: Found[] = [];
    for (const sha256 of sha256s) found.push(await read(sha256, rate));
    return found;
  };
}

/** The disk itself says that the bytes are lost, or what stands there is no file. */
function isUnreadable(error: unknown): boolean {
  return ["EIO", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** Hashes one list after the other. Throws where files cannot be opened for another reason than that they are not there. */
export function blobHasher(storage: Pick<Storage, "file">): (input: HashInput) => Promise<Found[]> {
  const buffer = new Uint8Array(CHUNK);
  const pace = new Pace();

  async function read(sha256: string, rate: number): Promise<Found> {
    let file: number;
    try {
      file = openSync(storage.file(sha256), "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return { sha256, found: "absent", size: 0, mark: undefined };
    }
    const mark = markOf(fstatSync(file));
    let size = 0;
    try {
      const hasher = new Bun.CryptoHasher("sha256");
      for (;;) {
        const count = readSync(file, buffer);
        if (count === 0) return { sha256, found: hasher.digest("hex"), size, mark };
        hasher.update(buffer.subarray(0, count));
        size += count;
        await pace.spend(count, rate);
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return { sha256, found: "unreadable", size, mark };
    } finally {
      closeSync(file);
    }
  }

  // The buffer is one: lists wait for each other.
  let last: Promise<unknown> = Promise.resolve();
  return ({ sha256s, rate }) => {
    const run = async () => {
      const found: Found[] = [];
      for (const sha256 of sha256s) found.push(await read(sha256, rate));
      return found;
    };
    const result = last.then(run);
    last = result.catch(() => {});
    return result;
  };
}

/** Which file stands at a path now; `undefined` where none does. */
export function markAt(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && markOf(stats);
}

function markOf({ ino, mtimeMs, size }: { ino: number; mtimeMs: number; size: number }): string {
  return `${ino} ${mtimeMs} ${size}`;
}
