/** Version ranges as PURLs have them (VERS, ECMA-427's companion): `vers:npm/>=1.0|<2|!=1.5.0`. */
import type { VersionScheme } from "../../contract/ecosystem.ts";
import { BadRequest } from "../../lib/errors.ts";

type Comparator = "=" | "!=" | "<" | "<=" | ">" | ">=";

export interface Constraint {
  comparator: Comparator;
  version: string;
}

/** Throws BadRequest where it is none. `vers:npm/*` has no constraints. */
export function parseVers(text: string): Constraint[] {
  const { list } = /^vers:[a-z][\w.+-]*\/(?<list>\S+)$/.exec(text.replace(/\s+/g, ""))?.groups ?? {};
  if (!list)
    throw new BadRequest(`"${text}" is no version range; expected vers:TYPE/CONSTRAINTS, as vers:npm/>=1.0|<2`);
  if (list === "*") return [];
  return list.split("|").map((part) => {
    const { comparator, version = "" } = /^(?<comparator>!=|[<>]=?|=)?(?<version>[^<>=!].*)$/.exec(part)?.groups ?? {};
    if (!version || version === "*") throw new BadRequest(`"${text}" has a constraint without a version: "${part}"`);
    return { comparator: (comparator ?? "=") as Comparator, version: decodeURIComponent(version) };
  });
}

/** Bounds pair up in the order of their versions: `>=1|<2|>=3` is 1 up to 2, and from 3 on. */
export function isWithin(version: string, constraints: readonly Constraint[], { compare }: VersionScheme): boolean {
  if (constraints.length === 0) return true;
  const equal = constraints.find((each) => compare(each.version, version) === 0);
  if (equal) return equal.comparator === "=" || equal.comparator === "<=" || equal.comparator === ">=";
  const bounds = constraints
    .filter(({ comparator }) => comparator !== "=" && comparator !== "!=")
    .toSorted((a, b) => compare(a.version, b.version));
  if (bounds.length === 0) return constraints.every(({ comparator }) => comparator === "!=");
  const below = bounds.findLast((bound) => compare(bound.version, version) < 0);
  const above = bounds.find((bound) => compare(bound.version, version) > 0);
  const isAfter = below === undefined || below.comparator.startsWith(">");
  const isBefore = above === undefined || above.comparator.startsWith("<");
  // Between `<` and `>` there is a gap; before a first `>` and behind a last `<` there is nothing.
  return isAfter && isBefore;
}
