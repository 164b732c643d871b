/** Versions of rocks as `luarocks.core.vers` reads them: `2.1.0-1`, `scm-1`, `1.0rc2-3`. */

const WORDS: Readonly<Record<string, number>> = {
  dev: 120_000_000,
  scm: 110_000_000,
  cvs: 100_000_000,
  rc: -1_000,
  pre: -10_000,
  beta: -100_000,
  alpha: -1_000_000,
};

interface Version {
  parts: readonly number[];
  /** Absent where it is not said, as in ranges. */
  revision?: number;
}

function read(text: string): Version {
  const revision = /-(\d+)$/.exec(text)?.[1];
  const tokens = (revision === undefined ? text : text.slice(0, text.lastIndexOf("-"))).match(/\d+|[a-z]+/gi) ?? [];
  const parts: number[] = [];
  for (const token of tokens) {
    const word = token.toLowerCase();
    if (/^\d/.test(word)) parts.push(Number(word));
    else parts.push(WORDS[word] ?? word.charCodeAt(0) / 1_000);
  }
  return { parts, ...(revision !== undefined && { revision: Number(revision) }) };
}

function compareRead(a: Version, b: Version): number {
  for (let i = 0; i < Math.max(a.parts.length, b.parts.length); i++) {
    const [x, y] = [a.parts[i] ?? 0, b.parts[i] ?? 0];
    if (x !== y) return x < y ? -1 : 1;
  }
  if (a.revision === undefined || b.revision === undefined) return 0;
  return Math.sign(a.revision - b.revision);
}

/** Total: what says nothing of its revision is the oldest of those that do. */
export function compareRocks(a: string, b: string): number {
  const [x, y] = [read(a), read(b)];
  return compareRead({ revision: -1, ...x }, { revision: -1, ...y });
}

export function isStableRock(version: string): boolean {
  return !/(?:dev|scm|cvs|rc|pre|beta|alpha)/i.test(version);
}

/** `>= 1.0, < 2`, `~> 1.2`; a version alone is that one; nothing is any. */
export function satisfiesRocks(version: string, range: string): boolean {
  const own = read(version);
  return range
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean)
    .every((each) => {
      const [, operator = "", wanted = ""] = /^(==|~=|>=|<=|>|<|~>|=)?\s*(.*)$/.exec(each) ?? [];
      const other = read(wanted);
      const order = compareRead(own, other);
      if (operator === ">=") return order >= 0;
      if (operator === "<=") return order <= 0;
      if (operator === ">") return order > 0;
      if (operator === "<") return order < 0;
      if (operator === "~=") return order !== 0;
      if (operator === "~>") return other.parts.every((part, i) => (own.parts[i] ?? 0) === part);
      return order === 0;
    });
}
