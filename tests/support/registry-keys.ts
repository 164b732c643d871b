/** Keys of a registry as npm's has them: ECDSA over P-256, listed by their digest. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { KeyFile } from "../../src/contract/signatures.ts";

export interface RegistryKeys {
  keyid: string;
  /** As `dist.signatures` has it. */
  sign(over: string): { keyid: string; sig: string }[];
  /** What the registry's keys endpoint answers. */
  json: string;
  pem: string;
}

/** `expires`: ISO 8601. */
export function registryKeys(expires: string | null = null): RegistryKeys {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ format: "der", type: "spki" });
  const keyid = `SHA256:${createHash("sha256").update(spki).digest("base64").replace(/=+$/, "")}`;
  const listed = {
    keyid,
    expires,
    keytype: "ecdsa-sha2-nistp256",
    scheme: "ecdsa-sha2-nistp256",
    key: spki.toString("base64"),
  };
  return {
    keyid,
    sign: (over) => [{ keyid, sig: sign("sha256", Buffer.from(over), privateKey).toString("base64") }],
    json: JSON.stringify({ keys: [listed] }),
    pem: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}

export function keyFile(text: string | Uint8Array, file = "keys"): KeyFile {
  return { file, bytes: typeof text === "string" ? new TextEncoder().encode(text) : text };
}
