/** From documents to the documents that they lead to, through the same cache that serves clients. */
import type { Cache } from "../cache/cache.ts";
import { documentAt } from "../cache/locate.ts";
import { type Staged, stagedOf } from "../cache/staging.ts";
import type { Facts, Path, ReleaseFacts } from "../ecosystem.ts";
import { NotFound } from "../errors.ts";
import type { Mount } from "../mounts.ts";

export interface Walked {
  releases: ReleaseFacts[];
  /** Documents seen on the way that are not pinned yet. */
  unpinned: Path[];
  /** Pointers among them that are to be published when all that they name is held. */
  staged: Staged[];
  /** Bytes that had to be fetched for them. */
  bytes: number;
}

const NOTHING: Walked = { releases: [], unpinned: [], staged: [], bytes: 0 };

export interface WalkOptions {
  /** Whether what a document leads to may be absent. An index may point further than upstream goes; a POM without its parent
   * is of no use. */
  tolerant: boolean;
  /** Whether upstream is asked for documents that are fresh. */
  refresh?: boolean;
}

/**
 * Holds a document and all that it leads to. A parser may need what it leads to (a POM its parents): it is asked again until
 * it names nothing new. Throws what fetching throws.
 */
export async function walk(
  cache: Cache,
  mount: Mount,
  start: Path,
  options: WalkOptions,
  seen = new Set<Path>(),
): Promise<Walked> {
  const target = documentAt(mount, start);
  if (!target) throw new NotFound(`${mount.name} has no document ${start}`);
  if (seen.has(target.path)) return NOTHING;
  seen.add(target.path);
  const force = options.refresh && target.route.freshness !== "immutable";
  const { row, outcome } = await cache.documents.load(target, force ? { force } : {});
  const staged = stagedOf(target, row);
  const walked: Walked = {
    releases: [],
    unpinned: row.pinned || staged.length > 0 ? [] : [target.path],
    staged,
    bytes: outcome === "miss" ? row.size : 0,
  };
  if (!target.route.parse) return walked;
  for (;;) {
    const facts: Facts = target.route.parse(cache.documents.doc(target, row));
    const next = [...(facts.follow ?? [])].filter((path) => !seen.has(documentAt(mount, path)?.path ?? path));
    if (next.length === 0) {
      walked.releases.unshift(...(facts.releases ?? []));
      return walked;
    }
    for (const path of next) {
      const led = await walk(cache, mount, path, options, seen).catch((error: unknown) => excused(error, options));
      walked.releases.push(...led.releases);
      walked.unpinned.push(...led.unpinned);
      walked.staged.push(...led.staged);
      walked.bytes += led.bytes;
    }
  }
}

function excused(error: unknown, { tolerant }: WalkOptions): Walked {
  if (tolerant && error instanceof NotFound) return NOTHING;
  throw error;
}

/** Keeps documents from being evicted, where this process holds on purpose. */
export async function pin(
  { context: { writer, documents, settings } }: Cache,
  mount: Mount,
  paths: readonly Path[],
): Promise<void> {
  if (!settings.pin || paths.length === 0) return;
  await writer.write(() => {
    for (const path of paths) documents.pin(mount.name, path);
  });
}

/** What the documents state that together list every release of a package; a release may be stated in several parts. */
export async function indexed(
  cache: Cache,
  mount: Mount,
  { name, qualifiers }: { name: string; qualifiers?: Readonly<Record<string, string>> | undefined },
  refresh = false,
): Promise<Pick<Walked, "releases" | "staged">> {
  const found: Pick<Walked, "releases" | "staged"> = { releases: [], staged: [] };
  const seen = new Set<Path>();
  for (const path of mount.ecosystem.index({ name, ...(qualifiers && { qualifiers }) }, mount.traits)) {
    const { releases, unpinned, staged } = await walk(cache, mount, path, { tolerant: true, refresh }, seen);
    await pin(cache, mount, unpinned);
    found.staged.push(...staged);
    for (const release of releases) if (release.name === name) found.releases.push(release);
  }
  return found;
}
