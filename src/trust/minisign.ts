/** Signatures by minisign (https://jedisct1.github.io/minisign/): Ed25519, in files beside what they sign. */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { KeyFile } from "../contract/signatures.ts";
import type { KeyReader } from "./key-reader.ts";

export interface MinisignKey {
  /** As people and minisign spell it. */
  id: string;
  key: KeyObject;
}

/** `Ed`, a number of eight bytes, the key. */
const KEY = /^(?:untrusted comment:[^\n]*\n)?(?<base64>[A-Za-z0-9+/]{56})\s*$/;
const SIGNATURE =
  /^untrusted comment:[^\n]*\n(?<base64>[A-Za-z0-9+/]{99}=)\r?\ntrusted comment: (?<comment>[^\r\n]*)\r?\n(?<whole>[A-Za-z0-9+/]{86}==)\s*$/;

export const minisignKeys: KeyReader<MinisignKey> = {
  expected: "a minisign public key",
  isOne: (file) => keyIn(file) !== undefined,
  async read(file: KeyFile) {
    const found = keyIn(file);
    if (!found) throw new Error("it has none");
    const key = { kty: "OKP", crv: "Ed25519", x: found.subarray(10).toString("base64url") };
    return [{ id: idIn(found), key: createPublicKey({ key, format: "jwk" }) }];
  },
};

/** What speaks against the signature of a document; `undefined` where it holds. */
export function refuteMinisign(
  content: Uint8Array,
  signature: Uint8Array | undefined,
  keys: readonly MinisignKey[],
): string | undefined {
  const expected = `expected a signature by ${keys.map(({ id }) => id).join(" or ")}`;
  const { base64, comment, whole } = SIGNATURE.exec(signature ? new TextDecoder().decode(signature) : "")?.groups ?? {};
  if (base64 === undefined) return `${expected}, found none that can be read`;
  const bytes = Buffer.from(base64, "base64");
  const algorithm = bytes.toString("latin1", 0, 2);
  if (algorithm !== "Ed" && algorithm !== "ED") return `${expected}, found one by another algorithm`;
  const id = idIn(bytes);
  const known = keys.find((each) => each.id === id);
  if (!known) return `${expected}, found one by ${id}`;
  // Of files in memory the older form signs the bytes themselves.
  const signed = algorithm === "Ed" ? content : createHash("blake2b512").update(content).digest();
  const own = bytes.subarray(10);
  if (!verify(null, signed, known.key, own)) return `${expected}, found one by ${id} (of other bytes)`;
  const commented = Buffer.concat([own, Buffer.from(comment!)]);
  if (!verify(null, commented, known.key, Buffer.from(whole!, "base64")))
    return `${expected}, found one by ${id} (its comment was changed)`;
  return undefined;
}

function keyIn({ bytes }: KeyFile): Buffer | undefined {
  if (bytes.length > 1_024) return undefined;
  const { base64 = "" } = KEY.exec(new TextDecoder().decode(bytes))?.groups ?? {};
  const found = Buffer.from(base64, "base64");
  return found.length === 42 && found.toString("latin1", 0, 2) === "Ed" ? found : undefined;
}

/** A number, of which the first byte is the lowest. */
function idIn(bytes: Buffer): string {
  return bytes.readBigUInt64LE(2).toString(16).toUpperCase().padStart(16, "0");
}
