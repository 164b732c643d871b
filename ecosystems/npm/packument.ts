/** The npm registry's package document, as far as it is read here; what is not named is kept as it is. */
import type { RegistrySignature, Release } from "../../src/contract/ecosystem.ts";
import { compareSemver, isStableSemver } from "../shared/semver.ts";

export interface Packument {
  name: string;
  versions?: Record<string, Manifest>;
  time?: Record<string, unknown>;
  modified?: string;
  "dist-tags"?: Record<string, string>;
}

export interface Manifest extends Record<string, unknown> {
  deprecated?: string | boolean;
  scripts?: Record<string, string>;
  /** A `binding.gyp`, which npm compiles unasked. */
  gypfile?: boolean;
  dist: {
    tarball: string;
    shasum?: string;
    integrity?: string;
    attestations?: { url: string };
    signatures?: { keyid: string; sig: string }[];
  };
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
  return { ...short, ...(hasInstallScript(manifest) && { hasInstallScript: true }) };
}

/** Whether its files are not all that installing it may take. */
export function runsScripts(manifest: Manifest): boolean {
  return manifest.hasInstallScript === true || manifest.gypfile === true || hasInstallScript(manifest);
}

function hasInstallScript({ scripts }: Manifest): boolean {
  const { preinstall, install, postinstall } = scripts ?? {};
  return Boolean(preinstall || install || postinstall);
}

/** By the registry's keys, as npm's clients check them: over the integrity, so that there is none without it. */
export function signaturesOf({ name, version }: Release, { integrity, signatures }: Manifest["dist"]) {
  if (!integrity || !Array.isArray(signatures) || signatures.length === 0) return {};
  const over = `${name}@${version}:${integrity}`;
  return { signatures: signatures.map(({ keyid, sig }): RegistrySignature => ({ keyid, signature: sig, over })) };
}

/** The tags of each version. */
export function tagsByVersion({ "dist-tags": tags }: Packument): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [tag, version] of Object.entries(tags ?? {})) found.set(version, [...(found.get(version) ?? []), tag]);
  return found;
}
