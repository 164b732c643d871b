import type { Cache } from "../../cache/cache.ts";
import { documentAt } from "../../cache/target.ts";
import type { Release } from "../../contract/ecosystem.ts";
import type { ReleaseTask } from "../../contract/jobs.ts";
import { UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";

/**
 * A registry's documents may come from a cache that lags behind its list. Throws a retryable UpstreamFailed where what they
 * state is older than the revision that was listed.
 */
export async function requireCurrent(
  cache: Cache,
  mount: Mount,
  { name, version, qualifiers, listing }: ReleaseTask,
  revision: string,
  releases: readonly Release[],
): Promise<void> {
  const { isCurrent, revisionOf } = mount.ecosystem.catalog ?? {};
  if (isCurrent && version === undefined && !isCurrent(revision, releases))
    throw new UpstreamFailed(`upstream lists ${name} as of ${revision}, and its index does not say so yet`, {
      retryable: true,
    });
  const listed = Number(revision);
  if (!revisionOf && !Number.isFinite(listed)) return;
  for (const path of mount.ecosystem.index({ name, ...(qualifiers && { qualifiers }) }, mount.traits)) {
    const target = documentAt(mount, path);
    const held = target && cache.documents.held(mount, target.path);
    const before = listing?.isNews ? listing.held : undefined;
    if (held && before !== undefined && revisionOf?.(await cache.documents.doc(target, held)) === before)
      throw new UpstreamFailed(`${path}: upstream lists it as ${revision}, and sent what it was before`, {
        retryable: true,
      });
    if (held?.revision && held.revision < listed)
      throw new UpstreamFailed(
        `${path}: upstream sent revision ${held.revision}, and its list says ${revision}; a cache in between is behind`,
        { retryable: true },
      );
  }
}
