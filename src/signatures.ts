/** Signatures: what plugins say of them, and whom an operator trusts. The cryptography is in `trust/`. */

/** `registry`: a key of the registry signs what its index states of a file. `openpgp`: a document is signed as a whole. */
export const SIGNATURE_KINDS = ["registry", "openpgp"] as const;
export type SignatureKind = (typeof SIGNATURE_KINDS)[number];

/** By ECDSA over P-256 and SHA-256. */
export interface RegistrySignature {
  /** Of the key, as the registry lists it. */
  keyid: string;
  /** DER in base64. */
  signature: string;
  /** What is signed: a text that names the release and has the digest. */
  over: string;
}

/** A file of keys that an operator trusts, as it was read. */
export interface KeyFile {
  file: string;
  bytes: Uint8Array;
}

/** Whose signatures a mount's operator trusts. */
export interface Trust {
  keys: readonly KeyFile[];
  /** The kinds that every file must have; of others, only what is signed is checked. */
  require: readonly SignatureKind[];
}
