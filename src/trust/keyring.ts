/**
 * Trust: whether signatures hold, by the keys that an operator gave. One file for each kind of signature; each says what speaks
 * against one, in words, or nothing. Fetches nothing, keeps nothing, and does not know what becomes of what fails.
 */
import type { X509Certificate } from "node:crypto";
import { type KeyFile, SIGNATURE_KINDS, type SignatureKind, type Trust } from "../contract/signatures.ts";
import { BadRequest, messageOf } from "../lib/errors.ts";
import { certificates } from "./certificates.ts";
import type { KeyReader } from "./key-reader.ts";
import { type MinisignKey, minisignKeys } from "./minisign.ts";
import { type OpenPgpKey, openPgpKeys } from "./openpgp.ts";
import { type RegistryKey, registryKeys } from "./registry-signature.ts";
import { type SigstoreRoot, sigstoreRoots } from "./sigstore.ts";

interface Keys {
  registry: RegistryKey;
  sigstore: SigstoreRoot;
  openpgp: OpenPgpKey;
  x509: X509Certificate;
  minisign: MinisignKey;
}

/** Keys by the kind of signature that they are for. */
export type Keyring = { readonly [K in SignatureKind]: Keys[K][] };

const READERS: { [K in SignatureKind]: KeyReader<Keys[K]> } = {
  registry: registryKeys,
  sigstore: sigstoreRoots,
  openpgp: openPgpKeys,
  x509: certificates,
  minisign: minisignKeys,
};

const keyrings = new WeakMap<Trust, Promise<Keyring>>();

/** The keys of a mount, read once. Rejects with BadRequest where a file holds none. */
export function keyringOf(trust: Trust): Promise<Keyring> {
  const known = keyrings.get(trust) ?? readAll(trust);
  keyrings.set(trust, known);
  return known;
}

async function readAll({ keys }: Trust): Promise<Keyring> {
  const keyring: Keyring = { registry: [], sigstore: [], openpgp: [], x509: [], minisign: [] };
  for (const file of keys) {
    const kind = SIGNATURE_KINDS.find((each) => READERS[each].isOne(file));
    const expected = kind
      ? READERS[kind].expected
      : SIGNATURE_KINDS.map((each) => READERS[each].expected).join(", or ");
    try {
      if (!kind) throw new Error("it looks like none of these");
      await add(keyring, kind, file);
    } catch (error) {
      throw new BadRequest(`${file.file} cannot be used as keys: expected ${expected}; ${messageOf(error)}`);
    }
  }
  return keyring;
}

async function add<K extends SignatureKind>(keyring: Keyring, kind: K, file: KeyFile): Promise<void> {
  keyring[kind].push(...(await READERS[kind].read(file)));
}
