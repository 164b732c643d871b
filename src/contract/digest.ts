import { BadRequest } from "../lib/errors.ts";
import type { Algorithm, Digest } from "./ecosystem.ts";

type ByteAlgorithm = Exclude<Algorithm, "h1">;

/** Several hashes over one stream of bytes, computed as they pass. Always includes sha256, the store's own name for them. */
export class Hasher {
  readonly #hashers: Map<ByteAlgorithm, Bun.CryptoHasher>;

  constructor(algorithms: Iterable<Algorithm> = []) {
    const wanted = new Set<ByteAlgorithm>(["sha256"]);
    for (const algorithm of algorithms) if (algorithm !== "h1") wanted.add(algorithm);
    this.#hashers = new Map(Array.from(wanted, (algorithm) => [algorithm, new Bun.CryptoHasher(algorithm)]));
  }

  update(bytes: Uint8Array): void {
    for (const hasher of this.#hashers.values()) hasher.update(bytes);
  }

  /** Hex by algorithm. Call once. */
  digests(): Digests {
    const digests: Record<string, string> = {};
    for (const [algorithm, hasher] of this.#hashers) digests[algorithm] = hasher.digest("hex");
    return digests as Digests;
  }
}

export type Digests = { sha256: string } & Partial<Record<ByteAlgorithm, string>>;

export function splitDigest(digest: Digest): [Algorithm, string] {
  const colon = digest.indexOf(":");
  return [digest.slice(0, colon) as Algorithm, digest.slice(colon + 1)];
}

/** Hex digest of bytes that are all here. */
export function hash(algorithm: ByteAlgorithm, bytes: Uint8Array | string): string {
  return new Bun.CryptoHasher(algorithm).update(bytes).digest("hex");
}

/** Hex digits by algorithm, of those over bytes. */
const HEX_DIGITS: Readonly<Record<ByteAlgorithm, number>> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
  blake2b256: 64,
  blake2b512: 128,
};

/** `sha256:HEX`, in any case; `undefined` for an algorithm that is not computed here. Throws BadRequest for other than its hex. */
export function digestOfHex(algorithm: string, value: string): Digest | undefined {
  const known = algorithm.toLowerCase().replace(/^(sha|md)-/, "$1") as ByteAlgorithm;
  if (!Object.hasOwn(HEX_DIGITS, known)) return undefined;
  const hex = value.trim().toLowerCase();
  if (hex.length !== HEX_DIGITS[known] || !/^[\da-f]+$/.test(hex))
    throw new BadRequest(
      `"${value.slice(0, 140)}" is not a ${algorithm} hash: expected ${HEX_DIGITS[known]} hex digits`,
    );
  return `${known}:${hex}`;
}

/**
 * A digest as an index spells it: hex in any case, or base64 (also of URLs, also without its padding), perhaps with its algorithm
 * before it. `undefined` where it is none that is computed here.
 */
export function digestOfText(algorithm: ByteAlgorithm, text: string): Digest | undefined {
  const [, named, value] = /^\s*(?:((?:sha|md)-?\d+)[:=-]\s*)?([\w+/-]+)={0,2}\s*$/i.exec(text) ?? [];
  const meant = (named?.toLowerCase().replace("-", "") ?? algorithm) as ByteAlgorithm;
  if (!value || !Object.hasOwn(HEX_DIGITS, meant)) return undefined;
  const digits = HEX_DIGITS[meant];
  if (value.length === digits && /^[\da-f]+$/i.test(value)) return `${meant}:${value.toLowerCase()}`;
  if (value.length !== Math.ceil((digits * 2) / 3)) return undefined;
  return `${meant}:${Buffer.from(value, "base64").toString("hex")}`;
}

const STRENGTH = ["sha512", "sha384", "sha256", "sha1"] as const;

/**
 * The strongest digest of a Subresource Integrity string (W3C SRI: `sha512-BASE64 sha1-BASE64`).
 * `undefined` when it holds none that we compute.
 */
export function digestOfSri(integrity: string): Digest | undefined {
  const found = new Map(
    Array.from(integrity.matchAll(/(sha\d+)-([\w+/-]+)/gi), ([, name, value]) => [name!.toLowerCase(), value!]),
  );
  for (const name of STRENGTH) {
    const digest = digestOfText(name, found.get(name) ?? "");
    if (digest) return digest;
  }
  return undefined;
}
