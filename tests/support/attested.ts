/** Files that were really published, with what was attested of them. */
import { join } from "node:path";
import { fromProvenance } from "../../ecosystems/shared/attestations.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Attestation, Doc } from "../../src/contract/ecosystem.ts";
import { keyFile } from "./registry-keys.ts";

const read = (name: string) => Bun.file(join(import.meta.dir, "../fixtures/trust", name));

export const ROOT = await read("trusted_root.json").text();
export const rootFile = keyFile(ROOT, "trusted_root.json");

/** Its provenance names a service account. */
export const FILE = "gcb_attestation_test-0.0.0.tar.gz";
export const BYTES = await read(FILE).bytes();
export const PROVENANCE = await read(`${FILE}.provenance`).text();
export const SIGNER = "919436158236-compute@developer.gserviceaccount.com";
export const DIGEST = `sha256:${hash("sha256", BYTES)}` as const;

/** Its provenance names a workflow of a repository. */
export const BUILT = {
  file: "pypi_attestations-0.0.19.tar.gz",
  digest: "sha256:9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
  provenance: await read("pypi_attestations-0.0.19.tar.gz.provenance").text(),
} as const;

/** As the plugin reads them. */
export function attestationsIn(provenance: string, file: string): Attestation[] {
  return fromProvenance({ json: <T>() => JSON.parse(provenance) as T } as Doc, file);
}
