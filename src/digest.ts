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

const STRENGTH = ["sha512", "sha256", "sha1"] as const;

/**
 * The strongest digest of a Subresource Integrity string (W3C SRI: `sha512-BASE64 sha1-BASE64`).
 * `undefined` when it holds none that we compute.
 */
export function digestOfSri(integrity: string): Digest | undefined {
  const found = new Map(Array.from(integrity.matchAll(/(sha\d+)-([\w+/]+=*)/g), ([, name, value]) => [name!, value!]));
  for (const name of STRENGTH) {
    const value = found.get(name);
    if (value) return `${name}:${Buffer.from(value, "base64").toString("hex")}`;
  }
  return undefined;
}
