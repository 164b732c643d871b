import { type Digests, splitDigest } from "../../contract/digest.ts";
import type { Digest } from "../../contract/ecosystem.ts";
import { DigestMismatch } from "../../lib/errors.ts";
import { hashH1 } from "./h1.ts";

/** Throws DigestMismatch where bytes (or a file's) are not those that were promised. */
export async function verify(
  path: string,
  expected: Digest,
  digests: Digests,
  content: Uint8Array<ArrayBuffer> | string,
): Promise<void> {
  const [algorithm, value] = splitDigest(expected);
  const found = algorithm === "h1" ? await hashH1(path, content) : digests[algorithm];
  if (found !== value) throw new DigestMismatch(path, expected, `${algorithm}:${found}`);
}
