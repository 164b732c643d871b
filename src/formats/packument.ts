/** The npm registry's package document, as far as it is read here; what is not named is kept as it is. */
import { compareSemver, isStableSemver } from "./semver.ts";

type Ranges = Record<string, string>;
export interface Packument {
  name: string;
  versions?: Record<string, Manifest>;
  time?: Record<string, unknown>;
  modified?: string;
  "dist-tags"?: Record<string, string>;
}

export interface Manifest extends Record<string, unknown> {
  deprecated?: string | boolean;
  dependencies?: Ranges;
  optionalDependencies?: Ranges;
  peerDependencies?: Ranges;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  scripts?: Record<string, string>;
  dist: { tarball: string; shasum?: string; integrity?: string; attestations?: { url: string } };
}

/** What an abbreviated version holds, by the registry's document "package metadata"; clients resolve with these alone. */
const INSTALL_FIELDS = `name version deprecated dependencies optionalDependencies devDependencies bundleDependencies
  bundledDependencies peerDependencies peerDependenciesMeta acceptDependencies bin directories dist engines os cpu libc
  funding _hasShrinkwrap hasInstallScript`.split(/\s+/);

/** A tag that points at a hidden version moves (`latest`, without which npm refuses the package) or vanishes. */
export function mendTags(tags: Record<string, string>, versions: string[]) {
  const shown = new Set(versions);
  for (const [tag, version] of Object.entries(tags)) if (!shown.has(version)) delete tags[tag];
  if (tags.latest || versions.length === 0) return;
  const stable = versions.filter(isStableSemver);
  tags.latest = (stable.length > 0 ? stable : versions).toSorted(compareSemver).at(-1)!;
}

/** A version as clients need it to resolve and install. */
export function abbreviate(manifest: Manifest) {
  const short: Record<string, unknown> = {};
  for (const field of INSTALL_FIELDS) if (field in manifest) short[field] = manifest[field];
  const { preinstall, install, postinstall } = manifest.scripts ?? {};
  return { ...short, ...((preinstall || install || postinstall) && { hasInstallScript: true }) };
}
