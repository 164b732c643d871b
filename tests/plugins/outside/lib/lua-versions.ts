/** LuaRocks's versions: numbers and words, then the rockspec's revision; as its client orders them. */

const WORDS: Readonly<Record<string, number>> = {
  dev: 12e7,
  scm: 11e7,
  cvs: 1e8,
  rc: -1e3,
  pre: -1e4,
  beta: -1e5,
  alpha: -1e6,
};

interface Version {
  parts: number[];
  revision?: number;
}

export function compareVersions(a: string, b: string): number {
  const [one, other] = [read(a), read(b)];
  return order(one, other) || (one.revision ?? -1) - (other.revision ?? -1) || (a < b ? -1 : a > b ? 1 : 0);
}

export function isStable(version: string): boolean {
  return !/(?:^|[^a-z])(?:dev|scm|cvs|rc|pre|beta|alpha)(?![a-z])/.test(version);
}

/** `>= 1.0, < 2.0-3`; `~> 1.2` is any 1.2; without an operator it is that version. What is no range allows nothing. */
export function inRange(version: string, range: string): boolean {
  const constraints = [...range.matchAll(/@?([<>=~!]*)\s*([\w.-]+)[\s,]*/gy)];
  const isWhole = constraints.reduce((length, [text]) => length + text.length, 0) === range.length;
  return (
    isWhole && constraints.every(([, operator = "", wanted = ""]) => allows(read(version), operator, read(wanted)))
  );
}

function allows(version: Version, operator: string, wanted: Version): boolean {
  const sign = order(version, wanted);
  const isEqual = sign === 0 && version.parts.length === wanted.parts.length;
  switch (operator) {
    case "":
    case "=":
    case "==":
      return isEqual;
    case "~=":
    case "!=":
      return !isEqual;
    case "<":
      return sign < 0;
    case "<=":
      return sign <= 0;
    case ">":
      return sign > 0;
    case ">=":
      return sign >= 0;
    case "~>":
      return (
        wanted.parts.every((part, index) => part === (version.parts[index] ?? 0)) &&
        (wanted.revision === undefined || wanted.revision === version.revision)
      );
    default:
      return false;
  }
}

/** Revisions count only where both have one. */
function order(a: Version, b: Version): number {
  for (let index = 0; index < Math.max(a.parts.length, b.parts.length); index++) {
    const sign = Math.sign((a.parts[index] ?? 0) - (b.parts[index] ?? 0));
    if (sign !== 0) return sign;
  }
  return a.revision !== undefined && b.revision !== undefined ? Math.sign(a.revision - b.revision) : 0;
}

/** A word counts with the number behind it: `1.0rc2` is 1, rc + 2/100000. */
function read(text: string): Version {
  const [, main = "", revision] = /^\s*(.*?)(?:-(\d+))?\s*$/s.exec(text) ?? [];
  const parts: number[] = [];
  let at = 0;
  for (const [token] of main.matchAll(/\d+|[A-Za-z]+/g)) {
    if (!/^\d/.test(token)) parts[at] = WORDS[token] ?? token.charCodeAt(0) / 1000;
    else {
      parts[at] = parts[at] === undefined ? Number(token) : parts[at]! + Number(token) / 100_000;
      at++;
    }
  }
  return { parts, ...(revision === undefined ? {} : { revision: Number(revision) }) };
}
