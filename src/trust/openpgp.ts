/** OpenPGP signatures (RFC 9580): of texts that carry them (`InRelease`), and in files of their own (`Release.gpg`). */
import type { PublicKey } from "openpgp";
import type { KeyFile } from "../contract/signatures.ts";
import { messageOf } from "../lib/errors.ts";
import type { KeyReader } from "./key-reader.ts";

export type OpenPgpKey = PublicKey;

const ARMORED = "-----BEGIN PGP ";
/** One signed text and its signature, and nothing before, between or behind: that could be read and is not signed. */
const CLEARSIGNED =
  /^-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:(?!-----BEGIN ).*\n)*-----BEGIN PGP SIGNATURE-----\r?\n(?:(?!-----).*\n)*-----END PGP SIGNATURE-----\s*$/;
/** Milliseconds that clocks may differ by. */
const SKEW = 5 * 60_000;

/** Armored, or as keyrings in /usr/share/keyrings are. */
export const openPgpKeys: KeyReader<OpenPgpKey> = {
  expected: "OpenPGP public keys (armored or not)",
  isOne: ({ bytes }) => isArmored(bytes) || isPublicKeyPacket(bytes[0] ?? 0),
  async read({ bytes }: KeyFile) {
    const { readKeys } = await import("openpgp");
    const keys = isArmored(bytes)
      ? await readKeys({ armoredKeys: textOf(bytes) })
      : await readKeys({ binaryKeys: bytes });
    const secret = keys.find((key) => key.isPrivate());
    if (secret) throw new Error(`it has the secret key of ${idOf(secret)}; export the public one`);
    return keys;
  },
};

/**
 * What speaks against the signature of a document; `undefined` where one of them holds. `signature`: armored or not; absent: the
 * document carries it itself. `at`: the moment at which keys must be good (milliseconds since 1970).
 */
export async function refuteOpenPgp(
  content: Uint8Array,
  signature: Uint8Array | undefined,
  keys: OpenPgpKey[],
  at: number,
): Promise<string | undefined> {
  const expected = `expected a signature by ${keys.map(idOf).join(" or ")}`;
  try {
    const date = new Date(at + SKEW);
    const found = await signaturesOf(content, signature, keys, date);
    const reasons = await Promise.all(
      found.map(async ({ keyID, verified }) => {
        try {
          await verified;
          // It was good when it signed, as the signature itself has it; an expired key that was stolen says what it likes.
          for (const key of keys) if (key.getKeys(keyID).length > 0) await key.getSigningKey(keyID, date);
          return undefined;
        } catch (error) {
          return `one by ${hex(keyID)} (${messageOf(error)})`;
        }
      }),
    );
    if (reasons.includes(undefined)) return undefined;
    return `${expected}, found ${reasons.join(" and ") || "none"}`;
  } catch (error) {
    return `${expected}, found none that can be read (${messageOf(error)})`;
  }
}

async function signaturesOf(content: Uint8Array, signature: Uint8Array | undefined, keys: OpenPgpKey[], date: Date) {
  const { createMessage, readCleartextMessage, readSignature, verify } = await import("openpgp");
  if (signature) {
    const read = isArmored(signature)
      ? await readSignature({ armoredSignature: textOf(signature) })
      : await readSignature({ binarySignature: signature });
    const message = await createMessage({ binary: content });
    return (await verify({ message, signature: read, verificationKeys: keys, date })).signatures;
  }
  const text = textOf(content);
  if (!CLEARSIGNED.test(text)) throw new Error("it is not one signed text and nothing else");
  const message = await readCleartextMessage({ cleartextMessage: text });
  return (await verify({ message, verificationKeys: keys, date })).signatures;
}

function isArmored(bytes: Uint8Array): boolean {
  return textOf(bytes.subarray(0, 4_096)).includes(ARMORED);
}

/** The first octet of a packet with tag 6, in the old and the new format (RFC 9580 4.2). */
function isPublicKeyPacket(octet: number): boolean {
  return octet === 0xc6 || (octet & 0xfc) === 0x98;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function idOf(key: Pick<OpenPgpKey, "getKeyID">): string {
  return hex(key.getKeyID());
}

function hex(id: { toHex(): string }): string {
  return id.toHex().toUpperCase();
}
