/** A key as minisign makes one, and what it signs. */
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

export function minisigner() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const number = randomBytes(8);
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
  const packed = (algorithm: string, bytes: Uint8Array) =>
    Buffer.concat([Buffer.from(algorithm), number, bytes]).toString("base64");
  return {
    id: number.readBigUInt64LE().toString(16).toUpperCase().padStart(16, "0"),
    publicKey: `untrusted comment: minisign public key\n${packed("Ed", raw)}\n`,
    /** `ED`, the newer form, signs a hash of the content. */
    sign(content: Uint8Array, form: "Ed" | "ED" = "ED"): string {
      const own = sign(null, form === "Ed" ? content : createHash("blake2b512").update(content).digest(), privateKey);
      const comment = "timestamp:1555779966\tfile:x";
      const whole = sign(null, Buffer.concat([own, Buffer.from(comment)]), privateKey).toString("base64");
      return `untrusted comment: signature\n${packed(form, own)}\ntrusted comment: ${comment}\n${whole}\n`;
    },
  };
}
