/** Deterministic tar archives (POSIX ustar): the same files give the same bytes, on every day and machine. */
import { gzipSync } from "node:zlib";
import type { Files } from "./files.ts";

const BLOCK = 512;
/** 2023-11-14T22:13:20Z: the same for every file. */
const MODIFIED = 1_700_000_000;

/** A gzip'd tar of the files, in the order given; a name that ends with a slash is a folder. */
export function tarGz(files: Files): Uint8Array<ArrayBuffer> {
  return gzipSync(tar(files));
}

export function tar(files: Files): Uint8Array<ArrayBuffer> {
  const parts = Object.entries(files).flatMap(([name, content]) => {
    const bytes = Buffer.from(content as string);
    return [header(name, bytes.length), bytes, Buffer.alloc(-bytes.length & (BLOCK - 1))];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** One header block: name, mode, owner, group, size, time, checksum, type, magic; numbers in octal. */
function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const field = (at: number, value: string) => block.write(value, at, "latin1");
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, "0");
  const { prefix, base } = split(name);
  field(0, base);
  field(100, octal(name.endsWith("/") ? 0o755 : 0o644, 8));
  field(108, octal(0, 8));
  field(116, octal(0, 8));
  field(124, octal(size, 12));
  field(136, octal(MODIFIED, 12));
  field(148, " ".repeat(8));
  field(156, name.endsWith("/") ? "5" : "0");
  field(257, "ustar\x0000");
  field(345, prefix);
  const sum = block.reduce((total, byte) => total + byte, 0);
  field(148, `${octal(sum, 7)}\x00 `);
  return block;
}

/** Names over 100 bytes are cut at a slash: at most 155 before it, 100 after it. */
function split(name: string): { prefix: string; base: string } {
  if (name.length <= 100) return { prefix: "", base: name };
  const slash = name.indexOf("/", name.length - 101);
  if (slash < 0 || slash > 155) throw new RangeError(`Too long a name for a tar archive: ${name}`);
  return { prefix: name.slice(0, slash), base: name.slice(slash + 1) };
}
