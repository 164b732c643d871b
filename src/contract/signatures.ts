/** Signatures: what plugins say of them, and whom an operator trusts. The cryptography is in `trust/`. */

/**
 * `registry`: a key of the registry signs what its index states of a file. `sigstore`: who published a file attests its digest.
 * `openpgp`, `minisign`: a document is signed as a whole. `x509`: a file carries signatures by certificates.
 */
export type SignatureKind = "registry" | "sigstore" | "openpgp" | "x509" | "minisign";
export const SIGNATURE_KINDS = [
  "registry",
  "sigstore",
  "openpgp",
  "x509",
  "minisign",
] as const satisfies readonly SignatureKind[];

/** The kinds of which a document is signed as a whole: each names a verifier that the program has. */
export type DocumentSignatureKind = Extract<SignatureKind, "openpgp" | "minisign">;

/** By ECDSA over P-256 and SHA-256. */
export interface RegistrySignature {
  /** Of the key, as the registry lists it. */
  keyid: string;
  /** DER in base64. */
  signature: string;
  /** What is signed: a text that names the release and has the digest. */
  over: string;
}

/** What somebody attests of files: an in-toto statement in a Sigstore bundle. */
export interface Attestation {
  /** As its JSON has it. */
  bundle: unknown;
  /** Whether a subject of the statement is the file in question. */
  isSubject(name: string): boolean;
  /** Whom the registry says that it is by, as their identity begins. Default: anybody. */
  signer?: string;
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
  /** Package URLs without version, and by whom the files of these must be attested, as identities begin. */
  signers?: Readonly<Record<string, readonly string[]>>;
}
