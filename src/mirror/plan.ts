import type { Cache } from "../cache/cache.ts";
import { matchIn, targetOf } from "../cache/locate.ts";
import type { FileFacts, Path, Release, ReleaseFacts, Requirement } from "../ecosystem.ts";
import { NotFound } from "../errors.ts";
import type { Mount } from "../mounts.ts";
import { formatPurl } from "../purl.ts";
import { pin, walk } from "./walk.ts";

/** What is to be held: a release, or all of a package. */
export interface Wanted {
  name: string;
  version?: string;
  qualifiers?: Readonly<Record<string, string>>;
}

export interface PlannedFile {
  path: Path;
  size?: number;
  optional: boolean;
  held: boolean;
}

export interface Plan {
  files: PlannedFile[];
  /** Releases that policy keeps back, as PURLs; none of their files is planned. */
  withheld: string[];
  requires: Requirement[];
}

/** The files of a release or of a whole package, from its index. Throws NotFound where the registry has no such thing. */
export async function plan(cache: Cache, mount: Mount, wanted: Wanted): Promise<Plan> {
  const { ecosystem } = mount;
  const stated = await indexed(cache, mount, wanted);
  const chosen =
    wanted.version === undefined
      ? stated
      : stated.filter((release) => sameVersion(mount, release.version, wanted.version ?? ""));
  if (chosen.length === 0) {
    // Some indexes list only part of what exists (Go's pseudo-versions); then the files themselves tell.
    if (wanted.version === undefined || !ecosystem.files)
      throw new NotFound(`${formatPurl(ecosystem, wanted)} does not exist in ${mount.name}'s index`);
    chosen.push({ name: wanted.name, version: wanted.version });
  }
  const { admits } = await cache.admissions.ofDocument(mount, chosen);
  const shown = chosen.filter((release) => admits(release));
  const files = new Map<Path, PlannedFile>();
  for (const release of shown) {
    for (const file of filesOf(mount, release, wanted)) {
      if (!admits(release, file.path)) continue;
      const path = canonical(mount, file.path);
      const known = { held: isHeld(cache, mount, path), ...(file.size !== undefined && { size: file.size }) };
      files.set(path, { path, optional: file.optional ?? false, ...known });
    }
  }
  const withheld = chosen.filter((release) => !admits(release)).map((release) => formatPurl(ecosystem, release));
  return {
    files: [...files.values()],
    withheld: [...new Set(withheld)],
    requires: shown.flatMap((release) => release.requires ?? []),
  };
}

/** What the package's index documents state; a release may be stated in several parts. */
async function indexed(cache: Cache, mount: Mount, { name, qualifiers }: Wanted): Promise<ReleaseFacts[]> {
  const stated: ReleaseFacts[] = [];
  const seen = new Set<Path>();
  for (const path of mount.ecosystem.index({ name, ...(qualifiers && { qualifiers }) })) {
    const { releases, documents } = await walk(cache, mount, path, "tolerant", seen);
    await pin(cache, mount, documents);
    stated.push(...releases.filter((release) => release.name === name));
  }
  return stated;
}

function filesOf(
  { ecosystem, upstreams }: Mount,
  { name, version, files = [] }: ReleaseFacts,
  { qualifiers = {} }: Wanted,
): FileFacts[] {
  const release: Release = { name, version, qualifiers };
  const asked = Object.entries(qualifiers);
  return [...files, ...(ecosystem.files?.(release, [...upstreams.keys()]) ?? [])].filter(({ qualifiers: own = {} }) =>
    asked.every(([key, value]) => own[key] === undefined || own[key] === value),
  );
}

function sameVersion({ ecosystem }: Mount, a: string, b: string): boolean {
  return a === b || (ecosystem.versions.compare(a, b) === 0 && ecosystem.versions.compare(b, a) === 0);
}

function canonical(mount: Mount, path: Path): Path {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || (match.route.kind !== "artifact" && match.route.kind !== "metadata")) return path;
  return targetOf(mount, match.route, match.params, path).path;
}

function isHeld(cache: Cache, mount: Mount, path: Path): boolean {
  return cache.artifacts.held({ mount, path }) !== undefined || cache.documents.held(mount, path) !== undefined;
}
