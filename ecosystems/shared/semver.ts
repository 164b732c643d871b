import semver from "semver";

const LOOSE = { loose: true };

/** Semantic versions, with or without a leading `v`. What is none sorts before all that are, by its text. */
export function compareSemver(a: string, b: string): number {
  const [x, y] = [semver.parse(a, LOOSE), semver.parse(b, LOOSE)];
  if (x && y) return x.compare(y) || x.compareBuild(y);
  return x ? 1 : y ? -1 : a < b ? -1 : Number(a > b);
}

export function isSemver(version: string): boolean {
  return semver.parse(version, LOOSE) !== null;
}

export function isStableSemver(version: string): boolean {
  return semver.parse(version, LOOSE)?.prerelease.length === 0;
}

/**
 * Ranges as npm reads them: pre-releases only where a comparator names one of the same version, but for a range of anything,
 * which takes what `latest` points at, whatever it is. Never throws.
 */
export function inNpmRange(version: string, range: string): boolean {
  return ["", "*", "x", "X"].includes(range.trim()) ? isSemver(version) : semver.satisfies(version, range, LOOSE);
}
