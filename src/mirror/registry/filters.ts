/** Which packages of a registry, and which of their releases. Data, so that a job, a configuration and a request have the same. */
import { hash } from "../../contract/digest.ts";
import type { ReleaseFacts, VersionScheme } from "../../contract/ecosystem.ts";
import type { Choice, RegistrySpec, ReleaseFilter } from "../../contract/jobs.ts";
import { isWithin, parseVers } from "../request/vers.ts";

/** Tells choices of packages and releases apart: another one has everything looked at again. */
export function keyOfFilters(
  { include, exclude, limit }: RegistrySpec,
  releases: ReleaseFilter,
  choice: Choice,
): string {
  return hash("sha256", JSON.stringify([include, exclude, limit ?? 0, releases, choice])).slice(0, 16);
}

/** Whether a package is chosen, by its PURL: included by any glob (or there is none), and excluded by none. */
export function packageFilter({
  include,
  exclude,
}: Pick<RegistrySpec, "include" | "exclude">): (purl: string) => boolean {
  const [wanted, unwanted] = [include.map(globOf), exclude.map(globOf)];
  if (wanted.length === 0 && unwanted.length === 0) return () => true;
  return (purl) => {
    const text = decodeURIComponent(purl);
    return (wanted.length === 0 || wanted.some((glob) => glob.test(text))) && !unwanted.some((glob) => glob.test(text));
  };
}

/** `pkg:npm/@acme/*`; without `pkg:`, of the name alone. `*` stands for anything, slashes included. */
function globOf(glob: string): RegExp {
  const text = glob.replaceAll("%40", "@");
  const source = text.split("*").map(RegExp.escape).join(".*");
  return new RegExp(text.startsWith("pkg:") ? `^${source}$` : `^pkg:[^/]+/${source}$`);
}

/** Those releases of a package that are wanted. What is stated in several parts stays together. */
export function selectReleases(
  releases: ReadonlyMap<string, ReleaseFacts[]>,
  { versions, since, prereleases }: ReleaseFilter,
  scheme: VersionScheme,
): Map<string, ReleaseFacts[]> {
  const constraints = versions.range === undefined ? [] : parseVers(versions.range);
  const fitting = Array.from(releases).filter(
    ([version, parts]) =>
      isWithin(version, constraints, scheme) &&
      (prereleases !== false || scheme.isStable(version)) &&
      (since === undefined || parts.some(({ publishedAt }) => publishedAt && publishedAt.getTime() >= since)),
  );
  if (versions.latest === undefined) return new Map(fitting);
  const stable = prereleases ? fitting : fitting.filter(([version]) => scheme.isStable(version));
  const isTagged = ([, parts]: (typeof fitting)[0]) => Number(parts.some(({ tags }) => tags?.includes("latest")));
  const sorted = (stable.length > 0 ? stable : fitting).toSorted(
    (a, b) => isTagged(b) - isTagged(a) || scheme.compare(b[0], a[0]),
  );
  return new Map(sorted.slice(0, versions.latest));
}
