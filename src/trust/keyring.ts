/**
 * Trust: whether signatures hold, by the keys that an operator gave. One file for each kind of signature; each says what speaks
 * against one, in words, or nothing. Fetches nothing, keeps nothing, and does not know what becomes of what fails.
 */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { BadRequest, messageOf } from "../errors.ts";
import type { KeyFile, SignatureKind, Trust } from "../signatures.ts";

/** A key of a registry. */
export interface RegistryKey {
  keyid: string;
  key: KeyObject;
  /** Milliseconds since 1970; of no use for what is published later. */
  expires?: number;
}

/** Keys by what they are for. */
export interface Keyring {
  registry: readonly RegistryKey[];
}

const EXPECTED = "the registry's keys (the JSON of its keys endpoint, or a PEM public key)";
const PEM_KEYS = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

const keyrings = new WeakMap<Trust, Keyring>();

/** The keys of a mount, read once. Throws BadRequest where a file holds none. */
export function keyringOf(trust: Trust): Keyring {
  const known = keyrings.get(trust);
  if (known) return known;
  const keyring = { registry: trust.keys.flatMap(readRegistryKeys) };
  keyrings.set(trust, keyring);
  return keyring;
}

/** The kinds of signatures that these keys can check. */
export function kindsOf({ registry }: Keyring): SignatureKind[] {
  return registry.length > 0 ? ["registry"] : [];
}

function readRegistryKeys({ file, bytes }: KeyFile): RegistryKey[] {
  const text = new TextDecoder().decode(bytes);
  try {
    if (!text.trimStart().startsWith("{")) return text.match(PEM_KEYS)?.map(fromPem) ?? fail("there is no key in it");
    const { keys } = JSON.parse(text) as { keys?: { keyid: string; key: string; expires?: string | null }[] };
    if (!Array.isArray(keys) || keys.length === 0) return fail("it lists no keys");
    return keys.map(({ keyid, key, expires }) => ({
      keyid,
      key: createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" }),
      ...(expires && { expires: Date.parse(expires) }),
    }));
  } catch (error) {
    throw new BadRequest(`${file} cannot be used as keys: expected ${EXPECTED}; ${messageOf(error)}`);
  }
}

/** Its id, where nobody states one, as the npm registry makes them. */
function fromPem(pem: string): RegistryKey {
  const key = createPublicKey(pem);
  const spki = key.export({ format: "der", type: "spki" });
  return { keyid: `SHA256:${createHash("sha256").update(spki).digest("base64").replace(/=+$/, "")}`, key };
}

function fail(reason: string): never {
  throw new Error(reason);
}
