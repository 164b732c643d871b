/** Versions of Perl modules as `version.pm` reads them: `1.10` is 1.100.000, `v1.10.0` and `1.10.0` are 1.010.000. */

/** Groups of thousands; `undefined` for what is no version. */
function read(text: string): number[] | undefined {
  const plain = text.replace(/_|-TRIAL\d*$/g, "");
  if (!/^v?\d+(?:\.\d+)*$/.test(plain)) return undefined;
  const parts = plain.replace(/^v/, "").split(".");
  if (plain.startsWith("v") || parts.length > 2) return parts.map(Number);
  const [whole = "0", fraction = ""] = parts;
  return [Number(whole), ...(fraction.match(/\d{1,3}/g) ?? []).map((group) => Number(group.padEnd(3, "0")))];
}

/** Total: what is no version is older than all that are, and ordered by its text. */
export function comparePerl(a: string, b: string): number {
  const [x, y] = [read(a), read(b)];
  if (!x || !y) return x ? 1 : y ? -1 : a < b ? -1 : Number(a > b);
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const order = Math.sign((x[i] ?? 0) - (y[i] ?? 0));
    if (order !== 0) return order;
  }
  return 0;
}

export function isStablePerl(version: string): boolean {
  return !/_|-TRIAL/.test(version);
}

/** `1.2` is that or a later one; `>= 1.2, < 2, != 1.5`; `0` and nothing are any. */
export function satisfiesPerl(version: string, range: string): boolean {
  return range
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean)
    .every((each) => {
      const [, operator = ">=", wanted = ""] = /^(>=|<=|>|<|==|!=)?\s*(.*)$/.exec(each) ?? [];
      if (operator === ">=" && /^0(?:\.0*)?$/.test(wanted)) return true;
      const order = comparePerl(version, wanted);
      const holds = { ">=": order >= 0, "<=": order <= 0, ">": order > 0, "<": order < 0, "==": order === 0 };
      return operator === "!=" ? order !== 0 : (holds[operator as keyof typeof holds] ?? false);
    });
}
