/** Versions as dpkg orders them: `[epoch:]upstream[-revision]` (deb-version(7)). */

/** Negative when a is older than b. Total: whatever is no version is compared as text of one. */
export function compareDebian(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  return (
    compareNumbers(left.epoch, right.epoch) ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

/** Whether a version is in a range as control files have it: `>= 2.36`, `<< 3`, `= 1:1.0-1`; without a relation, that version. */
export function satisfiesDebian(version: string, range: string): boolean {
  const [, relation = "=", wanted = ""] = /^(<<|<=|>=|>>|=|<|>)?(.*)$/s.exec(range.trim()) ?? [];
  if (wanted.trim() === "") return relation === "=";
  const order = compareDebian(version, wanted.trim());
  switch (relation) {
    case "<<":
      return order < 0;
    // What `<` meant before there was `<<`.
    case "<":
    case "<=":
      return order <= 0;
    case ">":
    case ">=":
      return order >= 0;
    case ">>":
      return order > 0;
    default:
      return order === 0;
  }
}

function split(version: string): { epoch: string; upstream: string; revision: string } {
  const [, epoch = "0", rest = ""] = /^(?:(\d+):)?(.*)$/s.exec(version.trim()) ?? [];
  const dash = rest.lastIndexOf("-");
  return dash < 0
    ? { epoch, upstream: rest, revision: "" }
    : { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

/** Text and numbers in turn. */
function compareParts(a: string, b: string): number {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return order;
      i++;
      j++;
    }
    const [x, y] = [digitsAt(a, i), digitsAt(b, j)];
    const order = compareNumbers(x, y);
    if (order !== 0) return order;
    i += x.length;
    j += y.length;
  }
  return 0;
}

/** A tilde comes before the end, letters come before all else. */
function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0;
  const char = text.charCodeAt(at);
  if (text[at] === "~") return -1;
  return /[A-Za-z]/.test(text[at]!) ? char : char + 0x10000;
}

function isDigit(text: string, at: number): boolean {
  const char = text.charCodeAt(at);
  return char >= 48 && char <= 57;
}

function digitsAt(text: string, at: number): string {
  let end = at;
  while (end < text.length && isDigit(text, end)) end++;
  return text.slice(at, end);
}

/** Of any length. */
function compareNumbers(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return x.length - y.length || (x < y ? -1 : Number(x > y));
}
