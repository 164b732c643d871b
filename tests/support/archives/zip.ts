/** Deterministic zip archives (PKWARE APPNOTE 4.3): wheels, module zips, jars. No entry above 4 GiB, no directories. */
import { crc32, deflateRawSync } from "node:zlib";
import type { Files } from "./files.ts";

/** 2024-01-01 00:00, as MS-DOS writes it. */
const DATE = ((2024 - 1980) << 9) | (1 << 5) | 1;
const VERSION = 20;
const UTF8_NAMES = 0x0800;
const DEFLATED = 8;
const REGULAR_FILE = (0o100644 << 16) >>> 0;

/** A zip of the files, in the order given. */
export function zip(files: Files): Uint8Array<ArrayBuffer> {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as string);
    const packed = deflateRawSync(bytes);
    const name = Buffer.from(path);
    const shared = u16(VERSION, UTF8_NAMES, DEFLATED, 0, DATE);
    const sizes = Buffer.concat([u32(crc32(bytes), packed.length, bytes.length), u16(name.length, 0)]);
    const entry = Buffer.concat([Buffer.from("PK\x03\x04"), shared, sizes, name, packed]);
    const madeByUnix = u16((3 << 8) | VERSION);
    const placed = Buffer.concat([u16(0, 0, 0), u32(REGULAR_FILE, offset)]);
    central.push(Buffer.from("PK\x01\x02"), madeByUnix, shared, sizes, placed, name);
    local.push(entry);
    offset += entry.length;
  }
  const directory = Buffer.concat(central);
  const count = Object.keys(files).length;
  const end = [Buffer.from("PK\x05\x06"), u16(0, 0, count, count), u32(directory.length, offset), u16(0)];
  return Buffer.concat([...local, directory, ...end]);
}

function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, 2 * index);
  return bytes;
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}
