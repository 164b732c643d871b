import type { VersionScheme } from "../../src/contract/ecosystem.ts";

/** A number; a qualifier, as text that sorts as it ranks; or what follows a hyphen or a change between the two. */
type Item = bigint | string | Item[];

const QUALIFIERS = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const ALIASES: Readonly<Record<string, string>> = { ga: "", final: "", release: "", cr: "rc" };
const BEFORE_A_DIGIT: Readonly<Record<string, string>> = { a: "alpha", b: "beta", m: "milestone" };
const RELEASE = String(QUALIFIERS.indexOf(""));

/**
 * The order of https://maven.apache.org/pom.html#version-order-specification, as Maven's own ComparableVersion has it, and
 * its ranges: `[1,2)`, `(,1],[3,)`, `[1]`; also as Gradle writes them: `]1,2[`, `1.+`, `latest.release`. A bare version
 * wishes for itself.
 */
export const mavenVersions: VersionScheme = {
  compare: (a, b) => compare(parse(a), parse(b)),
  isStable: (version) => !isUnfinished(parse(version)),
  satisfies: (version, range) => {
    const order = (bound: string) => mavenVersions.compare(version, bound.trim());
    const sets = Array.from(range.matchAll(/([[(\]])([^,\][()]*)(?:(,)([^,\][()]*))?([\])[])/g));
    if (sets.length === 0) return isMoving(range.trim()) ? follows(version, range.trim()) : order(range) === 0;
    return sets.some(([, open, low = "", comma, high = "", close]) => {
      if (!comma) return order(low) === 0;
      const above = low.trim() === "" || order(low) > (open === "[" ? -1 : 0);
      return above && (high.trim() === "" || order(high) < (close === "]" ? 1 : 0));
    });
  },
};

/** What names whatever is newest: Gradle's dynamic versions, and two words of Maven's. */
function isMoving(range: string): boolean {
  return range.endsWith("+") || range.startsWith("latest.") || range === "LATEST" || range === "RELEASE";
}

function follows(version: string, range: string): boolean {
  if (isMoving(version)) return false;
  if (range.endsWith("+")) return version.startsWith(range.slice(0, -1));
  return range === "LATEST" || range === "latest.integration" || !version.endsWith("-SNAPSHOT");
}

/** `1.0-rc1` → [1, ["3", [1]]]. */
function parse(version: string): Item[] {
  const root: Item[] = [];
  let list = root;
  const nest = () => {
    const inner: Item[] = [];
    list.push(inner);
    list = inner;
  };
  const tokens =
    version
      .slice(0, 500)
      .toLowerCase()
      .match(/[.-]|\d+|[^\d.-]+/g) ?? [];
  for (const [at, token] of tokens.entries()) {
    const [before = ".", after = ""] = [tokens[at - 1], tokens[at + 1]];
    if (isSeparator(token)) {
      if (isSeparator(before)) list.push(0n);
      if (token === "-") nest();
      continue;
    }
    if (!isSeparator(before)) nest();
    // `.rc1` counts as `-rc1` (Maven's MNG-7644), but for a qualifier that more parts follow.
    else if (!isNumber(token) && list.length > 0 && !isSeparator(after)) nest();
    list.push(isNumber(token) ? BigInt(token) : rank(token, isNumber(after)));
  }
  trim(root);
  return root;
}

function isSeparator(token: string): boolean {
  return token === "." || token === "-";
}

function isNumber(token: string): boolean {
  return /^\d/.test(token);
}

function rank(token: string, beforeDigit: boolean): string {
  const qualifier = (beforeDigit ? BEFORE_A_DIGIT[token] : undefined) ?? ALIASES[token] ?? token;
  const known = QUALIFIERS.indexOf(qualifier);
  return known < 0 ? `${QUALIFIERS.length}-${qualifier}` : String(known);
}

/** Drops what means nothing at an end: `1.0.0` is `1`, `1.0-rc` is `1-rc`. */
function trim(items: Item[]): void {
  for (const item of items) if (Array.isArray(item)) trim(item);
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at]!;
    if (Array.isArray(item) ? item.length === 0 : item === nothing(item)) items.splice(at, 1);
    else if (!Array.isArray(item)) return;
  }
}

/** What stands against an item where the other version has none. */
function nothing(item: Item): Item {
  return typeof item === "bigint" ? 0n : typeof item === "string" ? RELEASE : [];
}

function compare(a: Item, b: Item): number {
  if (!Array.isArray(a) || !Array.isArray(b)) return kind(a) - kind(b) || (a < b ? -1 : Number(a > b));
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compare(a[at] ?? nothing(b[at]!), b[at] ?? nothing(a[at]!));
    if (order !== 0) return order;
  }
  return 0;
}

function kind(item: Item): number {
  return typeof item === "bigint" ? 2 : typeof item === "string" ? 0 : 1;
}

function isUnfinished(item: Item): boolean {
  return Array.isArray(item) ? item.some(isUnfinished) : typeof item === "string" && item < RELEASE;
}
