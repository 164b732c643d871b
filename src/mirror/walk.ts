/** From documents to the documents and files that they lead to, through the same cache that serves clients. */
import type { Cache } from "../cache/cache.ts";
import { documentAt, matchIn, targetOf } from "../cache/locate.ts";
import type { Facts, FileFacts, Path, ReleaseFacts, Requirement } from "../ecosystem.ts";
import { NotFound } from "../errors.ts";
import type { Mount } from "../mounts.ts";

export interface Walked {
  releases: ReleaseFacts[];
  /** Documents seen on the way, the first included. */
  documents: Path[];
  /** Bytes that had to be fetched for them. */
  bytes: number;
}

/** Whether what a document leads to may be absent. An index may point further than upstream goes; a POM without its parent is of no use. */
export type Tolerance = "strict" | "tolerant";

/**
 * Holds a document and all that it leads to. A parser may need what it leads to (a POM its parents): it is asked again until
 * it names nothing new. Throws what fetching throws.
 */
export async function walk(
  cache: Cache,
  mount: Mount,
  start: Path,
  tolerance: Tolerance,
  seen = new Set<Path>(),
): Promise<Walked> {
  const target = documentAt(mount, start);
  if (!target) throw new NotFound(`${mount.name} has no document ${start}`);
  if (seen.has(target.path)) return { releases: [], documents: [], bytes: 0 };
  seen.add(target.path);
  const { row, outcome } = await cache.documents.load(target);
  const walked: Walked = { releases: [], documents: [target.path], bytes: outcome === "miss" ? row.size : 0 };
  if (!target.route.parse) return walked;
  for (;;) {
    const facts: Facts = target.route.parse(cache.documents.doc(target, row));
    const next = [...(facts.follow ?? [])].filter((path) => !seen.has(documentAt(mount, path)?.path ?? path));
    if (next.length === 0) {
      walked.releases.unshift(...(facts.releases ?? []));
      return walked;
    }
    for (const path of next) {
      const led = await walk(cache, mount, path, tolerance, seen).catch((error: unknown) => excused(error, tolerance));
      walked.releases.push(...led.releases);
      walked.documents.push(...led.documents);
      walked.bytes += led.bytes;
    }
  }
}

function excused(error: unknown, tolerance: Tolerance): Walked {
  if (tolerance === "tolerant" && error instanceof NotFound) return { releases: [], documents: [], bytes: 0 };
  throw error;
}

/** Keeps documents from being evicted. */
export function pin({ context: { writer, documents } }: Cache, mount: Mount, paths: readonly Path[]): Promise<void> {
  return writer.write(() => {
    for (const path of paths) documents.pin(mount.name, path);
  });
}

/** What holding one path came to. */
export interface Held {
  path: Path;
  /** Bytes that had to be fetched; 0 when it was held. */
  bytes: number;
  fetched: boolean;
  /** Dependencies that the file itself declares (a POM, a wheel's metadata). */
  requires: Requirement[];
  /** Further files of the same release that it names (the jar of a POM). */
  files: FileFacts[];
}

/** Holds one path, whatever it is, on purpose: it will not be evicted. Throws what fetching throws. */
export async function hold(cache: Cache, mount: Mount, path: Path): Promise<Held> {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || (match.route.kind !== "artifact" && match.route.kind !== "metadata"))
    throw new NotFound(`${mount.name} has no ${path}`);
  const { route, params } = match;
  const { writer, artifacts } = cache.context;
  if (route.kind === "artifact") {
    const target = targetOf(mount, route, params, path);
    const { row, fetched } = await cache.artifacts.hold(target);
    if (!row) throw new NotFound(`${path} could not be stored`);
    if (!row.pinned) {
      await writer.write(() => artifacts.pin(mount.name, [target.path]));
      // A server may have evicted it just before.
      if (!cache.artifacts.held(target)) return hold(cache, mount, path);
    }
    return { path, bytes: fetched ? row.size : 0, fetched, requires: [], files: [] };
  }
  const walked = await walk(cache, mount, path, "strict");
  await pin(cache, mount, walked.documents);
  const own = route.release?.(params);
  const stated = walked.releases.filter(({ name, version }) => name === own?.name && version === own.version);
  return {
    path,
    bytes: walked.bytes,
    fetched: walked.bytes > 0,
    requires: stated.flatMap(({ requires = [] }) => requires),
    files: route.freshness === "immutable" ? stated.flatMap(({ files = [] }) => files) : [],
  };
}
