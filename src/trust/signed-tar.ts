/** Tar archives whose members are signed one by one, by certificates that one of them names (RubyGems' signed gems). */
import { verify, type X509Certificate } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { messageOf } from "../lib/errors.ts";
import { CODE_SIGNING, certificatesIn, nameOf, refuteSigner } from "./certificates.ts";
import type { Verdict } from "./verdict.ts";

const SIGNATURE = ".sig";
const METADATA = "metadata.gz";
const BLOCK = 512;
/** Bytes of metadata, unpacked. */
const LARGEST = 16 * 1024 * 1024;

/** `at`: when certificates must be valid. */
export async function judgeTar(tar: Blob, keys: readonly X509Certificate[], at: number): Promise<Verdict> {
  try {
    const members = await membersOf(tar);
    const content = [...members].filter(([name]) => !name.endsWith(SIGNATURE));
    if (content.length === members.size) return "unsigned";
    const metadata = await members.get(METADATA)?.bytes();
    const chain = metadata ? certificatesIn(gunzipSync(metadata, { maxOutputLength: LARGEST }).toString()) : [];
    const signer = chain.at(-1);
    if (!signer) return { against: `expected the certificate of its signer in ${METADATA}, found none` };
    for (const [name, member] of content) {
      const signature = await members.get(`${name}${SIGNATURE}`)?.bytes();
      if (!signature) return { against: `expected a signature of its ${name}, found none` };
      const digest = new Bun.CryptoHasher("sha256");
      for await (const chunk of member.stream()) digest.update(chunk);
      // RubyGems signs the digest as a text of its own, and so its digest.
      if (!verify("sha256", digest.digest(), signer.publicKey, signature))
        return { against: `the signature of its ${name} is not one by ${nameOf(signer)}` };
    }
    const against = refuteSigner({ certificate: signer, others: chain }, keys, at, CODE_SIGNING);
    return against === undefined ? "signed" : { against };
  } catch (error) {
    return { against: messageOf(error) };
  }
}

/** Its regular files. Throws where it is no such archive, or names one twice: readers would differ in which they take. */
async function membersOf(tar: Blob): Promise<Map<string, Blob>> {
  const members = new Map<string, Blob>();
  for (let at = 0; at + BLOCK <= tar.size; ) {
    const header = Buffer.from(await tar.slice(at, at + BLOCK).bytes());
    if (header.every((byte) => byte === 0)) break;
    const name = header.toString("utf8", 0, 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(header.toString("latin1", 124, 136), 8);
    const isFile = [0, 0x30].includes(header[156]!);
    if (!name || !isFile || !(size >= 0) || at + BLOCK + size > tar.size)
      throw new Error("it is no tar archive of files");
    if (members.has(name)) throw new Error(`it has two members ${name}`);
    members.set(name, tar.slice(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}
