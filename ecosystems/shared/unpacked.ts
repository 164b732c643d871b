/** Bytes in memory, unpacked at once: for `parse` and `rewrite`, which do not wait. */
import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";

/** Bytes that come of it, at most, where a caller does not say. */
const MOST = 64 * 1024 * 1024;

/** A gzip of one or several members. Throws where it is no whole one, or has more than `most` bytes. */
export function gunzipped(bytes: Uint8Array, most = MOST): Uint8Array {
  return gunzipSync(bytes, { maxOutputLength: most });
}

/** Deflated bytes: in the zlib format (RFC 1950), or `raw` (RFC 1951), as the members of a zip archive are. Throws as `gunzipped` does. */
export function inflated(bytes: Uint8Array, { raw = false, most = MOST } = {}): Uint8Array {
  return (raw ? inflateRawSync : inflateSync)(bytes, { maxOutputLength: most });
}

/** A regular file of a tar archive. */
export interface TarFile {
  name: string;
  bytes: Uint8Array;
}

const BLOCK = 512;
const decoder = new TextDecoder();

/**
 * The regular files of a tar archive (POSIX ustar, with the long names and sizes of GNU and pax). Throws SyntaxError where it is cut
 * off or no tar.
 */
export function* filesInTar(bytes: Uint8Array): Generator<TarFile> {
  /** What an entry before says of the next one. */
  let ahead: { name?: string; size?: number } = {};
  for (let at = 0; ; ) {
    const head = bytes.subarray(at, at + BLOCK);
    if (head.length < BLOCK) throw new SyntaxError("it is no whole tar archive: its end is not marked");
    if (head.every((byte) => byte === 0)) return;
    if (!isHeader(head)) throw new SyntaxError(`it is no tar archive: there is no header at byte ${at}`);
    const type = String.fromCharCode(head[156]!);
    const isNote = type === "L" || type === "x" || type === "g";
    const size = (isNote ? undefined : ahead.size) ?? numberIn(head.subarray(124, 136));
    const body = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (body.length < size) throw new SyntaxError(`it is no whole tar archive: it ends within the entry at byte ${at}`);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (type === "L") ahead = { ...ahead, name: textIn(body) };
    else if (type === "x") ahead = { ...ahead, ...notesIn(body) };
    else if (type !== "g") {
      // An old one has NUL for its type.
      if (type === "0" || type === "7" || type === "\0") yield { name: ahead.name ?? nameIn(head), bytes: body };
      ahead = {};
    }
  }
}

/** By its sum, in which the sum itself counts as spaces. */
function isHeader(head: Uint8Array): boolean {
  const sum = head.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  return sum === numberIn(head.subarray(148, 156));
}

function nameIn(head: Uint8Array): string {
  const prefix = textIn(head.subarray(257, 262)) === "ustar" && head[262] === 0 ? textIn(head.subarray(345, 500)) : "";
  const name = textIn(head.subarray(0, 100));
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** To its first NUL. */
function textIn(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits; of large ones in GNU's form, bytes after a first bit. */
function numberIn(field: Uint8Array): number {
  if (field[0] === 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
  const text = textIn(field).trim();
  if (!/^[0-7]*$/.test(text)) throw new SyntaxError(`it is no tar archive: "${text}" is no number`);
  return Number.parseInt(text || "0", 8);
}

/** `LENGTH KEY=VALUE\n`, of which the length is in bytes and counts itself. */
function notesIn(body: Uint8Array): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  for (let at = 0; at < body.length; ) {
    const length = Number.parseInt(decoder.decode(body.subarray(at, at + 20)), 10);
    if (!(length > 0)) throw new SyntaxError("it is no tar archive: a pax header has a line without a length");
    const [, key, value = ""] = /^\d+ ([^=]+)=([\s\S]*)\n$/.exec(decoder.decode(body.subarray(at, at + length))) ?? [];
    if (key === "path") found.name = value;
    if (key === "size") found.size = Number(value);
    at += length;
  }
  return found;
}
