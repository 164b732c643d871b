import { BadRequest } from "../../../lib/errors.ts";

/** Bytes that are handed on at once: what a chunk yields is held until it is asked for. */
const SLICE = 64 * 1024;

/**
 * The text of a stream of UTF-8, in pieces, without its byte order mark. Throws BadRequest with the offset of the first
 * byte that is not UTF-8, or is NUL: no document here may hold one, and UTF-16 is full of them.
 */
export async function* textOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let offset = 0;
  let previous: Uint8Array = new Uint8Array();
  for await (const chunk of bytes) {
    for (let start = 0; start < chunk.length; start += SLICE) {
      const slice = chunk.subarray(start, start + SLICE);
      const nul = slice.indexOf(0);
      if (nul >= 0) throw new BadRequest(`byte ${offset + nul} is NUL, which text does not hold`);
      const text = decoded(decoder, slice, previous, offset);
      offset += slice.length;
      // What a character split between slices began with; copied, as readers may use their memory again.
      previous = Uint8Array.from(slice.length < 4 ? [...previous.subarray(-4), ...slice] : slice.subarray(-4));
      if (text) yield text;
    }
  }
  decoded(decoder, undefined, previous, offset);
}

function decoded(decoder: TextDecoder, slice: Uint8Array | undefined, previous: Uint8Array, offset: number): string {
  try {
    return slice ? decoder.decode(slice, { stream: true }) : decoder.decode();
  } catch {
    const begun = beginningAtEnd(previous);
    const rest = Buffer.concat([previous.subarray(previous.length - begun), slice ?? new Uint8Array()]);
    throw new BadRequest(`byte ${offset - begun + firstInvalid(rest)} is not UTF-8; SBOMs are read as UTF-8 only`);
  }
}

/** How many of the last bytes begin a character that is not whole: at most three. */
function beginningAtEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc0) return lengthOf(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

function lengthOf(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function firstInvalid(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let at = 0;
  try {
    while (at < bytes.length) {
      const length = lengthOf(bytes[at]!);
      decoder.decode(bytes.subarray(at, at + length));
      at += length;
    }
  } catch {
    // `at` is where the character begins that cannot be read.
  }
  return at;
}
