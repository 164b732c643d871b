/** From documents to the documents that they lead to, through the same cache that serves clients. */

import type { Cache } from "../../cache/cache.ts";
import { type Staged, stagedOf } from "../../cache/generations/pending-pointers.ts";
import { Unsigned } from "../../cache/integrity/signed-documents.ts";
import { documentAt, followsRoot, generationOf, type Target } from "../../cache/target.ts";
import type { LeftOut, Package, Path, ReleaseFacts } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";
import { NotFound, UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";

export interface Walked {
  /** The document itself; absent where it was seen already. */
  row?: DocumentRow;
  releases: ReleaseFacts[];
  /** Pointers among them that are to be published when all that they name is held. */
  staged: Staged[];
  /** Bytes that had to be fetched for them. */
  bytes: number;
  /** Entries of them that make no sense. */
  odd: OddEntry[];
}

/** An entry that was left out of a document. */
export interface OddEntry extends LeftOut {
  path: Path;
}

const NOTHING: Walked = { releases: [], staged: [], bytes: 0, odd: [] };

/** Whether upstream is asked for documents that are fresh; a number: for those that it was not asked for since then. */
export type Refresh = boolean | number;

export interface WalkOptions {
  /** Whether what a document leads to may be absent. An index may point further than upstream goes; a POM without its parent
   * is of no use. */
  tolerant: boolean;
  /** Default: none. */
  refresh?: Refresh;
  /** Whose releases are asked for. Default: all. */
  only?: Package;
  /** Whether it is held and not looked into. */
  unread?: boolean;
  /** Whether it heads its generation in place of a document that upstream does not have. What it leads to does not. */
  heads?: boolean;
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
  const { maxFollowUps } = cache.documents;
  if (seen.size > maxFollowUps)
    throw new UpstreamFailed(
      `${start} is one of more than ${maxFollowUps} documents that lead to each other (ten times metadata_max_requests)`,
    );
  const follows = target.route.freshness === "immutable" || (followsRoot(target) && !options.heads);
  const force = isDue(cache, target, options.refresh) && !follows;
  const { row, outcome } = await cache.documents.load(
    options.unread ? { ...target, isRepetition: true } : target,
    force ? { force } : {},
  );
  const staged = stagedOf(target, row);
  // What its name means now may have been seen under another one.
  const isSeen = row.path !== target.path && seen.has(row.path as Path);
  seen.add(row.path as Path);
  const walked: Walked = {
    row,
    releases: [],
    staged,
    bytes: outcome === "miss" ? row.size : 0,
    odd: [],
  };
  if (!target.route.parse || isSeen || options.unread) return walked;
  const { documents } = cache;
  const open = () => documents.open(target, row);
  for (;;) {
    const facts = await documents.recent.read(target, row, open, options.only);
    const next = facts.follow.filter((path) => !seen.has(documentAt(mount, path)?.path ?? path));
    const lead = async (path: Path, how: WalkOptions) => {
      if (how.unread && isLeftOut(mount, path, row.sha256)) return;
      const led = await walk(cache, mount, path, { ...how, heads: false }, seen).catch((error: unknown) =>
        how.unread && error instanceof Unsigned ? leaveOut(mount, path, row.sha256) : excused(error, how),
      );
      for (const release of led.releases) walked.releases.push(release);
      walked.staged.push(...led.staged);
      walked.bytes += led.bytes;
      walked.odd.push(...led.odd);
    };
    if (next.length === 0) {
      walked.releases = [...facts.releases, ...walked.releases];
      for (const each of facts.leftOut) walked.odd.push({ ...each, path: target.path });
      for (const path of facts.beside) await lead(path, { ...options, tolerant: true, unread: true });
      return walked;
    }
    for (const path of next) await lead(path, options);
  }
}

/** Several packages may have a document in common. */
function isDue(cache: Cache, target: Target, refresh: Refresh = false): boolean {
  return typeof refresh === "boolean" ? refresh : cache.documents.askedAt(target) < refresh;
}

function excused(error: unknown, { tolerant }: WalkOptions): Walked {
  if (tolerant && error instanceof NotFound) return NOTHING;
  throw error;
}

interface Indexed extends Pick<Walked, "releases" | "staged" | "odd"> {
  /** Releases of other packages that stand in for it. */
  others: ReleaseFacts[];
}

/** What nobody trusted signed, beside a document that is right and says as much: the digest of that, by mount and path. An
 * archive may have an old signature of the form that few clients ask for; it is not fetched again for each of its packages. */
const leftOut = new Map<string, string>();

function isLeftOut({ name }: Mount, path: Path, beside: string): boolean {
  return leftOut.get(`${name} ${path}`) === beside;
}

function leaveOut({ name }: Mount, path: Path, beside: string): Walked {
  leftOut.set(`${name} ${path}`, beside);
  return NOTHING;
}

/** What the documents state that together list every release of a package; a release may be stated in several parts. */
export async function indexed(
  cache: Cache,
  mount: Mount,
  { name, qualifiers }: { name: string; qualifiers?: Readonly<Record<string, string>> | undefined },
  refresh: Refresh = false,
): Promise<Indexed> {
  const found: Indexed = { releases: [], others: [], staged: [], odd: [] };
  const seen = new Set<Path>();
  const only = { name, ...(qualifiers && { qualifiers }) };
  /** Of documents that head one generation, one will do: its digest, by the first of them. */
  const [heads, absent] = [new Map<Path, string>(), new Map<Path, NotFound>()];
  for (const path of mount.ecosystem.index(only, mount.traits)) {
    const target = documentAt(mount, path);
    const head = target && generationOf(target)?.roots[0];
    const generation = head && heads.get(head);
    if (generation !== undefined && isLeftOut(mount, path, generation)) continue;
    const options = { tolerant: true, refresh, only, heads: head !== undefined && absent.has(head) };
    const walked = await walk(cache, mount, path, options, seen).catch((error: unknown) => {
      if (generation !== undefined && error instanceof Unsigned) return leaveOut(mount, path, generation);
      if (head === undefined || !(error instanceof NotFound)) throw error;
      absent.set(head, error);
    });
    if (!walked) continue;
    const { row, releases, staged, odd } = walked;
    found.odd.push(...odd);
    if (head !== undefined) heads.set(head, row?.sha256 ?? "");
    found.staged.push(...staged);
    for (const release of releases)
      if (release.name === name) found.releases.push(release);
      else if (release.provides?.some((each) => each.name === name)) found.others.push(release);
  }
  for (const [head, absence] of absent) if (!heads.has(head)) throw absence;
  return found;
}
