/** Signatures by a key of the registry over what its index states: `name@version:integrity`, as npm's clients check them. */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { RegistrySignature } from "../contract/signatures.ts";
import type { KeyReader } from "./key-reader.ts";

/** A key of a registry. */
export interface RegistryKey {
  keyid: string;
  key: KeyObject;
  /** Milliseconds since 1970; of no use for what is published later. */
  expires?: number;
}

const PEM_KEYS = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** The JSON of the keys endpoint, or PEM. */
export const registryKeys: KeyReader<RegistryKey> = {
  expected: "the registry's keys (the JSON of its keys endpoint or of Sigstore's repository, or PEM public keys)",
  isOne: ({ bytes }) => /^\s*\{[\s\S]*"keys"|-----BEGIN PUBLIC KEY-----/.test(new TextDecoder().decode(bytes)),
  async read({ bytes }) {
    const text = new TextDecoder().decode(bytes);
    const pems = text.trimStart().startsWith("{") ? undefined : text.match(PEM_KEYS);
    const found = pems ? pems.map(fromPem) : fromJson(text);
    if (found.length === 0) throw new Error("it lists none");
    return found;
  },
};

/**
 * What speaks against the signatures of a file; `undefined` where one of them holds. `at`: when it was published (milliseconds
 * since 1970): a key that expired later was good then.
 */
export function refuteRegistry(
  signatures: readonly RegistrySignature[],
  keys: readonly RegistryKey[],
  at: number,
): string | undefined {
  const reasons = signatures.map(({ keyid, signature, over }) => {
    const key = keys.find((each) => each.keyid === keyid);
    if (!key) return `one by ${keyid}, which is not among the keys`;
    if (key.expires !== undefined && key.expires <= at)
      return `one by ${keyid}, which expired on ${new Date(key.expires).toISOString()}, before the file was published`;
    return holds(over, key, signature) ? undefined : `one by ${keyid} that is not over ${over}`;
  });
  if (reasons.includes(undefined)) return undefined;
  return `expected a signature by ${keys.map(({ keyid }) => keyid).join(" or ")}, found ${reasons.join(" and ")}`;
}

function holds(over: string, { key }: RegistryKey, signature: string): boolean {
  try {
    return verify("sha256", Buffer.from(over), key, Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}

/** As the keys endpoint lists them, or Sigstore's repository, from which npm has them. */
type Listed =
  | { keyid: string; key: string; expires?: string | null }
  | { keyId: string; keyUsage: string; publicKey: { rawBytes: string; validFor?: { end?: string } } };

function fromJson(text: string): RegistryKey[] {
  const { keys = [] } = JSON.parse(text) as { keys?: Listed[] };
  return keys.flatMap((listed) => {
    if ("keyid" in listed) return [made(listed.keyid, listed.key, listed.expires)];
    const { keyId, keyUsage, publicKey } = listed;
    return keyUsage === "npm:signatures" ? [made(keyId, publicKey.rawBytes, publicKey.validFor?.end)] : [];
  });
}

function made(keyid: string, spki: string, expires: string | null | undefined): RegistryKey {
  const key = createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" });
  return { keyid, key, ...(expires && { expires: Date.parse(expires) }) };
}

/** Its id, where nobody states one, as the npm registry makes them. */
function fromPem(pem: string): RegistryKey {
  const key = createPublicKey(pem);
  const spki = key.export({ format: "der", type: "spki" });
  return { keyid: `SHA256:${createHash("sha256").update(spki).digest("base64").replaceAll("=", "")}`, key };
}
