/** A tar archive that is never in memory whole: POSIX ustar, with the long names of GNU and pax. */
import { withoutLast } from "../../src/lib/text-ends.ts";

export interface Member {
  name: string;
  size: number;
  /** Its bytes; what is not taken is passed over. To be read before the next member. */
  chunks(): AsyncIterable<Uint8Array>;
}

const BLOCK = 512;

/** Its regular files. Throws SyntaxError where it is no whole tar. */
export async function* membersOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Member> {
  const input = new Input(bytes);
  let long: string | undefined;
  for (;;) {
    const header = await input.exactly(BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const size = Number.parseInt(textOf(header, 124, 12).trim() || "0", 8);
    if (!Number.isSafeInteger(size) || (textOf(header, 257, 5) !== "ustar" && textOf(header, 257, 5) !== ""))
      throw new SyntaxError("it is no tar archive");
    const type = String.fromCharCode(header[156] ?? 0);
    const prefix = textOf(header, 345, 155);
    const name = long ?? (prefix ? `${prefix}/` : "") + textOf(header, 0, 100);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    let left = size;
    if (type === "L" || type === "x") {
      const text = new TextDecoder().decode(await input.exactly(size));
      long = type === "L" ? withoutLast(text, "\0") : (/(?:^|\n)\d+ path=(.*)\n/.exec(text)?.[1] ?? long);
      await input.exactly(padding);
      continue;
    }
    long = undefined;
    const chunks = async function* () {
      while (left > 0) {
        const chunk = await input.some(left);
        left -= chunk.length;
        yield chunk;
      }
    };
    if (type === "0" || type === "\0") yield { name, size, chunks };
    for await (const _ of chunks());
    await input.exactly(padding);
  }
}

class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest = new Uint8Array();

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  /** At least one byte and at most so many. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#source.next();
      if (done) throw new SyntaxError("the archive ends in the middle of a file");
      this.#rest = value as Uint8Array<ArrayBuffer>;
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  async exactly(size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let left = size; left > 0; ) {
      const part = await this.some(left);
      parts.push(part);
      left -= part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}

function textOf(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
