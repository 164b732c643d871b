import { LRUCache } from "lru-cache";
import type { Cache } from "../../cache/cache.ts";
import type { Package, Platform, ReleaseFacts } from "../../contract/ecosystem.ts";
import type { Choice } from "../../contract/jobs.ts";
import { formatPurl, keyOf } from "../../contract/purl.ts";
import { messageOf, NotFound } from "../../lib/errors.ts";
import { type Mount, requireName } from "../../mounts/mounts.ts";
import { choose, isOfUse, keyOfChoice } from "./choice.ts";
import { indexed } from "./walk.ts";

/** A range of a package's versions, of which clients will choose one. */
export interface Wish {
  name: string;
  /** What of the qualifiers that were asked for holds for it. */
  qualifiers?: Readonly<Record<string, string>>;
  range: string;
  /** The other ranges that are known to be wished of the package: clients may look for one version that fits many. */
  others: readonly string[];
  choice: Choice;
}

/** A version of a package that clients may choose. */
export interface Candidate {
  version: string;
  /** Where another package stands in for the one that is wished for, which it does as this version. */
  instead?: { name: string; version: string | undefined };
  /** Stable and listed: what clients take where they have the choice. */
  isPlain: boolean;
  tags: readonly string[];
  /** What its parts are limited to: versions that need a newer runtime leave older ones to those who have no such. */
  limits: readonly (string | undefined)[];
}

/** Milliseconds for which a package's versions are believed without a look into its documents. */
const BELIEVED = 30_000;

/** What will do for a wish. */
export interface Resolved {
  name: string;
  version: string;
}

/** The releases to hold for a wish. Keeps what it read of packages for a moment: many wishes are for the same. */
export class Resolver {
  readonly #known = new LRUCache<string, Promise<Candidate[]>>({ max: 200, ttl: BELIEVED });

