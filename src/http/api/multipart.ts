/** Reads `multipart/form-data` (RFC 7578) as a stream: a part of any size is never in memory whole. */
import { Readable } from "node:stream";
import type { BusboyHeaders } from "@fastify/busboy";
import { BadRequest } from "../../lib/errors.ts";

export interface Part {
  name: string;
  /** Absent: a field, not a file. */
  filename?: string;
  /** To be read before the next part is asked for; what is left of it is skipped. */
  body: AsyncIterable<Uint8Array>;
}

/** Bytes of the headers of a part. */
const MAX_HEAD = 16 * 1024;
const PARTS = 100_000;
const BROKEN_OFF = "the form ends before its last boundary";

/** The boundary that a Content-Type names; `undefined` where it names none. */
export function boundaryOf(contentType: string): string | undefined {
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** Throws BadRequest for a body that is no such form, or ends too early. Parts without Content-Disposition are none of a form. */
export async function* partsOf(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  // Most servers are sent no form.
  const { Busboy } = await import("@fastify/busboy");
  const headers: BusboyHeaders = { "content-type": `multipart/form-data; boundary="${boundary}"` };
  const limits = { parts: PARTS, headerSize: MAX_HEAD };
  // As files all parts are streams, whatever they are.
  const form = new Busboy({ headers, limits, preservePath: true, isPartAFile: () => true });
  const source = Readable.from(body);
  const parts = new Arrivals<Part & { rest: Readable }>();
  let count = 0;
  form.on("file", (name: string | undefined, rest: Readable, filename: string | undefined) => {
    count++;
    // Whoever reads it is told; what nobody reads must not end the process.
    rest.on("error", () => {});
    if (name === undefined) parts.fail(new BadRequest(`part ${count} of the form has no name (Content-Disposition)`));
    else
      parts.add({
        name: unescaped(name),
        ...(filename !== undefined && { filename: unescaped(filename) }),
        body: contentOf(rest),
        rest,
      });
  });
  form.on("partsLimit", () => parts.fail(new BadRequest(`the form has more than ${PARTS} parts`, 413)));
  form.on("error", () => parts.fail(new BadRequest(BROKEN_OFF)));
  form.on("finish", () => parts.end());
  source.on("error", (error) => parts.fail(error));
  source.pipe(form);
  try {
    for (let part = await parts.next(); part; part = await parts.next()) {
      const { rest, ...told } = part;
      yield told;
      rest.resume();
    }
  } finally {
    source.destroy();
  }
}

async function* contentOf(part: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of part) yield chunk as Uint8Array;
  } catch {
    throw new BadRequest(BROKEN_OFF);
  }
}

/** Browsers write quotes and ends of lines in names so (HTML, multipart form data). */
function unescaped(name: string): string {
  return name.replace(/%22/g, '"').replace(/%0d/gi, "\r").replace(/%0a/gi, "\n");
}

/** What arrives, for one who takes it in its order. */
class Arrivals<T> {
  readonly #waiting: T[] = [];
  #end: { error?: unknown } | undefined;
  #news = Promise.withResolvers<void>();

  add(one: T): void {
    this.#waiting.push(one);
    this.#news.resolve();
  }

  end(): void {
    this.#end ??= {};
    this.#news.resolve();
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#news.resolve();
  }

  /** The next one; `undefined` after the last. Throws what it failed with, once what arrived before is taken. */
  async next(): Promise<T | undefined> {
    for (;;) {
      const one = this.#waiting.shift();
      if (one !== undefined) return one;
      if (this.#end && "error" in this.#end) throw this.#end.error;
      if (this.#end) return undefined;
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }
}
