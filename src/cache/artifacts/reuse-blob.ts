/** Bytes that the store has already, for another path: upstream is asked whether it would give them for this one, too. */
import { splitDigest } from "../../contract/digest.ts";
import { messageOf } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Context } from "../context.ts";
import type { Downloaded } from "../transfer/download.ts";
import { request, type Wanted } from "../transfer/request.ts";

/**
 * What a download would come to, where the bytes are here and upstream answers for this path that it has them: who may not
 * see them there does not get them here either. `undefined` where they have to be downloaded to know.
 */
export async function granted(
  { upstream, storage, blobs }: Pick<Context, "upstream" | "storage" | "blobs">,
  wanted: Wanted,
): Promise<Downloaded | undefined> {
  const [algorithm, sha256] = wanted.expected ? splitDigest(wanted.expected) : [];
  const needsOthers = wanted.algorithms.some((each) => each !== "sha256");
  if (algorithm !== "sha256" || sha256 === undefined || needsOthers) return undefined;
  const size = blobs.sizeOf(sha256);
  // One of another size than it had when it was stored is damaged.
  if (size === undefined || !storage.has(sha256, size)) return undefined;
  try {
    const { head } = await request(upstream, { ...wanted, method: "HEAD" }, 0, undefined);
    return head.length === undefined || head.length === size ? { head, digests: { sha256 }, size } : undefined;
  } catch (error) {
    // Not every server answers to HEAD; what a GET comes to is what counts.
    log.debug("what is stored is asked for again", { path: wanted.path, error: messageOf(error) });
    return undefined;
  }
}
