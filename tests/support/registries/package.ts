/** What the generators of registries share: packages are told the same way for every ecosystem. */

/** A version of a package; each ecosystem adds its own. */
export interface Release {
  /** Version requirement by name, in the words of the ecosystem (`^1.0.0`, `>=1.0`). */
  dependencies?: Readonly<Record<string, string>>;
  /** RFC 3339; default `PUBLISHED`. */
  publishedAt?: string;
  /** Bytes of incompressible filler in the artifact. Default: none. */
  size?: number;
}

export interface Package<R extends Release = Release> {
  name: string;
  versions: Readonly<Record<string, R>>;
}

/** Long ago: older than the minimum age that some clients demand. */
export const PUBLISHED = "2024-01-01T00:00:00.000Z";

/** All releases in the order given. */
export function releasesOf<R extends Release>({ versions }: Package<R>) {
  return Object.entries(versions).map(([version, release]) => ({
    ...release,
    version,
    dependencies: release.dependencies ?? {},
    publishedAt: release.publishedAt ?? PUBLISHED,
  }));
}

type Algorithm = "md5" | "sha1" | "sha256" | "sha512" | "blake2b256";

export const hex = (algorithm: Algorithm, bytes: string | Uint8Array): string =>
  new Bun.CryptoHasher(algorithm).update(bytes).digest("hex");

export const base64 = (algorithm: Algorithm, bytes: string | Uint8Array): string =>
  new Bun.CryptoHasher(algorithm).update(bytes).digest("base64");
