/** Asks by HEAD whether a held document is current, where a header of the answer states the digest of the bytes. */

import { emit } from "../../contract/events.ts";
import { DigestMismatch, UpstreamFailed } from "../../lib/errors.ts";
import type { Upstream } from "../../upstream/client.ts";
import type { Downloaded } from "../transfer/download.ts";
import { NotModified, request, type Wanted } from "../transfer/request.ts";

/**
 * Whether the bytes of this sha256 are current; false where that cannot be told so. Throws UpstreamFailed where upstream
 * has too much to do to be asked more.
 */
export async function isCurrent(upstream: Upstream, wanted: Wanted, probe: string, sha256: string): Promise<boolean> {
  try {
    const { head } = await request(upstream, { ...wanted, method: "HEAD" }, 0, undefined);
    return head.headers[probe] === `sha256:${sha256}`;
  } catch (error) {
    if (error instanceof NotModified) return true;
    if (error instanceof UpstreamFailed && error.retryable) throw error;
    // What it does not answer to a HEAD it may answer to a GET.
    return false;
  }
}

/** The header is a promise, too. Throws DigestMismatch where the bytes that came with it are others. */
export function requirePromised({ mount, path }: Wanted, probe: string, { head, digests }: Downloaded): void {
  const [expected, found] = [head.headers[probe], `sha256:${digests.sha256}`];
  if (!expected?.startsWith("sha256:") || expected === found) return;
  emit("mismatch", { mount: mount.name, path, expected, found });
  throw new DigestMismatch(path, expected, found);
}
