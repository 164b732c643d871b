/** Reads `multipart/form-data` (RFC 7578) as a stream: a part of any size is never in memory whole. */
import { BadRequest } from "../../lib/errors.ts";

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
const DISPOSITION = "content-disposition:";
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
  const line = head.split("\r\n").find((each) => each.toLowerCase().startsWith(DISPOSITION)) ?? "";
  const parameters = parametersOf(line.slice(DISPOSITION.length));
  const name = parameters?.get("name");
  if (name === undefined) throw new BadRequest(`part ${part} of the form has no name (Content-Disposition)`);
  const filename = parameters?.get("filename");
  return { name, ...(filename !== undefined && { filename }) };
}

/**
 * What stands behind `form-data`, in one pass. A quote in a name is `%22` (browsers) or `\\"` (others); its end is the quote before
 * the next parameter.
 */
function parametersOf(value: string): Map<string, string> | undefined {
  const first = value.indexOf(";");
  if (
    value
      .slice(0, first < 0 ? undefined : first)
      .trim()
      .toLowerCase() !== "form-data"
  )
    return undefined;
  const found = new Map<string, string>();
  for (let at = first; at >= 0 && at < value.length; ) {
    const equals = value.indexOf("=", at);
    if (equals < 0) break;
    const name = value
      .slice(at + 1, equals)
      .trim()
      .toLowerCase();
    const { text, end } = value[equals + 1] === '"' ? quotedAt(value, equals + 2) : plainAt(value, equals + 1);
    if (!found.has(name)) found.set(name, text);
    at = value.indexOf(";", end);
  }
  return found;
}

function plainAt(value: string, start: number): { text: string; end: number } {
  const semicolon = value.indexOf(";", start);
  const end = semicolon < 0 ? value.length : semicolon;
  return { text: value.slice(start, end).trim(), end };
}

function quotedAt(value: string, start: number): { text: string; end: number } {
  let end = start;
  for (let quote = value.indexOf('"', start); quote >= 0; quote = value.indexOf('"', quote + 1)) {
    end = quote;
    let next = quote + 1;
    while (value[next] === " " || value[next] === "\t") next++;
    if (next === value.length || value[next] === ";") break;
  }
  const text = value
    .slice(start, end)
    .replace(/\\"|%22/g, '"')
    .replace(/%0d/gi, "\r")
    .replace(/%0a/gi, "\n");
  return { text, end };
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
