/** Sigstore: who published a file attests its digest, by a short-lived certificate and a public log (PEP 740, npm's provenance). */
import type { Signer, Verifier } from "@sigstore/verify";
import { type Digests, splitDigest } from "../contract/digest.ts";
import type { Digest } from "../contract/ecosystem.ts";
import type { Attestation } from "../contract/signatures.ts";
import { messageOf } from "../lib/errors.ts";
import type { KeyReader } from "./key-reader.ts";

/** A trusted root: the certificate authorities and logs that attestations must come from. */
export type SigstoreRoot = Verifier;

/** An in-toto statement: what a bundle attests. */
interface Statement {
  subject?: { name: string; digest: Partial<Digests> }[];
}

/** Fulcio's extension for the top-level workflow: the certificate's name may be that of a workflow which others can call. */
const BUILD_CONFIG = "1.3.6.1.4.1.57264.1.18";
const WORKFLOW = /^https:\/\/[^@]+@/;

/** `trusted_root.json`, as Sigstore distributes it. */
export const sigstoreRoots: KeyReader<SigstoreRoot> = {
  expected: "a Sigstore trusted root (trusted_root.json)",
  isOne: ({ bytes }) => /^\s*\{[\s\S]*"certificateAuthorities"/.test(new TextDecoder().decode(bytes)),
  async read({ bytes }) {
    const [{ Verifier, toTrustMaterial }, { TrustedRoot }] = await Promise.all([
      import("@sigstore/verify"),
      import("@sigstore/protobuf-specs"),
    ]);
    const root = TrustedRoot.fromJSON(JSON.parse(new TextDecoder().decode(bytes)));
    if (root.certificateAuthorities.length === 0 || root.tlogs.length === 0) throw new Error("it names none");
    return [new Verifier(toTrustMaterial(root))];
  },
};

/**
 * What speaks against the attestations of a file, of which all must hold; `undefined` where nothing does. `signers`: whom the
 * operator expects, as identities begin; one attestation must be by one of them. Empty: whom the attestations name.
 */
export async function refuteSigstore(
  attestations: readonly Attestation[],
  digest: Digest,
  roots: readonly SigstoreRoot[],
  signers: readonly string[],
): Promise<string | undefined> {
  const identities: string[] = [];
  for (const attestation of attestations) {
    try {
      const { identity, statement } = await verified(attestation, roots);
      const { signer } = attestation;
      if (signer !== undefined && !isBy(identity, signer))
        return `expected an attestation by ${signer}, found ${identity}`;
      const reason = refuteSubject(statement, attestation, digest);
      if (reason) return reason;
      identities.push(identity);
    } catch (error) {
      return `expected an attestation that the trusted root vouches for, found one that it does not (${messageOf(error)})`;
    }
  }
  if (signers.length === 0 || identities.some((identity) => signers.some((signer) => isBy(identity, signer))))
    return undefined;
  return `expected an attestation by ${signers.join(" or ")}, found ${identities.join(" and ")}`;
}

/** Throws where no root vouches for it. */
async function verified({ bundle }: Attestation, roots: readonly SigstoreRoot[]) {
  const [{ toSignedEntity }, { bundleFromJSON }] = await Promise.all([
    import("@sigstore/verify"),
    import("@sigstore/bundle"),
  ]);
  const parsed = bundleFromJSON(bundle);
  if (parsed.content.$case !== "dsseEnvelope") throw new Error("it has no statement");
  const { payload } = parsed.content.dsseEnvelope;
  const tried = roots.map((root) => {
    try {
      return root.verify(toSignedEntity(parsed));
    } catch (error) {
      return error;
    }
  });
  const signer = tried.find((each): each is Signer => !(each instanceof Error));
  if (!signer) throw tried[0];
  return { identity: identityOf(signer), statement: JSON.parse(new TextDecoder().decode(payload)) as Statement };
}

function refuteSubject({ subject = [] }: Statement, { isSubject }: Attestation, digest: Digest): string | undefined {
  const [algorithm, expected] = splitDigest(digest);
  const named = subject.filter(({ name }) => isSubject(name));
  const found = algorithm === "h1" ? [] : named.map((each) => each.digest[algorithm]);
  if (found.includes(expected)) return undefined;
  const told =
    named.length > 0 ? found.map((hex) => `${algorithm}:${hex ?? "(none)"}`) : subject.map(({ name }) => name);
  return `expected an attestation of ${digest}, found one of ${told.join(" and ") || "nothing"}`;
}

/** Where a workflow of a repository signed, that which was started; else the certificate's name. */
function identityOf({ identity }: Signer): string {
  const extension = identity?.oids?.find(({ oid }) => oid?.id.join(".") === BUILD_CONFIG)?.value;
  // A DER string: tag, length in one octet or more, text.
  const build = extension?.subarray((extension[1] ?? 0) < 0x80 ? 2 : 2 + ((extension[1] ?? 0) & 0x7f)).toString();
  return build && WORKFLOW.test(build) ? build : (identity?.subjectAlternativeName ?? "nobody");
}

/** `https://forge.example/org` is the beginning of `https://forge.example/org/repo/…`, and not of `https://forge.example/organ`. */
function isBy(identity: string, signer: string): boolean {
  return (
    identity === signer || ["/", "@"].some((end) => identity.startsWith(signer.endsWith("/") ? signer : signer + end))
  );
}
