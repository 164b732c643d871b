/** Documents together with those that they lead to: what one of them leaves open, another may state. */
import pLimit from "p-limit";
import type { MetadataRoute, Path, ReleaseFacts } from "../../contract/ecosystem.ts";
import { messageOf, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { documentAt, type Target } from "../target.ts";
import type { DocumentCache } from "./documents.ts";

type Documents = Pick<DocumentCache, "stated" | "loadIfAny" | "held" | "maxFollowUps">;

/** Documents that are loaded at once. */
const AT_ONCE = 8;

/** Has at hand what a document leads to, so that it can be read and rewritten as a whole. What cannot be had is
 * logged. Throws UpstreamFailed where that is more than one request may have fetched. */
export async function loadLed(
  documents: Documents,
  { mount, path }: Target<MetadataRoute>,
  follow: Iterable<Path>,
): Promise<void> {
  const limit = pLimit(AT_ONCE);
  const targets = Array.from(follow, (next) => documentAt(mount, next)).filter((target) => target !== undefined);
  const missing = targets.filter((target) => !documents.held(mount, target.path)).length;
  if (missing > documents.maxFollowUps)
    throw new UpstreamFailed(
      `${path} leads to ${missing} documents that are not here; at most ${documents.maxFollowUps} are fetched for one request (metadata_max_requests)`,
    );
  const loads = targets.map((target) => limit(() => documents.loadIfAny(target)));
  for (const { reason } of (await Promise.allSettled(loads)).filter((each) => each.status === "rejected"))
    log.warn("a document that another leads to cannot be had", { mount: mount.name, path, error: messageOf(reason) });
}

/** What the documents state that together list a package's releases. Throws what loading throws. */
export async function statedOf(documents: Documents, mount: Mount, name: string): Promise<ReleaseFacts[]> {
  const found: ReleaseFacts[] = [];
  for (const path of mount.ecosystem.index({ name }, mount.traits)) {
    const target = documentAt(mount, path);
    const loaded = target && (await documents.loadIfAny(target));
    if (!loaded) continue;
    const first = await documents.stated(target, loaded.row);
    const { follow } = first;
    await loadLed(documents, target, follow);
    // Once more, since it may speak of what only those state.
    const { releases } = follow.length > 0 ? await documents.stated(target, loaded.row) : first;
    for (const release of releases) if (release.name === name) found.push(release);
  }
  return found;
}
