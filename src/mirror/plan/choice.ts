/** Which files of a release are wanted, and which of its requirements. */
import { hash } from "../../contract/digest.ts";
import type { Digest, Ecosystem, FileFacts, Platform, Requirement } from "../../contract/ecosystem.ts";
import type { Choice, Closure, ReleaseTask } from "../../contract/jobs.ts";
import { DigestMismatch } from "../../lib/errors.ts";

export const EVERYTHING: Choice = { platforms: [], sources: true, maxSize: 0 };

/** Tells choices apart: empty for all files, so that who has everything is known to have any part of it. */
export function keyOfChoice({ platforms, sources, maxSize }: Choice, digests: readonly Digest[] = []): string {
  if (platforms.length === 0 && sources && maxSize === 0 && digests.length === 0) return "";
  return hash("sha256", JSON.stringify([platforms, sources, maxSize, digests.toSorted()])).slice(0, 16);
}

/** Whether what is limited to an environment is of use on any of the platforms. */
export function isOfUse({ runsOn }: Ecosystem, marker: string | undefined, platforms: readonly Platform[]): boolean {
  if (marker === undefined || platforms.length === 0 || !runsOn) return true;
  return platforms.some((platform) => runsOn(marker, platform));
}

/** Those of use on a chosen platform, and not too large. */
export function fitting(
  ecosystem: Ecosystem,
  files: readonly FileFacts[],
  { platforms, maxSize }: Choice,
): FileFacts[] {
  return files.filter(
    ({ marker, size }) => isOfUse(ecosystem, marker, platforms) && (maxSize === 0 || (size ?? 0) <= maxSize),
  );
}

/** Of files that a document names beside what is built, those that are wanted, and what describes them. */
export function withoutSources(files: readonly FileFacts[], { sources }: Choice): FileFacts[] {
  if (sources) return [...files];
  const left = new Set(files.flatMap(({ path, isSource }) => (isSource ? [path] : [])));
  return files.filter(({ path, beside }) => !left.has(path) && (beside === undefined || !left.has(beside)));
}

/**
 * The wanted ones of a release's files. Those that describe others follow them. Source archives stay where there is nothing
 * else. Throws DigestMismatch where digests are given, and the index states others of all files.
 */
export function choose(
  ecosystem: Ecosystem,
  files: readonly FileFacts[],
  choice: Choice,
  { purl, digests = [] }: Pick<ReleaseTask, "purl" | "digests">,
): FileFacts[] {
  const usable = fitting(ecosystem, files, choice).filter(({ beside }) => beside === undefined);
  const built = usable.filter(({ isSource }) => !isSource);
  const main = withDigests(choice.sources || built.length === 0 ? usable : built, digests, purl);
  const paths = new Set(main.map(({ path }) => path));
  return [...main, ...files.filter(({ beside }) => beside !== undefined && paths.has(beside))];
}

/** Of what can be compared, that which is equal; where nothing can be, all of it, to be compared once it is here. */
function withDigests(files: readonly FileFacts[], digests: readonly Digest[], purl: string): readonly FileFacts[] {
  const comparable = files.filter(
    ({ digest }) => digest && digests.some((other) => algorithmOf(other) === algorithmOf(digest)),
  );
  if (comparable.length === 0) return files;
  const equal = comparable.filter(({ digest }) => digests.includes(digest!));
  if (equal.length > 0) return equal;
  const stated = comparable.map(({ digest }) => digest!);
  throw new DigestMismatch(`${purl}, as its source and its index state it`, listed(digests), listed(stated));
}

/** Whether a requirement of a release is to be held too. */
export function isWanted(
  ecosystem: Ecosystem,
  { optional = false, when, marker }: Requirement,
  { isRoot = false, asks = isRoot ? ["default"] : [] }: Pick<ReleaseTask, "isRoot" | "asks">,
  choice: Choice,
  closure: Closure,
): boolean {
  const all = closure === "all" && isRoot;
  if (optional && !all) return false;
  if (when && !all && !when.some((feature) => asks.includes(feature))) return false;
  return isOfUse(ecosystem, marker, environments(ecosystem, choice));
}

/** What versions and requirements are chosen for: the platforms, or else the versions of the language that are in use. */
export function environments({ runtimes = [] }: Ecosystem, { platforms }: Choice): readonly Platform[] {
  return platforms.length > 0 ? platforms : runtimes;
}

export function algorithmOf(digest: Digest): string {
  return digest.slice(0, digest.indexOf(":"));
}

function listed(digests: readonly Digest[]): string {
  return digests.length > 3 ? `${digests.slice(0, 3).join(", ")} … (${digests.length})` : digests.join(", ");
}
