/** NuGet's versions and ranges: https://learn.microsoft.com/nuget/concepts/package-versioning */
import type { VersionScheme } from "../../src/contract/ecosystem.ts";

/** Major, minor, patch, revision; pre-release identifiers, none where it is stable. */
interface Version {
  numbers: readonly bigint[];
  labels: readonly string[];
}

const VERSION = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.(\d+))?(?:-([\w.-]+))?(?:\+.*)?$/;
const INTERVAL = /^([[(])([^,[\]()]*)(?:(,)([^,[\]()]*))?([\])])$/;

export const nugetVersions: VersionScheme = {
  compare: (a, b) => {
    const [x, y] = [parse(a), parse(b)];
    return x && y ? compare(x, y) : x ? 1 : y ? -1 : a < b ? -1 : Number(a > b);
  },
  isStable: (version) => parse(version)?.labels.length === 0,
  satisfies: (version, range) => {
    const found = parse(version);
    return found !== undefined && inRange(found, range.trim());
  },
  // The lowest that will do, unless a range asks to float.
  prefers: (range) => (range.includes("*") ? "highest" : "lowest"),
  canonical,
};

/** `1.0`, `1.00.0.0` and `1.0.0+build` are `1.0.0`; `1.0.0-Beta` is `1.0.0-beta`: as paths have it. What is no version stays. */
export function canonical(version: string): string {
  const found = parse(version);
  if (!found) return version.toLowerCase();
  const { numbers, labels } = found;
  const shown = numbers[3] === 0n ? numbers.slice(0, 3) : numbers;
  return `${shown.join(".")}${labels.length > 0 ? `-${labels.join(".")}` : ""}`;
}

function parse(text: string): Version | undefined {
  const match = VERSION.exec(text.trim());
  if (!match) return undefined;
  const numbers = match.slice(1, 5).map((part) => BigInt(part ?? 0));
  return { numbers, labels: match[5]?.toLowerCase().split(".") ?? [] };
}

function compare(a: Version, b: Version): number {
  for (const [at, number] of a.numbers.entries()) if (number !== b.numbers[at]) return number < b.numbers[at]! ? -1 : 1;
  if (a.labels.length === 0 || b.labels.length === 0) return b.labels.length - a.labels.length;
  for (let at = 0; at < Math.max(a.labels.length, b.labels.length); at++) {
    const order = compareLabels(a.labels[at], b.labels[at]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers by value and before words; what is not there before what is. */
function compareLabels(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [x, y] = [isNumber(a), isNumber(b)];
  if (x !== y) return x ? -1 : 1;
  const [p, q] = x ? [BigInt(a), BigInt(b)] : [a, b];
  return p < q ? -1 : Number(p > q);
}

function isNumber(label: string): boolean {
  return /^\d+$/.test(label);
}

/** `1.0` (or later), `[1.0]`, `[1.0,2.0)`, `(,1.0]`; `1.*`, `1.0.0-beta.*`, `*-*`, also as a lower bound. */
function inRange(version: Version, range: string): boolean {
  const interval = INTERVAL.exec(range);
  if (!interval) return isAbove(version, range, true);
  const [, open, low = "", comma, high = "", close] = interval;
  if (!comma) return open === "[" && close === "]" && order(version, low) === 0;
  const below = high.trim() === "" || isBefore(order(version, high), close === "]");
  return below && (low.trim() === "" || isAbove(version, low.trim(), open === "["));
}

function isAbove(version: Version, bound: string, inclusive: boolean): boolean {
  if (bound.includes("*")) return floats(version, bound);
  const found = order(version, bound);
  return found !== undefined && found > (inclusive ? -1 : 0);
}

function isBefore(found: number | undefined, inclusive: boolean): boolean {
  return found !== undefined && found < (inclusive ? 1 : 0);
}

function order(version: Version, bound: string): number | undefined {
  const found = parse(bound);
  return found && compare(version, found);
}

/** The numbers before the star are the version's own; a star behind a hyphen takes its pre-releases in. */
function floats({ numbers, labels }: Version, bound: string): boolean {
  const [, front = "", label] = /^([\d.*]*)(?:-(.*))?$/.exec(bound) ?? [];
  const fixed = front.split(".").filter((part) => part !== "*" && part !== "");
  if (!(label ?? front).endsWith("*") || fixed.some((part, at) => !isNumber(part) || BigInt(part) !== numbers[at]))
    return false;
  if (label === undefined) return labels.length === 0;
  if (!front.includes("*") && numbers.slice(fixed.length).some((number) => number !== 0n)) return false;
  return labels.length === 0 || labels.join(".").startsWith(label.slice(0, -1).toLowerCase());
}
