import type { Cache } from "../../cache/cache.ts";
import type { FileFact } from "../../cache/documents/facts.ts";
import type { Staged } from "../../cache/generations/pending-pointers.ts";
import { isPinned } from "../../cache/pins.ts";
import { canonicalIn } from "../../cache/target.ts";
import type { Digest, FileFacts, Path, Release, ReleaseFacts, Requirement } from "../../contract/ecosystem.ts";
import type { JobSpec, ReleaseTask } from "../../contract/jobs.ts";
import { formatPurl } from "../../contract/purl.ts";
import type { PackageFile as HeldArtifact } from "../../index/rows.ts";

import { NotFound } from "../../lib/errors.ts";
import { type Mount, requireName } from "../../mounts/mounts.ts";
import { requireGone, Unlisted } from "../registry/absent.ts";
import { requireCurrent } from "../registry/current.ts";
import { selectReleases } from "../registry/filters.ts";
import { choose, isOfUse } from "./choice.ts";
import { type Held, hold } from "./fetch-file.ts";
import { indexed, type OddEntry, type Refresh } from "./walk.ts";

export interface PlannedFile {
  path: Path;
  size?: number;
  optional: boolean;
  /** What the index says of it, where that is all there is to know. */
  fact?: FileFact;
}

export interface Plan {
  /** Of which files are wanted, whether they are held or not. */
  versions: string[];
  /** Files that are not held yet. */
  files: PlannedFile[];
  /** Those that are. */
  held: Held[];
  /** Any of these, of any of the files that are still to come. */
  expected?: readonly Digest[];
  /** Releases that policy keeps back, as PURLs; none of their files is planned. */
  withheld: string[];
  /** Entries of its documents that make no sense, and were left out. */
  odd: OddEntry[];
  /** Releases of which nothing is left by the choice of files, and why. */
  unfit: { purl: string; reason: string }[];
  requires: Requirement[];
  /** Releases whose installation may need more than is held, and why. */
  unproven: { purl: string; reason: string }[];
  /** Pointers that led to them, to be published when all is held. */
  staged: Staged[];
  /** A registry listed it, and does not have it. */
  isGone?: boolean;
  /** When releases that are withheld may be had; milliseconds since 1970. */
  matures?: number;
}

type Wishes = Pick<JobSpec, "choice" | "closure" | "refresh" | "releases"> & {
  isWhole?: boolean | undefined;
  rehash?: boolean | undefined;
};

const UNFIT = "nothing of it is of use on the chosen platforms";
const EMPTY = "its index states no files of it";
/** Values of a qualifier that a message lists. */
const SHOWN = 20;
const TOO_LARGE = "its files are larger than the greatest size that was asked for";

function isNothing(files: readonly FileFacts[]): boolean {
  return files.every(({ beside }) => beside !== undefined);
}

/** The files of a release or of a whole package, from its index. Throws NotFound where the registry has no such thing,
 * BadRequest where it cannot: it is named by what is no name. */
