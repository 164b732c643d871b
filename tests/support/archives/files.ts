/** What goes into an archive: contents by path, in the order in which they are packed. */
import { createCipheriv } from "node:crypto";

export type Files = Readonly<Record<string, string | Uint8Array>>;

/**
 * Bytes that do not compress and are the same for the same seed, to give an artifact the size that a test wants: the archive
 * comes out a little larger.
 */
export function filler(size: number, seed: string): Uint8Array<ArrayBuffer> {
  const key = new Bun.CryptoHasher("md5").update(seed).digest();
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** Adds a file of so many incompressible bytes, or nothing where no size is asked for. */
export function padded(files: Files, path: string, size: number | undefined): Files {
  return size === undefined ? files : { ...files, [path]: filler(size, path) };
}
