/** Gem::Version and Gem::Requirement (https://docs.ruby-lang.org/en/3.4/Gem/Version.html). */

/** Digits without leading zeros, or letters. */
type Segment = { number: string } | { letters: string };
const ZERO: Segment = { number: "" };

/** `1.0.b2` → 1, 0, b, 2. A dash begins a pre-release. */
function segmentsOf(version: string): Segment[] {
  const found = version.replaceAll("-", ".pre.").match(/\d+|[a-z]+/gi) ?? [];
  return found.map((part) => (/^\d/.test(part) ? { number: part.replace(/^0+/, "") } : { letters: part }));
}

/** Zeros at the end say nothing, nor do those before the first letter: 1.0.a is 1.a. */
function canonical(version: string): Segment[] {
  const segments = segmentsOf(version);
  const letter = segments.findIndex((segment) => "letters" in segment);
  const cut = letter < 0 ? segments.length : letter;
  return [...trimmed(segments.slice(0, cut)), ...trimmed(segments.slice(cut))];
}

function trimmed(segments: readonly Segment[]): Segment[] {
  return segments.slice(0, segments.findLastIndex((segment) => "letters" in segment || segment.number !== "") + 1);
}

function compareSegments(a: Segment, b: Segment): number {
  if ("letters" in a) return "letters" in b ? compareText(a.letters, b.letters) : -1;
  if ("letters" in b) return 1;
  return a.number.length - b.number.length || compareText(a.number, b.number);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Negative when a is older. 1.0.a < 1.0 = 1 < 1.0.1. */
export function compareRuby(a: string, b: string): number {
  const [left, right] = [canonical(a), canonical(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = compareSegments(left[index] ?? ZERO, right[index] ?? ZERO);
    if (order !== 0) return order;
  }
  return 0;
}

export function isStableRuby(version: string): boolean {
  return !/[a-z-]/i.test(version);
}

/** Without what makes it a pre-release: 1.2.b3 → 1.2. */
function release(version: string): string {
  return version.replace(/[.-]?[a-z].*$/is, "").replace(/-.*$/s, "");
}

/** The first version that `~>` keeps out: 1.2.3 → 1.3; 1 → 2. */
function bumped(version: string): string {
  const segments = release(version).split(".");
  if (segments.length > 1) segments.pop();
  return [...segments.slice(0, -1), BigInt(segments.at(-1) || 0) + 1n].join(".");
}

const OPERATORS: Readonly<Record<string, (version: string, wanted: string) => boolean>> = {
  "=": (version, wanted) => compareRuby(version, wanted) === 0,
  "!=": (version, wanted) => compareRuby(version, wanted) !== 0,
  ">": (version, wanted) => compareRuby(version, wanted) > 0,
  ">=": (version, wanted) => compareRuby(version, wanted) >= 0,
  "<": (version, wanted) => compareRuby(version, wanted) < 0,
  "<=": (version, wanted) => compareRuby(version, wanted) <= 0,
  "~>": (version, wanted) => compareRuby(version, wanted) >= 0 && compareRuby(release(version), bumped(wanted)) < 0,
};

const WISH = /^(=|!=|>=?|<=?|~>)?\s*(\d[\w.-]*)$/;

/**
 * Whether a version fits all of `>= 1.0&< 3` or `~> 1.2, != 1.2.4`. Pre-releases fit like others, and it is the engine that
 * prefers stable ones, as clients do. False where the range is none.
 */
export function satisfiesRuby(version: string, range: string): boolean {
  return range.split(/[&,]/).every((wish) => {
    const [, operator = "=", wanted = ""] = WISH.exec(wish.trim()) ?? [];
    return wanted !== "" && OPERATORS[operator]!(version, wanted);
  });
}
