import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Values that are kept in memory; those after them are written to a file. */
const IN_MEMORY = 5_000;
/** Bytes that are read at a time. */
const CHUNK = 64 * 1024;

/** Values that have to wait for the end of a document, in their order. However many there are, memory does not grow with them. */
export class Backlog<T> {
  readonly #inMemory = IN_MEMORY;
  readonly #first: T[] = [];
  #waiting: string[] = [];
  #folder: string | undefined;
  #file = -1;

  add(value: T): void {
    if (this.#first.length < this.#inMemory) this.#first.push(value);
    else if (this.#waiting.push(JSON.stringify(value)) >= 500) this.#write();
  }

  /** Once. */
  *drain(): Generator<T> {
    yield* this.#first.splice(0);
    if (this.#file >= 0) {
      this.#write();
      for (const line of linesOf(this.#file)) yield JSON.parse(line) as T;
      this.close();
    } else for (const line of this.#waiting.splice(0)) yield JSON.parse(line) as T;
  }

  /** Removes the file. To be called in any case. */
  close(): void {
    if (this.#folder === undefined) return;
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
    this.#file = -1;
    this.#folder = undefined;
  }

  #write(): void {
    if (this.#folder === undefined) {
      this.#folder = mkdtempSync(join(tmpdir(), "proxy-sbom-"));
      this.#file = openSync(join(this.#folder, "components"), "w+", 0o600);
    }
    if (this.#waiting.length > 0) writeSync(this.#file, `${this.#waiting.join("\n")}\n`);
    this.#waiting = [];
  }
}

function* linesOf(file: number): Generator<string> {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(CHUNK);
  let rest = "";
  for (let at = 0; ; ) {
    const read = readSync(file, chunk, 0, CHUNK, at);
    if (read === 0) break;
    at += read;
    const lines = (rest + decoder.decode(chunk.subarray(0, read), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
