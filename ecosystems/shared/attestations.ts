/** Documents of attestations, as Sigstore bundles: PEP 740's provenance, and the npm registry's. */
import type { Attestation, Doc } from "../../src/contract/ecosystem.ts";
import { formatPurl } from "../../src/contract/purl.ts";

interface Provenance {
  attestation_bundles: {
    publisher?: Readonly<Record<string, unknown>>;
    attestations: {
      verification_material: { certificate: string; transparency_entries: unknown[] };
      envelope: { statement: string; signature: string };
    }[];
  }[];
}

/** Those of a distribution. Throws where the document is no provenance. */
export function fromProvenance(doc: Doc, file: string): Attestation[] {
  const isSubject = (name: string) => spelled(name) === spelled(file);
  return doc.json<Provenance>().attestation_bundles.flatMap(({ publisher = {}, attestations }) => {
    const signer = signerOf(publisher);
    return attestations.map(({ verification_material: material, envelope }) => ({
      isSubject,
      ...(signer !== undefined && { signer }),
      bundle: {
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: {
          certificate: { rawBytes: material.certificate },
          tlogEntries: material.transparency_entries,
        },
        dsseEnvelope: {
          payloadType: "application/vnd.in-toto+json",
          payload: envelope.statement,
          signatures: [{ sig: envelope.signature }],
        },
      },
    }));
  });
}

/** The identity that a publisher's certificates have, where its kind is known. */
function signerOf({ kind, ...about }: Readonly<Record<string, unknown>>): string | undefined {
  switch (kind) {
    case "GitHub":
      return `https://github.com/${String(about["repository"])}/.github/workflows/${String(about["workflow"])}`;
    case "GitLab":
      return `https://gitlab.com/${String(about["repository"])}//${String(about["workflow_filepath"])}`;
    case "Google":
      return String(about["email"]);
    default:
      return undefined;
  }
}

/** Names of distributions may be spelled otherwise by who built them. */
function spelled(file: string): string {
  return file.toLowerCase().replace(/[-_.]+/g, "-");
}

interface NpmAttestations {
  attestations: { predicateType: string; bundle: unknown }[];
}

/** Those of who built a version. That of the registry, by a key, repeats its signature in the index. */
export function fromNpm(doc: Doc): Attestation[] {
  const { name = "", version = "" } = doc.params;
  const purl = formatPurl({ id: "npm" }, { name, version });
  return doc
    .json<NpmAttestations>()
    .attestations.filter(({ predicateType }) => predicateType.startsWith("https://slsa.dev/provenance/"))
    .map(({ bundle }) => ({ bundle, isSubject: (name) => name === purl }));
}
