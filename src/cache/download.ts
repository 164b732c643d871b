/**
 * Brings one body from upstream into the store: several addresses, retries, continuation after a break, hashes on the way,
 * verification before anything is kept. Says nothing of why it was wanted.
 */
import { type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { type Digests, Hasher, splitDigest } from "../digest.ts";
import type { Algorithm, Digest } from "../ecosystem.ts";
import { DigestMismatch, NotFound, UpstreamFailed } from "../errors.ts";
import { emit } from "../events.ts";
import type { Dialer } from "../mounts.ts";
import { chunksOf } from "../upstream/body.ts";
import type { Upstream } from "../upstream/client.ts";
import { Growing, type Head } from "./growing.ts";
import { verifyH1 } from "./h1.ts";

export interface Wanted {
  mount: Dialer;
  /** For messages. */
  path: string;
  /** Groups tried in order until one has it; the addresses of a group are equals, of which one must answer. Only absence
   * leads to the next group: what a failing registry would have must not be taken from another. */
  urls: readonly (readonly string[])[];
  /** What the bytes must hash to, when something vouches for them. */
  expected?: Digest | undefined;
  /** Digests to compute beside. */
  algorithms: readonly Algorithm[];
  keepHeaders: readonly string[];
  requestHeaders?: Record<string, string>;
  /** Bytes. */
  maximum: number;
  /** Archives are kept as sent; documents are decompressed when upstream compressed them although not asked to. */
  raw: boolean;
  /** The file to write; what is in it from an interrupted download is continued where upstream allows it. */
  file: string;
  /** Told once, as soon as bytes may be passed on before the whole is verified; never for small bodies. */
  onGrowing?: (growing: Growing) => void;
}

export interface Downloaded {
  head: Head;
  digests: Digests;
  size: number;
  /** The bytes themselves, when there were few. */
  bytes?: Uint8Array;
}

/** Bodies up to this size are verified before the first byte is passed on. */
const SMALL = 1024 * 1024;
/** Breaks of the connection that are survived in a row without a byte of progress. */
const BREAKS = 4;
/** True absence. Stores behind registries say 403 for files that they do not have. */
const ABSENT = new Set([404, 410, 451]);

/** Upstream says that what the request's validators name is current. */
export class NotModified extends Error {}

/** Downloads and verifies. Throws NotModified, NotFound, DigestMismatch or UpstreamFailed; then nothing but the part file is left. */
export async function download(upstream: Upstream, wanted: Wanted): Promise<Downloaded> {
  const handle = await open(wanted.file, "a+");
  try {
    return await new Transfer(upstream, wanted, handle).run();
  } catch (error) {
    // A mismatch must not be continued; a break may be.
    if (!(error instanceof UpstreamFailed && error.retryable)) await discard(wanted.file);
    if (error instanceof DigestMismatch) {
      emit("mismatch", { mount: wanted.mount.name, path: wanted.path, expected: error.expected, found: error.found });
    }
    throw error;
  } finally {
    await handle.close();
  }
}

export async function discard(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(`${file}.json`, { force: true });
}

class Transfer {
  readonly #upstream: Upstream;
  readonly #wanted: Wanted;
  readonly #handle: FileHandle;
  #hasher: Hasher;
  #size = 0;
  #small: Uint8Array[] | undefined;
  #growing: Growing | undefined;

  constructor(upstream: Upstream, wanted: Wanted, handle: FileHandle) {
    this.#upstream = upstream;
    this.#wanted = wanted;
    this.#handle = handle;
    this.#hasher = new Hasher(this.#algorithms());
  }

  async run(): Promise<Downloaded> {
    let head = await this.#inherit();
    for (let breaks = 0; ; breaks++) {
      const before = this.#size;
      try {
        head = await this.#receive(head);
        break;
      } catch (error) {
        const failed = error instanceof UpstreamFailed && error.retryable;
        if (this.#size > before) breaks = 0;
        if (!failed || breaks >= BREAKS || !head) throw this.#failed(error);
        if (!this.#canContinue(head)) await this.#restart();
        await Bun.sleep(50 * 2 ** breaks);
      }
    }
    return this.#finish(head);
  }

  /** What an earlier owner left: its head, with the hashes of its bytes taken up again. */
  async #inherit(): Promise<Head | undefined> {
    const { size } = await this.#handle.stat();
    if (size === 0) return undefined;
    const head = await readFile(`${this.#wanted.file}.json`, "utf8").then(
      (text) => JSON.parse(text) as Head,
      () => undefined,
    );
    if (!head || !this.#canContinue(head)) {
      await this.#restart();
      return undefined;
    }
    for await (const chunk of Bun.file(this.#wanted.file).stream()) this.#hasher.update(chunk);
    this.#size = size;
    return head;
  }

  /** One answer, from where we are to its end. */
  async #receive(known: Head | undefined): Promise<Head> {
    const response = await this.#ask(known);
    const url = known?.url ?? response.url;
    const head = known && this.#size > 0 ? known : headOf(response, url, this.#wanted);
    if (this.#size === 0) await this.#begin(head);
    const { maximum, raw } = this.#wanted;
    const limits = { maximum: maximum - this.#size, raw, timeout: this.#upstream.settings.timeout };
    for await (const chunk of chunksOf(response, new URL(url).host, limits)) {
      this.#hasher.update(chunk);
      if (this.#small) this.#small.push(chunk);
      else await this.#handle.appendFile(chunk);
      this.#size += chunk.length;
      emit("fetched", { mount: this.#wanted.mount.name, bytes: chunk.length });
      this.#growing?.grow(chunk.length);
      if (this.#small && this.#size > SMALL) await this.#spill(head, this.#small);
    }
    if (head.length !== undefined && this.#size !== head.length) {
      throw new UpstreamFailed(`${this.#wanted.path}: upstream announced ${head.length} bytes and sent ${this.#size}`, {
        retryable: this.#size < head.length,
      });
    }
    return head;
  }

  async #begin(head: Head): Promise<void> {
    const { maximum, path } = this.#wanted;
    if (head.length !== undefined && head.length > maximum) {
      throw new UpstreamFailed(`${path} has ${head.length} bytes, more than the ${maximum} that are allowed`);
    }
    this.#small = (head.length ?? 0) <= SMALL ? [] : undefined;
    if (!this.#small) await this.#pass(head);
  }

  /** A body of unknown length turns out to be no small one. */
  async #spill(head: Head, chunks: readonly Uint8Array[]): Promise<void> {
    this.#small = undefined;
    await this.#handle.appendFile(Buffer.concat(chunks));
    await this.#pass(head);
    this.#growing?.grow(this.#size);
  }

  /** From here on, others may read what is there. */
  async #pass(head: Head): Promise<void> {
    const { file } = this.#wanted;
    await writeFile(`${file}.json`, JSON.stringify(head));
    if (this.#growing || !this.#wanted.onGrowing) return;
    this.#growing = new Growing(head, file);
    this.#wanted.onGrowing(this.#growing);
  }

  /** The first group that has it; once bytes are here, only the address they came from, for the rest. */
  async #ask(known: Head | undefined): Promise<Response> {
    const { urls, path } = this.#wanted;
    let absence = new NotFound(`${path}: no upstream is configured that could have it`);
    for (const group of known ? [[known.url]] : urls) {
      try {
        return await this.#askOne(group, known);
      } catch (error) {
        if (!(error instanceof NotFound)) throw error;
        absence = error;
      }
    }
    throw absence;
  }

  /** Throws NotFound only where all of them say so: one that cannot be asked might have it. */
  async #askOne(group: readonly string[], known: Head | undefined): Promise<Response> {
    const { mount, path, requestHeaders } = this.#wanted;
    let absence = new NotFound(`${path}: no upstream is configured that could have it`);
    let failure: unknown;
    for (const url of group) {
      const headers: Record<string, string> = { ...requestHeaders };
      if (this.#size > 0) {
        Object.assign(headers, { range: `bytes=${this.#size}-` }, known?.etag && { "if-range": known.etag });
      }
      try {
        // Only the last one is worth waiting for.
        const patience = url === group.at(-1) ? undefined : 0;
        const response = await this.#upstream.fetch(mount, url, { headers, patience });
        if (response.status === (this.#size > 0 ? 206 : 200)) return remember(response, url);
        await response.body?.cancel();
        throw this.#refusal(response.status, new URL(url).host);
      } catch (error) {
        if (error instanceof NotModified) throw error;
        if (error instanceof NotFound) absence = error;
        else failure = error;
      }
    }
    throw failure ?? absence;
  }

  /** What an answer without the wanted body means. */
  #refusal(status: number, host: string): Error {
    const { path, raw } = this.#wanted;
    if (status === 304) return new NotModified();
    if (this.#size > 0) {
      return new UpstreamFailed(
        `${path} changed at upstream while it was being fetched (status ${status} for the rest)`,
      );
    }
    if (ABSENT.has(status) || (status === 403 && raw))
      return new NotFound(`${path} does not exist at ${host} (status ${status})`);
    return new UpstreamFailed(`${host} answered ${status} for ${path}`, {
      status,
      retryable: status === 429 || status >= 500,
    });
  }

  /** Strong validators (RFC 9110 13.1.5) or a digest to check the result against make a continuation safe. */
  #canContinue(head: Head): boolean {
    if (this.#small) return false;
    return (head.etag !== undefined && !head.etag.startsWith("W/")) || this.#wanted.expected !== undefined;
  }

  async #restart(): Promise<void> {
    if (this.#growing && this.#growing.readers > 0) {
      throw new UpstreamFailed(`${this.#wanted.path} broke off, and upstream gives nothing by which to continue it`, {
        retryable: true,
      });
    }
    await this.#handle.truncate(0);
    this.#hasher = new Hasher(this.#algorithms());
    this.#size = 0;
    if (this.#growing) this.#growing.size = 0;
  }

  async #finish(head: Head): Promise<Downloaded> {
    const { expected, path, file } = this.#wanted;
    const digests = this.#hasher.digests();
    const bytes = this.#small && Buffer.concat(this.#small);
    try {
      if (expected) await verify(path, expected, digests, bytes ?? file);
      if (bytes) await this.#handle.appendFile(bytes);
      await rm(`${file}.json`, { force: true });
    } catch (error) {
      throw this.#failed(error);
    }
    return { head, digests, size: this.#size, ...(bytes && { bytes }) };
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

async function verify(path: string, expected: Digest, digests: Digests, content: Uint8Array | string): Promise<void> {
  const [algorithm, value] = splitDigest(expected);
  const found = algorithm === "h1" ? await verifyH1(path, content) : digests[algorithm];
  if (found !== value) throw new DigestMismatch(path, expected, `${algorithm}:${found}`);
}

/** `Response.url` is empty where we dialled an address of our own choosing. */
function remember(response: Response, url: string): Response {
  return Object.defineProperty(response, "url", { value: url });
}

function headOf(response: Response, url: string, { keepHeaders, raw }: Wanted): Head {
  const get = (name: string) => response.headers.get(name) ?? undefined;
  const length = get("content-encoding") && !raw ? undefined : get("content-length");
  const headers: Record<string, string> = {};
  for (const name of keepHeaders) {
    const value = get(name);
    if (value !== undefined) headers[name] = value;
  }
  const [etag, lastModified] = [get("etag"), get("last-modified")];
  return {
    url,
    ...(length !== undefined && { length: Number(length) }),
    mediaType: get("content-type") ?? "",
    ...(etag && { etag }),
    ...(lastModified && { lastModified }),
    headers,
  };
}
