import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { BadRequest, messageOf } from "../../lib/errors.ts";

/** Files that came with a request, on disk for as long as it takes to read them: they may be larger than memory. */
export class Uploads {
  readonly #folder: string;
  readonly #files: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps it under a path, which is its own. */
  async keep(body: AsyncIterable<Uint8Array>): Promise<string> {
    const path = join(this.#folder, `upload-${crypto.randomUUID()}`);
    this.#files.push(path);
    const file = await open(path, "wx");
    try {
      for await (const bytes of body) await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#files.map((path) => rm(path, { force: true })));
  }
}

/** The body of a request. Throws BadRequest where the client goes away. */
export async function* received({ body }: Request): AsyncGenerator<Uint8Array> {
  try {
    if (body) yield* body;
  } catch (error) {
    throw new BadRequest(`the request was broken off: ${messageOf(error)}`);
  }
}

/** Throws BadRequest (413) when there is more than that. `what`: of people's words, `an upload`. `counted` hears of what came. */
export async function* atMost(
  bytes: number,
  body: AsyncIterable<Uint8Array>,
  what: string,
  counted?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytes) throw tooLarge(bytes, what);
    counted?.(chunk.length);
    yield chunk;
  }
}

export function tooLarge(bytes: number, what: string): BadRequest {
  return new BadRequest(`${what} may have at most ${bytes} bytes`, 413);
}

/** UTF-8. Throws BadRequest where it is something else. */
export async function textOf(body: AsyncIterable<Uint8Array>, what: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new BadRequest(`${what} is not UTF-8`);
  }
}
