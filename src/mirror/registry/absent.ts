/** What a registry lists, and does not have. */
import type { Cache } from "../../cache/cache.ts";
import type { ReleaseTask } from "../../contract/jobs.ts";
import { NotFound, UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { requireCurrent } from "./current.ts";
import { sharedIndexes } from "./gone.ts";

/** Its documents were read, and state nothing of it. */
export class Unlisted extends NotFound {}

/**
 * Returns where a listed package is gone. Throws where absence does not tell: a document of many packages that is missing says
 * nothing of one of them (the absence itself, no matter how often it is tried), and caches remember that a document was not
 * there a moment before it was (UpstreamFailed, to be tried again).
 */
export async function requireGone(cache: Cache, mount: Mount, task: ReleaseTask, absence: NotFound): Promise<void> {
  const { name, listing } = task;
  const isRead = absence instanceof Unlisted;
  if (!isRead && sharedIndexes(mount, name).length > 0) throw absence;
  if (!listing?.mayCome) return;
  if (isRead) await requireCurrent(cache, mount, task, listing.revision ?? "", []);
  else
    throw new UpstreamFailed(`upstream lists ${name}, and does not have it yet: ${absence.message}`, {
      retryable: true,
    });
}
