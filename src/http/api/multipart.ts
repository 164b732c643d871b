/** Reads `multipart/form-data` (RFC 7578) as a stream: a part of any size is never in memory whole. */
import { BadRequest } from "../../errors.ts";

export interface Part {
  name: string;
  /** Absent: a field, not a file. */
  filename?: string;
  /** To be read before the next part is asked for; what is left of it is skipped. */
  body: AsyncIterable<Uint8Array>;
}

/** Bytes of what stands before the first part, and of the headers of one. */
const MAX_HEAD = 16 * 1024;
const PARTS = 100_000;
const END_OF_HEADERS = Buffer.from("\r\n\r\n");

/** The boundary that a Content-Type names; `undefined` where it names none. */
export function boundaryOf(contentType: string): string | undefined {
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** Throws BadRequest for a body that is no such form, or ends too early. */
export async function* partsOf(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  const input = new Input(body);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line end before it, unless there is a preamble.
  input.unread(Buffer.from("\r\n"));
  await input.until(delimiter, "the first part");
  for (let part = 1; ; part++) {
    const start = await input.peek(2);
    if (start === "--") return;
    if (part > PARTS) throw new BadRequest(`the form has more than ${PARTS} parts`, 413);
    const head = await input.until(END_OF_HEADERS, `the headers of part ${part}`);
    const state = { isRead: false };
    const body = { [Symbol.asyncIterator]: () => contentOf(input, delimiter, part, state) };
    yield { ...describedBy(head.toString("utf8"), part), body };
    for await (const _ of body);
  }
}

async function* contentOf(
  input: Input,
  delimiter: Buffer,
  part: number,
  state: { isRead: boolean },
): AsyncGenerator<Uint8Array> {
  while (!state.isRead) {
    const { bytes, isEnd } = await input.upTo(delimiter, part);
    state.isRead = isEnd;
    if (bytes.length > 0) yield bytes;
  }
}

function describedBy(head: string, part: number): Pick<Part, "name" | "filename"> {
  const disposition = /^content-disposition:[ \t]*form-data[ \t]*(;.*)$/im.exec(head)?.[1];
  const name = parameter(disposition, "name");
  if (name === undefined) throw new BadRequest(`part ${part} of the form has no name (Content-Disposition)`);
  const filename = parameter(disposition, "filename");
  return { name, ...(filename !== undefined && { filename }) };
}

/** A quote in a name is `%22` (browsers) or `\\"` (others); its end is the quote before the next parameter. */
function parameter(disposition = "", name: string): string | undefined {
  const pattern = new RegExp(`;\\s*${name}=(?:"(.*?)"\\s*(?=;|$)|([^\\s;"]+))`, "i");
  const [, quoted, plain] = pattern.exec(disposition) ?? [];
  return (
    quoted
      ?.replace(/\\"|%22/g, '"')
      .replace(/%0d/gi, "\r")
      .replace(/%0a/gi, "\n") ?? plain
  );
}

/** Bytes as they come, with a look ahead. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #ahead: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  unread(bytes: Buffer): void {
    this.#ahead = Buffer.concat([bytes, this.#ahead]);
  }

  async peek(length: number): Promise<string> {
    while (this.#ahead.length < length) await this.#more("the end of the form");
    return this.#ahead.toString("latin1", 0, length);
  }

  /** What stands before a mark; both are taken. */
  async until(mark: Buffer, what: string): Promise<Buffer> {
    for (;;) {
      const at = this.#ahead.indexOf(mark);
      if (at >= 0) return this.#take(at, mark.length);
      if (this.#ahead.length > MAX_HEAD) throw new BadRequest(`${what}: not found in ${MAX_HEAD} bytes of the form`);
      await this.#more(what);
    }
  }

  /** Some of what stands before a mark; at its end the mark is taken too. */
  async upTo(mark: Buffer, part: number): Promise<{ bytes: Buffer; isEnd: boolean }> {
    for (;;) {
      const at = this.#ahead.indexOf(mark);
      if (at >= 0) return { bytes: this.#take(at, mark.length), isEnd: true };
      // The end of what is here may be the beginning of the mark.
      const sure = this.#ahead.length - mark.length;
      if (sure > 0) return { bytes: this.#take(sure), isEnd: false };
      await this.#more(`the end of part ${part}`);
    }
  }

  #take(length: number, skip = 0): Buffer {
    const taken = this.#ahead.subarray(0, length);
    this.#ahead = this.#ahead.subarray(length + skip);
    return taken;
  }

  async #more(what: string): Promise<void> {
    const { value, done } = await this.#source.next();
    if (done) throw new BadRequest(`the form ends before ${what}`);
    this.#ahead = Buffer.concat([this.#ahead, value]);
  }
}
