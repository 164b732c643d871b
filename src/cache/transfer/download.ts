/**
 * Brings one body from upstream into the store: several addresses, retries, continuation after a break, hashes on the way,
 * verification before anything is kept. Says nothing of why it was wanted.
 */
import { constants, existsSync } from "node:fs";
import { copyFile, readFile, rename } from "node:fs/promises";
import type { Storage } from "../../blobs/storage.ts";
import { type Digests, Hasher, splitDigest } from "../../contract/digest.ts";
import type { Algorithm } from "../../contract/ecosystem.ts";
import { emit } from "../../contract/events.ts";
import { DigestMismatch, NotFound, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { chunksOf } from "../../upstream/body.ts";
import type { Upstream } from "../../upstream/client.ts";
import { isPageType } from "../integrity/plausible.ts";
import { verify } from "../integrity/verify.ts";
import { descriptionOf, discard, PartFile } from "./part-file.ts";
import { Growing, type Head } from "./partial-body.ts";
import { Changed, request, strongOf, type Wanted } from "./request.ts";

type Parts = { upstream: Upstream; storage: Pick<Storage, "waitsForDisk"> };

/** What is wanted, and where it goes. */
export interface Download extends Wanted {
  /** The file to write; what is in it from an interrupted download is continued where upstream allows it. */
  file: string;
  /** Whether that many bytes, or an unknown number (0), may be written. */
  hasRoom?: (bytes: number) => Promise<boolean>;
  /** Told once, as soon as bytes may be passed on before the whole is verified; never for small bodies. */
  onGrowing?: (growing: Growing) => void;
  /** Told of a small body as soon as it is verified, before it is written: the disk may take its time, or be full. */
  onWhole?: (downloaded: Downloaded, bytes: Uint8Array) => void;
  /** A small body is returned, and no file is written. */
  keepsSmall?: boolean;
}

export interface Downloaded {
  head: Head;
  digests: Digests;
  size: number;
  /** All of a small body, where that was asked for. */
  bytes?: Uint8Array;
}

/** Bodies up to this size are verified before the first byte is passed on. */
export const SMALL = 1024 * 1024;
/** Breaks of the connection that are survived in a row without a byte of progress. */
const BREAKS = 4;

/** The body cannot be stored, which is known before a byte of it is passed on: the store has no room, or nothing would tell
 * whether it is whole. */
export class NotStored extends Error {}

/** Why a body cannot be stored that ends with its connection. */
export function unframed(path: string): string {
  return `${path}: upstream states neither its length nor its digest, and sends it without chunks, so nothing tells whether it is whole`;
}

/** Downloads and verifies. Throws NotModified, NotFound, NotStored, DigestMismatch or UpstreamFailed; then nothing but the part file is left. */
export async function download(parts: Parts, wanted: Download): Promise<Downloaded> {
  const transfer = new Transfer(parts, wanted);
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

class Transfer {
  readonly #upstream: Upstream;
  #wanted: Download;
  readonly #part: PartFile;
  #hasher: Hasher;
  /** What upstream said of the body, since it first answered. */
  #head: Head | undefined;
  #size = 0;
  #small: Uint8Array[] | undefined;
  #growing: Growing | undefined;

  constructor({ upstream, storage }: Parts, wanted: Download) {
    this.#upstream = upstream;
    this.#wanted = wanted;
    this.#part = new PartFile(storage, wanted.file);
    this.#hasher = new Hasher(this.#algorithms());
  }

  async run(): Promise<Downloaded> {
    await this.#inherit();
    let furthest = this.#size;
    let mismatch: DigestMismatch | undefined;
    for (let breaks = 0; ; breaks++) {
      try {
        return await this.#finish(await this.#receive());
      } catch (error) {
        if (error instanceof DigestMismatch && this.#leaveOutPlace()) {
          mismatch ??= error;
          await this.#restart(error);
          continue;
        }
        if (mismatch && error instanceof NotFound) throw mismatch;
        // One that is too slow would be so again.
        const passing = error instanceof UpstreamFailed && error.retryable && !error.timeout;
        const mayGoOn = passing && this.#head !== undefined;
        if (this.#size > furthest) breaks = 0;
        furthest = Math.max(furthest, this.#size);
        if (!mayGoOn || breaks >= BREAKS) throw error;
        if (error instanceof Changed || !this.#canContinue()) await this.#restart(error);
        await Bun.sleep(50 * 2 ** breaks);
      }
    }
  }

  /** Of several places that an index states, one that has other bytes is asked no more; false where it is the only one. */
  #leaveOutPlace(): boolean {
    const { mount, path, sources } = this.#wanted;
    const place = sources.find(({ registry, isStated }) => isStated && registry === this.#head?.registry);
    const others = sources.filter((each) => each !== place);
    if (!place || others.length === 0) return false;
    log.warn("one of the places of a file has other bytes than its index states; the next one is tried", {
      mount: mount.name,
      path,
      place: place.registry,
    });
    this.#wanted = { ...this.#wanted, sources: others };
    return true;
  }

  close(): Promise<void> {
    return this.#part.close();
  }

  /**
   * What an earlier owner left: its head, with the hashes of its bytes taken up again. A copy of it: an owner that was
   * only suspended may still write to its file.
   */
  async #inherit(): Promise<void> {
    const { file } = this.#wanted;
    if (!existsSync(file)) return;
    this.#head = await readFile(descriptionOf(file), "utf8").then(
      (text) => JSON.parse(text) as Head,
      () => undefined,
    );
    try {
      if (!this.#canContinue()) return await this.#reset();
      await copyFile(file, `${file}.copy`, constants.COPYFILE_FICLONE);
      await rename(`${file}.copy`, file);
    } catch {
      return this.#reset();
    }
    await this.#part.open();
    for await (const chunk of Bun.file(file).stream()) {
      this.#hasher.update(chunk);
      this.#size += chunk.length;
    }
  }

  /** One answer, from where we are to its end. */
  async #receive(): Promise<Head> {
    const known = this.#size > 0 ? this.#head : undefined;
    const { response, head: said } = await request(this.#upstream, this.#wanted, this.#size, known);
    const head = known ?? said;
    this.#head = head;
    try {
      if (!known) await this.#begin(head);
      else if (!this.#growing) await this.#pass(head);
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    const { maximum, raw, size = maximum, setting } = this.#wanted;
    const limits = {
      maximum: Math.min(size, maximum) - this.#size,
      setting: size >= maximum ? setting : undefined,
      raw,
      timeout: this.#upstream.settings.timeout,
    };
    for await (const chunk of chunksOf(response, new URL(head.url).host, limits)) {
      this.#hasher.update(chunk);
      if (this.#small) this.#small.push(chunk);
      else await this.#part.append(chunk);
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
    const { maximum, setting, path, size, expected, resembles } = this.#wanted;
    if (resembles && !expected && head.isFramed === false) throw new NotStored(unframed(path));
    if (head.length !== undefined && size !== undefined && head.length !== size) {
      throw new DigestMismatch(path, `${size} bytes`, `${head.length} bytes`);
    }
    if (head.length !== undefined && head.length > maximum) {
      throw new UpstreamFailed(
        `${path} has ${head.length} bytes, more than the ${maximum} that are allowed${setting ? ` (${setting})` : ""}`,
      );
    }
    this.#small = (head.length ?? 0) <= SMALL ? [] : undefined;
    if (!this.#small) await this.#pass(head);
  }

  /** A body of unknown length turns out to be no small one. */
  async #spill(head: Head, chunks: readonly Uint8Array[]): Promise<void> {
    this.#small = undefined;
    await this.#part.append(Buffer.concat(chunks));
    await this.#pass(head);
  }

  /** From here on, others may read what is there. */
  async #pass(head: Head): Promise<void> {
    const { file, hasRoom, onGrowing, path, expected } = this.#wanted;
    if (hasRoom && !(await hasRoom((head.length ?? this.#size) - this.#size)))
      throw new NotStored(`${path}: there is no room left in the store`);
    await this.#part.open();
    await this.#part.describe(head);
    if (this.#growing || !onGrowing) return;
    // A page in place of a file is to be an error, rather than an answer that breaks off.
    if (!expected && isPageType(head.mediaType)) return;
    this.#growing = new Growing(head, file);
    this.#growing.size = this.#size;
    onGrowing(this.#growing);
  }

  /** Strong validators (RFC 9110 13.1.5) or a digest to check the result against make a continuation safe. */
  #canContinue(): boolean {
    if (this.#small || !this.#head || this.#head.isCoded) return false;
    return strongOf(this.#head) !== undefined || this.#wanted.expected !== undefined;
  }

  /** From the first byte: in another file, since other processes may be reading this one. Not for those who have read already. */
  async #restart(reason: unknown): Promise<void> {
    const isRead = this.#growing !== undefined && this.#growing.readers > 0;
    await this.#reset();
    if (isRead) throw reason;
    if (this.#growing) this.#growing.size = 0;
  }

  async #reset(): Promise<void> {
    await this.close();
    await discard(this.#wanted.file);
    this.#head = undefined;
    this.#small = undefined;
    this.#hasher = new Hasher(this.#algorithms());
    this.#size = 0;
  }

  async #finish(head: Head): Promise<Downloaded> {
    const { expected, inspect, resembles, path, file, onWhole, keepsSmall } = this.#wanted;
    const digests = this.#hasher.digests();
    const bytes = this.#small && Buffer.concat(this.#small);
    const downloaded = { head, digests, size: this.#size };
    if (expected) await verify(path, expected, digests, bytes ?? file);
    else await resembles?.(head, bytes ?? file);
    await inspect?.(bytes ?? file);
    if (bytes) onWhole?.(downloaded, bytes);
    if (bytes && keepsSmall) return { ...downloaded, bytes };
    if (bytes) await this.#part.append(bytes);
    else await this.#part.undescribe();
    // Whoever took us for dead while we were suspended has a file of its own in this one's place.
    if (!this.#part.isIntact(this.#size))
      throw new UpstreamFailed(`${path}: another process took its download over; ask again`, { retryable: true });
    return downloaded;
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
