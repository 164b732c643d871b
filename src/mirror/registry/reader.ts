/** What a plugin's catalog reads with: requests to its mount's upstreams, with their retries and manners. */

import { unpack } from "../../cache/documents/unpack.ts";
import { refuteHere, SignedDocuments } from "../../cache/integrity/signed-documents.ts";
import { documentAt, type Target } from "../../cache/target.ts";
import { addressBelow } from "../../contract/address-below.ts";
import type { Reader, Reading, ReadOptions } from "../../contract/catalog.ts";
import { hash, splitDigest } from "../../contract/digest.ts";
import type { Declared, Digest, MetadataRoute, Path } from "../../contract/ecosystem.ts";
import { emit } from "../../contract/events.ts";
import { NotFound, UpstreamFailed } from "../../lib/errors.ts";
import { type Mount, mayFetch } from "../../mounts/mounts.ts";
import { chunksOf } from "../../upstream/body.ts";
import type { Upstream } from "../../upstream/client.ts";
import { type SameList, Unchanged } from "./same-list.ts";

/** Bytes of a list; it is never in memory. */
const LONGEST = 64 * 1024 ** 3;
/** Bytes of a document that is. */
const LONGEST_TEXT = 64 * 1024 ** 2;

export class UpstreamReader implements Reader {
  readonly traits: Reader["traits"];
  readonly #mount: Mount;
  readonly #upstream: Upstream;
  readonly #declared: () => Promise<Declared>;
  readonly #list: SameList | undefined;
  readonly #signed = new SignedDocuments(refuteHere);

  /** `declared`: upstreams that upstream itself declares. `list`: the one that was taken. */
  constructor(mount: Mount, upstream: Upstream, declared: () => Promise<Declared>, list?: SameList) {
    this.traits = mount.traits;
    this.#list = list;
    this.#mount = mount;
    this.#upstream = upstream;
    this.#declared = declared;
  }

  /** The same, which reads a list only where it is another. */
  unless(list: SameList): Reader {
    return new UpstreamReader(this.#mount, this.#upstream, this.#declared, list);
  }

  async open(path: string, options: ReadOptions = {}): Promise<Reading> {
    const reading = await this.#open(path, options);
    const target = this.#signedAt(path, options);
    return target && reading.status !== 304 ? this.#requireSigned(target, reading) : reading;
  }

  async #open(path: string, options: ReadOptions = {}): Promise<Reading> {
    let last: unknown;
    for (const address of await this.#addresses(path, options)) {
      try {
        return await this.#ask(address, options);
      } catch (error) {
        if (error instanceof Unchanged) throw error;
        last = error;
      }
    }
    throw last;
  }

  async text(path: string, options?: ReadOptions): Promise<string> {
    return (await this.#bytes(path, options)).toString("utf8");
  }

  async unpacked(path: string, digest: Digest, options: ReadOptions = {}): Promise<Uint8Array> {
    const bytes = await this.#bytes(path, {
      ...options,
      headers: { "accept-encoding": "identity", ...options.headers },
    });
    const [algorithm] = splitDigest(digest);
    const found = algorithm === "h1" ? digest : `${algorithm}:${hash(algorithm, bytes)}`;
    if (found !== digest) throw new UpstreamFailed(`${path}: expected ${digest}, found ${found}`, { retryable: true });
    return unpack(bytes, path);
  }

  async #bytes(path: string, options?: ReadOptions): Promise<Buffer<ArrayBuffer>> {
    return bytesOf(await this.open(path, options), path);
  }

  /** The document, where it is one that clients are sent only as somebody signed it. */
  #signedAt(path: string, { upstream = "default", method = "GET" }: ReadOptions): Target<MetadataRoute> | undefined {
    if (!this.#mount.trust || upstream !== "default" || method !== "GET" || !path.startsWith("/")) return undefined;
    const target = documentAt(this.#mount, path as Path);
    return target?.route.signed && target;
  }

  /** Before anything of it is read, whatever status it has. */
  async #requireSigned(target: Target<MetadataRoute>, reading: Reading): Promise<Reading> {
    const bytes = await bytesOf(reading, target.path);
    await this.#signed.requireNew(target, {
      sha256: hash("sha256", bytes),
      content: () => bytes,
      signature: async (path) => bytesOf(await this.#open(path), path),
      at: Date.now(),
    });
    return {
      ...reading,
      async *chunks() {
        yield bytes;
      },
    };
  }

  async json<T>(path: string, options?: ReadOptions): Promise<T> {
    const text = await this.text(path, options);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new UpstreamFailed(`${path} is no JSON: ${(error as Error).message}`, { retryable: true });
    }
  }

  async #addresses(path: string, { upstream = "default" }: ReadOptions): Promise<string[]> {
    if (/^https?:/.test(path)) {
      if (mayFetch(this.#mount, path)) return [path];
      throw new UpstreamFailed(
        `${new URL(path).host} is no upstream of ${this.#mount.name} (allow_hosts names others)`,
      );
    }
    const bases = this.#mount.upstreams.get(upstream) ?? [(await this.#declared())[upstream] ?? []].flat();
    if (bases.length === 0)
      throw new NotFound(
        `the mount ${this.#mount.name} has no upstream "${upstream}" (mounts.${this.#mount.name}.upstreams.${upstream} names one)`,
      );
    return bases.map((base) => addressBelow(base, path));
  }

  async #ask(address: string, { isList, from, headers, method = "GET" }: ReadOptions): Promise<Reading> {
    const range = from ? { range: `bytes=${from}-` } : {};
    const list = isList ? this.#list : undefined;
    const conditions = list?.conditions(address, headers, this.traits);
    const response = await this.#upstream.fetch(this.#mount, address, {
      method,
      // A part is meant of what it is, not of what it is packed to.
      headers: { "accept-encoding": from ? "identity" : "gzip", ...range, ...headers, ...conditions },
    });
    const { status } = response;
    const { host, pathname } = new URL(address);
    if (![200, 206, 304, 416].includes(status)) {
      await response.body?.cancel();
      const message = `${host} answered ${status} for ${pathname}`;
      if (status === 404 || status === 410) throw new NotFound(message);
      throw new UpstreamFailed(message, { status, retryable: status === 429 || status >= 500 });
    }
    list?.answered(response, address, headers, this.traits);
    const { name } = this.#mount;
    const limits = { maximum: LONGEST, timeout: this.#upstream.settings.timeout };
    return {
      status,
      header: (header) => response.headers.get(header) ?? undefined,
      async *chunks() {
        const promised = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
        let size = 0;
        for await (const chunk of chunksOf(response, host, limits)) {
          size += chunk.length;
          emit("fetched", { mount: name, bytes: chunk.length });
          yield chunk;
        }
        if (promised !== null && size !== Number(promised))
          throw new UpstreamFailed(`${host} announced ${promised} bytes for ${pathname} and sent ${size}`, {
            retryable: true,
          });
      },
    };
  }
}

async function bytesOf({ chunks }: Reading, path: string): Promise<Buffer<ArrayBuffer>> {
  const all: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks()) {
    size += chunk.length;
    if (size > LONGEST_TEXT) throw new UpstreamFailed(`${path} is longer than ${LONGEST_TEXT} bytes`);
    all.push(chunk);
  }
  return Buffer.concat(all);
}
