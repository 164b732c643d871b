/** Zip archives that are signed by a member, over all the others (NuGet's package signatures). */
import type { X509Certificate } from "node:crypto";
import { messageOf } from "../lib/errors.ts";
import { readCms, refuteCms } from "./cms.ts";
import type { Verdict } from "./verdict.ts";
import { membersOf } from "./zip-members.ts";

const MEMBER = ".signature.p7s";
/** Bytes. */
const LARGEST = 1024 * 1024;
/** `Version:1`, an empty line, and `OID-Hash:BASE64`. */
const PROPERTIES = /^Version:1\r?\n\r?\n2\.16\.840\.1\.101\.3\.4\.2\.([123])-Hash:([\w+/]+=*)\r?\n/;
const HASHES = { "1": "sha256", "2": "sha384", "3": "sha512" } as const;

/** `at`: when certificates must be valid, where no trusted time stamp says. */
export async function judgeZip(zip: Blob, keys: readonly X509Certificate[], at: number): Promise<Verdict> {
  try {
    const archive = await membersOf(zip);
    const [signature, ...more] = archive.members.filter(({ name }) => name === MEMBER);
    if (!signature) return "unsigned";
    if (more.length > 0 || signature.method !== 0 || signature.size > LARGEST)
      throw new Error(`it has no ${MEMBER} that is one, small and not compressed`);
    const cms = await readCms(await zip.slice(signature.start, signature.start + signature.size).bytes());
    const [, oid, expected] = PROPERTIES.exec(new TextDecoder().decode(cms.content)) ?? [];
    if (!oid || !expected) throw new Error("its signature states no hash that is known");
    const found = await archive.hashWithout(signature, HASHES[oid as keyof typeof HASHES]);
    if (found !== expected) return { against: `expected the hash ${expected}, which is signed, found ${found}` };
    const against = refuteCms(cms, keys, at);
    return against === undefined ? "signed" : { against };
  } catch (error) {
    return { against: messageOf(error) };
  }
}
