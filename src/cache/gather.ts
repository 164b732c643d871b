/** Documents together with those that they lead to: what one of them leaves open, another may state. */
import pLimit from "p-limit";
import type { MetadataRoute, Path, ReleaseFacts } from "../ecosystem.ts";
import { messageOf } from "../errors.ts";
import { log } from "../log.ts";
import type { Mount } from "../mounts.ts";
import type { DocumentCache } from "./documents.ts";
import { documentAt, type Target } from "./locate.ts";

type Documents = Pick<DocumentCache, "stated" | "loadIfAny">;

/** Documents that are loaded at once. */
const AT_ONCE = 8;

/** Has at hand what a document leads to, so that it can be read and rewritten as a whole. What cannot be had is logged. */
export async function loadLed(
  documents: Documents,
  { mount, path }: Target<MetadataRoute>,
  follow: Iterable<Path>,
): Promise<void> {
  const limit = pLimit(AT_ONCE);
  const load = async (next: Path) => {
    const target = documentAt(mount, next);
    if (target) await documents.loadIfAny(target);
  };
  const loads = Array.from(follow, (next) => limit(() => load(next)));
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
