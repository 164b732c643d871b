import type { Cache } from "../../cache/cache.ts";
import { documentAt } from "../../cache/locate.ts";
import { UpstreamFailed } from "../../errors.ts";
import type { ReleaseTask } from "../../jobs.ts";
import type { Mount } from "../../mounts.ts";

/**
 * A registry's documents may come from a cache that lags behind its list. Throws a retryable UpstreamFailed where one states
 * an older revision than the list does.
 */
export function requireCurrent(cache: Cache, mount: Mount, { name, qualifiers }: ReleaseTask, revision: string): void {
  const listed = Number(revision);
  if (!Number.isFinite(listed)) return;
  for (const path of mount.ecosystem.index({ name, ...(qualifiers && { qualifiers }) }, mount.traits)) {
    const target = documentAt(mount, path);
    const held = target && cache.documents.held(mount, target.path);
    if (held?.revision && held.revision < listed)
      throw new UpstreamFailed(
        `${path}: upstream sent revision ${held.revision}, and its list says ${revision}; a cache in between is behind`,
        { retryable: true },
      );
  }
}
