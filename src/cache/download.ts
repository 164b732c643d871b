/**
 * Brings one body from upstream into the store: several addresses, retries, continuation after a break, hashes on the way,
 * verification before anything is kept. Says nothing of why it was wanted.
 */
import { existsSync } from "node:fs";
import { type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { type Digests, Hasher, splitDigest } from "../digest.ts";
import type { Algorithm } from "../ecosystem.ts";
import { DigestMismatch, UpstreamFailed } from "../errors.ts";
import { emit } from "../events.ts";
import { chunksOf } from "../upstream/body.ts";
import type { Upstream } from "../upstream/client.ts";
import { Growing, type Head } from "./growing.ts";
import { request, type Wanted } from "./request.ts";
import { verify } from "./verify.ts";

/** What is wanted, and where it goes. */
export interface Download extends Wanted {
  /** The file to write; what is in it from an interrupted download is continued where upstream allows it. */
  file: string;
  /** Told once, as soon as bytes may be passed on before the whole is verified; never for small bodies. */
  onGrowing?: (growing: Growing) => void;
  /** Told of a small body as soon as it is verified, before it is written: the disk may take its time, or be full. */
  onWhole?: (downloaded: Downloaded, bytes: Uint8Array) => void;
}

export interface Downloaded {
  head: Head;
  digests: Digests;
  size: number;
}

/** Bodies up to this size are verified before the first byte is passed on. */
export const SMALL = 1024 * 1024;
/** Breaks of the connection that are survived in a row without a byte of progress. */
const BREAKS = 4;

/** Downloads and verifies. Throws NotModified, NotFound, DigestMismatch or UpstreamFailed; then nothing but the part file is left. */
export async function download(upstream: Upstream, wanted: Download): Promise<Downloaded> {
  const transfer = new Transfer(upstream, wanted);
  try {
    return await transfer.run();
  } catch (error) {
    // A mismatch must not be continued; a break may be.
    if (!(error instanceof UpstreamFailed && error.retryable)) await discard(wanted.file);
    if (error instanceof DigestMismatch) {
      emit("mismatch", { mount: wanted.mount.name, path: wanted.path, expected: error.expected, found: error.found });
    }
    throw error;
  } finally {
    await transfer.close();
  }
}

export async function discard(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(`${file}.json`, { force: true });
}

class Transfer {
  readonly #upstream: Upstream;
  readonly #wanted: Download;
  /** Opened when there is something to write: a small body is passed on before the disk is touched. */
  #handle: FileHandle | undefined;
  #hasher: Hasher;
  /** What upstream said of the body, since it first answered. */
  #head: Head | undefined;
  #size = 0;
  #small: Uint8Array[] | undefined;
  #growing: Growing | undefined;

  constructor(upstream: Upstream, wanted: Download) {
    this.#upstream = upstream;
    this.#wanted = wanted;
    this.#hasher = new Hasher(this.#algorithms());
  }

  async run(): Promise<Downloaded> {
    await this.#inherit();
    for (let breaks = 0; ; breaks++) {
      const before = this.#size;
      try {
        return await this.#finish(await this.#receive());
      } catch (error) {
        // One that is too slow would be so again.
        const passing = error instanceof UpstreamFailed && error.retryable && !error.timeout;
        const mayGoOn = passing && this.#head !== undefined;
        if (this.#size > before) breaks = 0;
        if (!mayGoOn || breaks >= BREAKS) throw this.#failed(error);
        if (!this.#canContinue()) await this.#restart();
        await Bun.sleep(50 * 2 ** breaks);
      }
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  async #open(): Promise<FileHandle> {
    this.#handle ??= await open(this.#wanted.file, "a+");
    return this.#handle;
  }

  /** What an earlier owner left: its head, with the hashes of its bytes taken up again. */
  async #inherit(): Promise<void> {
    if (!existsSync(this.#wanted.file)) return;
    const { size } = await (await this.#open()).stat();
    if (size === 0) return;
    this.#head = await readFile(`${this.#wanted.file}.json`, "utf8").then(
      (text) => JSON.parse(text) as Head,
      () => undefined,
    );
    if (!this.#canContinue()) return this.#restart();
    for await (const chunk of Bun.file(this.#wanted.file).stream()) this.#hasher.update(chunk);
    this.#size = size;
  }

  /** One answer, from where we are to its end. */
  async #receive(): Promise<Head> {
    const answered = await request(this.#upstream, this.#wanted, this.#size, this.#head);
    const { response } = answered;
    const head = this.#head && this.#size > 0 ? this.#head : answered.head;
    this.#head = head;
    if (this.#size === 0) await this.#begin(head);
    const { maximum, raw, size = maximum } = this.#wanted;
    const limits = { maximum: size - this.#size, raw, timeout: this.#upstream.settings.timeout };
    for await (const chunk of chunksOf(response, new URL(head.url).host, limits)) {
      this.#hasher.update(chunk);
      if (this.#small) this.#small.push(chunk);
      else await this.#handle?.appendFile(chunk);
      this.#size += chunk.length;
      emit("fetched", { mount: this.#wanted.mount.name, bytes: chunk.length });
      this.#growing?.grow(chunk.length);
      if (this.#small && this.#size > SMALL) await this.#spill(head, this.#small);
      if (!this.#small) free(chunk);
    }
    if (head.length !== undefined && this.#size !== head.length) {
      throw new UpstreamFailed(`${this.#wanted.path}: upstream announced ${head.length} bytes and sent ${this.#size}`, {
        retryable: this.#size < head.length,
      });
    }
    return head;
  }

  async #begin(head: Head): Promise<void> {
    const { maximum, path, size } = this.#wanted;
    if (head.length !== undefined && size !== undefined && head.length !== size) {
      throw new DigestMismatch(path, `${size} bytes`, `${head.length} bytes`);
    }
    if (head.length !== undefined && head.length > maximum) {
      throw new UpstreamFailed(`${path} has ${head.length} bytes, more than the ${maximum} that are allowed`);
    }
    this.#small = (head.length ?? 0) <= SMALL ? [] : undefined;
    if (!this.#small) await this.#pass(head);
  }

  /** A body of unknown length turns out to be no small one. */
  async #spill(head: Head, chunks: readonly Uint8Array[]): Promise<void> {
    this.#small = undefined;
    await (await this.#open()).appendFile(Buffer.concat(chunks));
    await this.#pass(head);
    this.#growing?.grow(this.#size);
  }

  /** From here on, others may read what is there. */
  async #pass(head: Head): Promise<void> {
    const { file } = this.#wanted;
    await this.#open();
    await writeFile(`${file}.json`, JSON.stringify(head));
    if (this.#growing || !this.#wanted.onGrowing) return;
    this.#growing = new Growing(head, file);
    this.#wanted.onGrowing(this.#growing);
  }

  /** Strong validators (RFC 9110 13.1.5) or a digest to check the result against make a continuation safe. */
  #canContinue(): boolean {
    if (this.#small || !this.#head) return false;
    const { etag } = this.#head;
    return (etag !== undefined && !etag.startsWith("W/")) || this.#wanted.expected !== undefined;
  }

  async #restart(): Promise<void> {
    if (this.#growing && this.#growing.readers > 0) {
      throw new UpstreamFailed(`${this.#wanted.path} broke off, and upstream gives nothing by which to continue it`, {
        retryable: true,
      });
    }
    await this.#handle?.truncate(0);
    await rm(`${this.#wanted.file}.json`, { force: true });
    this.#hasher = new Hasher(this.#algorithms());
    this.#size = 0;
    if (this.#growing) this.#growing.size = 0;
  }

  async #finish(head: Head): Promise<Downloaded> {
    const { expected, path, file, onWhole } = this.#wanted;
    const digests = this.#hasher.digests();
    const bytes = this.#small && Buffer.concat(this.#small);
    const downloaded = { head, digests, size: this.#size };
    try {
      if (expected) await verify(path, expected, digests, bytes ?? file);
      if (!bytes) {
        await rm(`${file}.json`, { force: true });
        return downloaded;
      }
      onWhole?.(downloaded, bytes);
      await (await this.#open()).appendFile(bytes);
      return downloaded;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): unknown {
    this.#growing?.fail(error);
    return error;
  }

  #algorithms(): Algorithm[] {
    const { algorithms, expected } = this.#wanted;
    return expected ? [...algorithms, splitDigest(expected)[0]] : [...algorithms];
  }
}

/** Gives a chunk's memory back at once: left to the collector, tens of megabytes would gather first. */
function free({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