export async function plan(cache: Cache, mount: Mount, task: ReleaseTask, spec: Wishes): Promise<Plan> {
  requireName(mount, task);
  const found: Plan = {
    versions: [],
    files: [],
    held: [],
    withheld: [],
    unfit: [],
    odd: [],
    requires: [],
    unproven: [],
    staged: [],
  };
  const meant = await chosen(cache, mount, task, spec);
  if (!meant) return { ...found, isGone: true };
  const { releases, staged, odd } = meant;
  found.staged = staged;
  found.odd = odd;
  const { admits, matures } = await cache.admissions.ofDocument(mount, [...releases.values()].flat(), { held: false });
  const wasHeld = (path: Path) => cache.context.artifacts.find(mount.name, path) !== undefined;
  const heldAt = heldBy(cache, mount, task.name);
  const expected = task.digests && !isCompared(releases, task.digests) ? task.digests : undefined;
  if (expected) found.expected = expected;
  const isNews = task.listing?.isNews ?? false;
  const looked = { inside: spec.closure !== "none", refresh: spec.refresh || isNews, rehash: spec.rehash, expected };
  const seen = new Set<Path>(heldInGraph(mount, task));
  const without = new Map<string, string>();
  for (const parts of releases.values()) {
    const [release] = parts as [ReleaseFacts];
    const purl = formatPurl(mount.ecosystem, release);
    if (!parts.some((part) => admits(part))) {
      found.withheld.push(purl);
      if (matures !== undefined) found.matures = matures;
      continue;
    }
    const fitting = parts.filter(({ marker }) => isOfUse(mount.ecosystem, marker, spec.choice.platforms));
    if (spec.releases?.metadataOnly) continue;
    const lack = lackOf(mount, release, parts, task);
    if (lack !== undefined) {
      without.set(purl, lack);
      continue;
    }
    const own = filesOf(mount, release, fitting, task);
    const files = choose(mount.ecosystem, own, spec.choice, task);
    const isWhole = fitting.length > 0 && parts.some(({ hasNoFiles }) => hasNoFiles);
    if (fitting.length === 0 || (isNothing(files) && !isWhole)) {
      const isLarge =
        fitting.length > 0 && !isNothing(choose(mount.ecosystem, own, { ...spec.choice, maxSize: 0 }, task));
      const reason = isLarge ? TOO_LARGE : spec.choice.platforms.length > 0 ? UNFIT : EMPTY;
      found.unfit.push({ purl, reason });
      continue;
    }
    found.versions.push(release.version);
    for (const file of files) {
      const path = canonicalIn(mount, file.path);
      if (!admits(release, file.path) || seen.has(path)) continue;
      seen.add(path);
      const held = heldAt(path);
      const isStated = typeof held !== "object" || hasStated(held, file.digest);
      // What is held on purpose already, and has nothing to say, costs no further look: mirrors run again and again.
      if (
        typeof held === "object" &&
        isPinned(cache.context, mount, held) &&
        held.verified &&
        isStated &&
        !expected &&
        !looked.inside &&
        !looked.rehash
      )
        found.held.push({ ...held, path, bytes: 0, fetched: false, requires: [], files: [] });
      // What turns out to be wrong, or to be replaced, is a failure of its own: it is looked at with those that are not held.
      else if (held && isStated && !looked.rehash) found.held.push(await hold(cache, mount, path, looked));
      else if (held || !(file.optional && spec.isWhole) || wasHeld(path)) {
        const size = file.size ?? (looked.rehash && typeof held === "object" ? held.size : undefined);
        found.files.push({
          path,
          // What was held and is gone was there to be had.
          optional: (file.optional ?? false) && !held && !wasHeld(path),
          ...(size !== undefined && { size }),
          ...factOf(path, file, parts),
        });
      }
    }
    // A release that is stated in parts is built only where nothing else of it was chosen.
    const paths = new Set(files.map(({ path }) => path));
    const taken = fitting.filter(({ files: own = [] }) => own.length === 0 || own.some(({ path }) => paths.has(path)));
    const reasons = taken.map(({ builds }) => builds);
    if (reasons[0] !== undefined && reasons.every((reason) => reason !== undefined))
      found.unproven.push({ purl, reason: reasons[0] });
    found.requires.push(...fitting.flatMap(({ requires = [] }) => requires));
  }
  // Of a whole package, some releases may not have what is asked for; all of them, or one that is named, are a mistake.
  const [[purl, lack] = []] = without;
  if (lack !== undefined && (task.version !== undefined || without.size === releases.size))
    throw new NotFound(`${purl} ${lack}`);
  for (const [each, reason] of without) found.unfit.push({ purl: each, reason });
  return found;
}

/** What was held already when the graph was read that a release is in. */
function heldInGraph({ ecosystem }: Mount, { name, version = "", inGraph }: ReleaseTask): Path[] {
  const document = inGraph && !ecosystem.selects ? ecosystem.graph?.({ name, version }) : undefined;
  return document ? [document.path] : [];
}

/** Which qualifier that chooses among a release's files has a value that none of them has, for people. */
function lackOf(
  mount: Mount,
  release: Release,
  parts: readonly ReleaseFacts[],
  { qualifiers = {} }: ReleaseTask,
): string | undefined {
  if (Object.keys(qualifiers).length === 0) return undefined;
  const files = allFilesOf(mount, release, parts, qualifiers);
  for (const [key, value] of Object.entries(qualifiers)) {
    // What has none is of use for each.
    const values = new Set(files.filter(({ beside }) => beside === undefined).map((file) => file.qualifiers?.[key]));
    const isOpen = values.delete(undefined) && mount.ecosystem.scopes?.includes(key);
    if (values.size === 0 || values.has(value) || isOpen) continue;
    const known = [...values].slice(0, SHOWN).join(", ");
    return `has no file with ${key}=${value}; it has ${known}${values.size > SHOWN ? " …" : ""}`;
  }
  return undefined;
}

function allFilesOf(
  { ecosystem, traits }: Mount,
  { name, version }: Release,
  parts: readonly ReleaseFacts[],
  qualifiers: Readonly<Record<string, string>>,
): FileFacts[] {
  return [
    ...parts.flatMap(({ files = [] }) => files),
    ...(ecosystem.files?.({ name, version, qualifiers }, traits) ?? []),
  ];
}