  /** All versions that can be had. Throws BadRequest for what is no name of a package. */
  candidates(
    cache: Cache,
    mount: Mount,
    { name, qualifiers, choice }: Pick<Wish, "name" | "qualifiers" | "choice">,
  ): Promise<Candidate[]> {
    requireName(mount, { name });
    const key = `${mount.name} ${name} ${keyOfChoice(choice)} ${new URLSearchParams(qualifiers)}`;
    const known = this.#known.get(key);
    if (known) return known;
    const candidates = candidatesOf(cache, mount, { name, ...(qualifiers && { qualifiers }) }, choice);
    this.#known.set(key, candidates);
    candidates.catch(() => this.#known.delete(key));
    return candidates;
  }

  /** Throws NotFound where nothing fits, BadRequest for what is no name of a package. */
  async resolve(cache: Cache, mount: Mount, { name, qualifiers, range, others, choice }: Wish): Promise<Resolved[]> {
    requireName(mount, { name });
    const { versions, files } = mount.ecosystem;
    const { satisfies } = versions;
    const preference = (range && versions.prefers?.(range)) || "highest";
    // A version that the index may not list (Go's pseudo-versions), where there are files of it nevertheless.
    const named = files !== undefined && /^[^\s[(,]+$/.test(range) && satisfies(range, range);
    if (preference === "lowest" && named) return [{ name, version: range }];
    const all = await this.candidates(cache, mount, { name, ...(qualifiers && { qualifiers }), choice });
    const own = all.filter(
      ({ version, tags, instead }) => !instead && (range === "" || tags.includes(range) || satisfies(version, range)),
    );
    const fitting = own.length > 0 ? own : standIns(mount, all, range);
    if (fitting.length === 0) {
      if (named) return [{ name, version: range }];
      const reason = all.length === 0 ? "no version of it can be had" : "no version that can be had fits";
      throw new NotFound(`${formatPurl(mount.ecosystem, { name })}${range ? ` ${range}` : ""}: ${reason}`);
    }
    let common = fitting;
    for (const other of others) {
      const both = common.filter(({ version }) => satisfies(version, other));
      if (both.length > 0) common = both;
    }
    const picked = [fitting, common].flatMap((some) =>
      preference === "lowest" ? lowest(mount, some) : pick(mount, some, choice),
    );
    const releases = picked.map(({ version, instead }) => ({ name: instead?.name ?? name, version }));
    return [...new Map(releases.map((release) => [keyOf(release), release])).values()];
  }
}

/** The versions that a client of an environment may take, the preferred first. */
export function preferred({ ecosystem }: Mount, candidates: readonly Candidate[], environment: Platform): Candidate[] {
  const { versions } = ecosystem;
  const own = candidates.filter(
    ({ instead, limits }) => !instead && limits.some((marker) => isOfUse(ecosystem, marker, [environment])),
  );
  return own.toSorted((a, b) => versions.compare(b.version, a.version));
}

/** What stands in for a package that cannot be had itself: the first by name, in all its versions. */
function standIns({ ecosystem: { versions } }: Mount, all: readonly Candidate[], range: string): Candidate[] {
  const fitting = all.filter(
    ({ instead }) =>
      instead && (range === "" || (instead.version !== undefined && versions.satisfies(instead.version, range))),
  );
  const [first] = fitting.map(({ instead }) => instead!.name).sort();
  return fitting.filter(({ instead }) => instead!.name === first);
}

/** The lowest of all, and the lowest of those that clients rather take. */
function lowest({ ecosystem: { versions } }: Mount, candidates: readonly Candidate[]): Candidate[] {
  const sorted = candidates.toSorted((a, b) => versions.compare(a.version, b.version));
  return [sorted[0], sorted.find(({ isPlain }) => isPlain)].flatMap((each) => each ?? []);
}

/** The newest version, and what is left to those who cannot have it. */
function pick({ ecosystem }: Mount, candidates: readonly Candidate[], { platforms }: Choice): Candidate[] {
  const { versions, runtimes = [] } = ecosystem;
  const plain = candidates.filter(({ isPlain }) => isPlain);
  const sorted = (plain.length > 0 ? plain : candidates).toSorted((a, b) => versions.compare(b.version, a.version));
  const [best = sorted[0]] = sorted.filter(({ tags }) => tags.includes("latest"));
  if (!best) return [];
  if (platforms.length > 0) return [best];
  const takes = (runtime: Platform) => (each: Candidate) =>
    each.limits.some((marker) => isOfUse(ecosystem, marker, [runtime]));
  const picked = runtimes.flatMap((runtime) => [best, ...sorted].find(takes(runtime)) ?? []);
  return picked.length > 0 ? [...new Set(picked)] : [best];
}

/** What clients may choose from: admitted, not yanked, with a file that is of use. */
async function candidatesOf(cache: Cache, mount: Mount, pkg: Package, choice: Choice): Promise<Candidate[]> {
  const { ecosystem } = mount;
  const { releases: own, others } = await indexed(cache, mount, pkg);
  const stated = [...own, ...others];
  const { admits } = await cache.admissions.ofDocument(mount, stated);
  const releases = Map.groupBy(stated, keyOf);
  return Array.from(releases.values(), (all) => {
    const [{ name, version, provides = [] }] = all as [ReleaseFacts];
    const provided = provides.find((each) => each.name === pkg.name);
    const instead = name === pkg.name ? {} : { instead: { name, version: provided?.version } };
    const parts = all.filter(
      (part) => part.state !== "yanked" && admits(part) && isOfUse(ecosystem, part.marker, choice.platforms),
    );
    return { name, version, parts, instead };
  })
    .filter(({ parts, name, version }) => parts.length > 0 && hasFiles(mount, { name, version }, parts, choice))
    .map(({ version, parts, instead }) => ({
      version,
      ...instead,
      isPlain: ecosystem.versions.isStable(version) && !parts.some(({ state }) => state === "unlisted"),
      tags: parts.flatMap(({ tags = [] }) => tags),
      limits: parts.map(({ marker }) => marker),
    }));
}

function hasFiles(
  { ecosystem, traits }: Mount,
  release: { name: string; version: string },
  parts: readonly ReleaseFacts[],
  choice: Choice,
): boolean {
  if (parts.some((part) => part.hasNoFiles)) return true;
  const files = parts.flatMap((part) => part.files ?? []);
  if (files.length === 0) return (ecosystem.files?.(release, traits) ?? []).length > 0;
  try {
    return choose(ecosystem, files, choice, { purl: release.name }).length > 0;
  } catch (error) {
    throw new NotFound(messageOf(error));
  }
}
