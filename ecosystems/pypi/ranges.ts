/** PEP 440: which versions a range of Python's releases means. */
import { clean, compare, explain } from "@renovatebot/pep440";

type Explained = NonNullable<ReturnType<typeof explain>>;

/** `>=1.0.*` is no range of PEP 440, but stands in old metadata, where it was read as `>=1.0`. */
const CLAUSE = /^(===|~=|==|!=|<=|>=|<|>)\s*(\S+?)(\.\*)?$/;

/**
 * Whether a version lies in a range, by the rules of PEP 440 for each operator. That it is a pre-release does not matter
 * here: pip takes one where nothing else fits. What cannot be read fits nothing; an empty range means every version.
 */
export function inPythonRange(version: string, range: string): boolean {
  return clausesOf(range).every(([, operator, limit = "", wildcard]) => {
    if (operator === "===") return version.toLowerCase() === `${limit}${wildcard ?? ""}`.toLowerCase();
    const [found, stated] = [explain(version), explain(limit)];
    return found !== null && stated !== null && holds(found, operator, stated, wildcard !== undefined);
  });
}

/** Whether it is a range, all of which can be read. */
export function isPythonRange(range: string): boolean {
  const clauses = clausesOf(range);
  return clauses.length > 0 && clauses.every(([, operator, limit]) => operator === "===" || clean(limit) !== null);
}

function clausesOf(range: string): readonly string[][] {
  return range.split(",").flatMap((clause) => (clause.trim() ? [CLAUSE.exec(clause.trim()) ?? []] : []));
}

function holds(found: Explained, operator: string | undefined, stated: Explained, wildcard: boolean): boolean {
  // A local label (`1.0+cpu`) counts only where the range has one.
  const order = compare(stated.local ? written(found) : found.public, written(stated));
  const isSameBase = compare(found.base_version, stated.base_version) === 0;
  switch (operator) {
    case "==":
      return wildcard ? startsWith(found, stated, stated.release.length) : order === 0;
    case "!=":
      return wildcard ? !startsWith(found, stated, stated.release.length) : order !== 0;
    case "~=":
      return order >= 0 && stated.release.length > 1 && startsWith(found, stated, stated.release.length - 1);
    case "<=":
      return order <= 0;
    case ">=":
      return order >= 0;
    // `<2.0` does not mean 2.0rc1, `>1.0` means neither 1.0.post1 nor 1.0+cpu.
    case "<":
      return order < 0 && !(isSameBase && found.is_prerelease && !stated.is_prerelease);
    case ">":
      return order > 0 && !(isSameBase && ((found.is_postrelease && !stated.is_postrelease) || found.local));
    default:
      return false;
  }
}

/** `1` starts as `1.0.*` does: what a release does not say is 0. */
function startsWith(found: Explained, stated: Explained, length: number): boolean {
  const wanted = stated.release.slice(0, length);
  return found.epoch === stated.epoch && wanted.every((part, i) => (found.release[i] ?? 0) === part);
}

function written(version: Explained): string {
  return version.local ? `${version.public}+${version.local}` : version.public;
}