/** A file whose digest the index does not state is described elsewhere, and one whose address is relative needs its document. */
function factOf(path: Path, file: FileFacts, parts: readonly ReleaseFacts[]): { fact?: FileFact } {
  const { digest, size, url } = file;
  const stated = parts.find(({ files }) => files?.includes(file));
  const urls = url === undefined ? [] : typeof url === "string" ? [url] : url;
  if (!stated || digest === undefined || !urls.every((each) => URL.canParse(each))) return {};
  const { name, version, publishedAt, dateTrust } = stated;
  const at = dateTrust === "author" ? Number.NaN : (publishedAt?.getTime() ?? Number.NaN);
  return {
    fact: {
      path,
      name,
      version,
      digest,
      ...(size !== undefined && { size }),
      ...(urls.length > 0 && { urls }),
      ...(!Number.isNaN(at) && { publishedAt: at }),
    },
  };
}

/** Whether a stored file is known to have the digest that its index states. */
function hasStated({ sha256, verified }: HeldArtifact, digest: Digest | undefined): boolean {
  return digest === undefined || digest === verified || digest === `sha256:${sha256}`;
}

/** Of what is wanted, what filters leave; `undefined` where a registry listed what it does not have. */
async function chosen(
  cache: Cache,
  mount: Mount,
  task: ReleaseTask,
  { refresh, releases }: Wishes,
): Promise<Awaited<ReturnType<typeof wanted>> | undefined> {
  const { listing, version } = task;
  const isDue = refresh || (listing?.isNews === true && (listing.since ?? true));
  const found = await wanted(cache, mount, task, isDue).catch(async (error: unknown) => {
    if (!listing || !(error instanceof NotFound)) throw error;
    await requireGone(cache, mount, task, error);
  });
  if (!found) return undefined;
  if (listing?.revision !== undefined)
    await requireCurrent(cache, mount, task, listing.revision, [...found.releases.values()].flat());
  if (!releases || version !== undefined) return found;
  return { ...found, releases: selectReleases(found.releases, releases, mount.ecosystem.versions) };
}

/** By version, what the index states of the releases that are meant, each perhaps in several parts. */
async function wanted(
  cache: Cache,
  mount: Mount,
  task: ReleaseTask,
  refresh: Refresh,
): Promise<{ releases: Map<string, ReleaseFacts[]>; staged: Staged[]; odd: OddEntry[] }> {
  const { ecosystem } = mount;
  const { name, version, qualifiers } = task;
  // Of what is in a graph only, clients ask for no list of versions.
  if (task.inGraph === "loaded" && version !== undefined)
    return { releases: new Map([[version, [{ name, version }]]]), staged: [], odd: [] };
  const { releases: stated, staged, odd } = await indexed(cache, mount, { name, qualifiers }, refresh);
  const chosen = version === undefined ? stated : stated.filter((each) => isVersion(mount, each.version, version));
  if (chosen.length === 0) {
    // Some indexes list only part of what exists (Go's pseudo-versions); then the files themselves tell.
    if (version === undefined || !ecosystem.files)
      throw new Unlisted(`${formatPurl(ecosystem, task)} does not exist in ${mount.name}'s index`);
    chosen.push({ name, version });
  }
  return { releases: Map.groupBy(chosen, (release) => release.version), staged, odd };
}

function filesOf(
  mount: Mount,
  release: Release,
  parts: readonly ReleaseFacts[],
  { qualifiers = {} }: ReleaseTask,
): FileFacts[] {
  const asked = Object.entries(qualifiers);
  return allFilesOf(mount, release, parts, qualifiers).filter(({ qualifiers: own = {} }) =>
    asked.every(([key, value]) => own[key] === undefined || own[key] === value),
  );
}

/** Whether the index stated digests that could be compared with these, so that the choice of files settled it. */
function isCompared(releases: ReadonlyMap<string, readonly ReleaseFacts[]>, digests: readonly Digest[]): boolean {
  const algorithms = new Set(digests.map((digest) => digest.slice(0, digest.indexOf(":"))));
  return [...releases.values()].some((parts) =>
    parts.some(({ files = [] }) =>
      files.some(({ digest = "" }) => algorithms.has(digest.slice(0, digest.indexOf(":")))),
    ),
  );
}

function isVersion({ ecosystem }: Mount, a: string, b: string): boolean {
  return a === b || (ecosystem.versions.compare(a, b) === 0 && ecosystem.versions.compare(b, a) === 0);
}

/** What of a package is held at a path: artifacts are found with one look for all; of a document, that it is. */
function heldBy(cache: Cache, mount: Mount, name: string): (path: Path) => HeldArtifact | boolean {
  const { artifacts, storage } = cache.context;
  const held = new Map(artifacts.ofPackage(mount.name, name).map((row) => [row.path as Path, row]));
  return (path) => {
    const row = held.get(path) ?? artifacts.find(mount.name, path);
    if (!row) return cache.documents.held(mount, path) !== undefined;
    return storage.has(row.sha256, row.size) && row;
  };
}
