/**
 * Environment markers of PEP 508: `python_version < "3.11" and extra == "socks"`. What an environment does not say is not
 * guessed: a marker holds, does not hold, or cannot be told.
 */
import type { Platform } from "../../src/contract/ecosystem.ts";
import { valuesOf } from "./environment.ts";
import { normalize } from "./name.ts";
import { inPythonRange, isPythonRange } from "./ranges.ts";

/** `undefined`: it cannot be told. */
type Truth = boolean | undefined;

interface Environment {
  platform: Platform;
  /** The one extra that is asked for, `""` for none; absent: it is not known. */
  extra?: string;
}

const TOKEN = /\s*(?:([()]|<=|>=|===|==|~=|!=|<|>)|"([^"]*)"|'([^']*)'|([A-Za-z_][\w.]*))\s*/y;
const MOST_DEPTH = 50;
/** Characters. */
const LONGEST = 4_000;
const VERSION = /^(?:python_version|python_full_version|implementation_version)$/;

/** Whether a marker may hold on a platform, with some extra or none. A `python` is CPython. Never throws. */
export function mayHold(marker: string, platform: Platform): boolean {
  return evaluate(marker, { platform }) !== false;
}

/**
 * The extras, any of which makes a marker hold in some environment; `undefined` where it may hold without any.
 * `extra == "a" or extra == "b"` → a, b.
 */
export function extrasOf(marker: string): string[] | undefined {
  if (evaluate(marker, { platform: {}, extra: "" }) !== false) return undefined;
  const literals = Array.from(marker.matchAll(/"([^"]*)"|'([^']*)'/g), ([, double, single]) =>
    normalize(double ?? single!),
  );
  return [...new Set(literals)].filter((extra) => evaluate(marker, { platform: {}, extra }) !== false);
}

/** `>=3.8,!=3.9.*` as a marker; `undefined` where it is no range. */
export function markerOf(requiresPython: string): string | undefined {
  if (!isPythonRange(requiresPython) || /["']/.test(requiresPython)) return undefined;
  const clauses = requiresPython.matchAll(/([=!<>~]+)\s*([^,\s]+)/g);
  return Array.from(clauses, ([, operator, version]) => `python_full_version ${operator} "${version}"`).join(" and ");
}

/** What cannot be read cannot be told. */
function evaluate(marker: string, environment: Environment): Truth {
  const tokens = marker.length <= LONGEST ? tokensOf(marker) : undefined;
  if (!tokens) return undefined;
  let at = 0;
  const take = (text: string) => tokens[at] === text && ++at > 0;

  const either = (depth: number): Truth => {
    let truth = both(depth);
    while (take("or")) truth = or(truth, both(depth));
    return truth;
  };
  const both = (depth: number): Truth => {
    let truth = one(depth);
    while (take("and")) truth = and(truth, one(depth));
    return truth;
  };
  const one = (depth: number): Truth => {
    if (depth > MOST_DEPTH) throw new Error(`brackets within brackets, more than ${MOST_DEPTH} deep`);
    if (!take("(")) return comparison();
    const truth = either(depth + 1);
    if (!take(")")) throw new Error("a bracket is not closed");
    return truth;
  };
  const comparison = (): Truth => {
    const left = tokens[at++];
    const operator = take("not") ? `not ${tokens[at++]}` : tokens[at++];
    const right = tokens[at++];
    if (left === undefined || operator === undefined || right === undefined) throw new Error("it is cut off");
    return compared(left, operator, right, environment);
  };

  try {
    const truth = either(0);
    return at === tokens.length ? truth : undefined;
  } catch {
    return undefined;
  }
}

/** Strings keep a quote in front, so that they are not taken for words. */
function tokensOf(marker: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < marker.length) {
    const [, sign, double, single, word] = TOKEN.exec(marker) ?? [];
    const text = double ?? single;
    const token = text === undefined ? (sign ?? word) : `"${text}`;
    if (token === undefined) return undefined;
    tokens.push(token);
  }
  return tokens;
}

function compared(left: string, operator: string, right: string, environment: Environment): Truth {
  const [a, b] = [valuesAt(left, right, environment), valuesAt(right, left, environment)];
  if (!a || !b) return undefined;
  const isVersion = [left, right].some((token) => VERSION.test(token));
  const isExtra = [left, right].includes("extra");
  const spelled = (text: string) => (isExtra ? normalize(text) : text);
  const truths = new Set(a.flatMap((x) => b.map((y) => test(spelled(x), operator, spelled(y), isVersion))));
  return truths.size === 1 ? [...truths][0] : undefined;
}

function test(left: string, operator: string, right: string, isVersion: boolean): Truth {
  if (isVersion && isPythonRange(`${operator}${right}`)) return inPythonRange(left, `${operator}${right}`);
  switch (operator) {
    case "==":
    case "===":
      return left === right;
    case "!=":
      return left !== right;
    case "in":
      return right.includes(left);
    case "not in":
      return !right.includes(left);
    default:
      return undefined;
  }
}

function valuesAt(token: string, other: string, { platform, extra }: Environment): readonly string[] | undefined {
  if (token.startsWith('"')) return [token.slice(1)];
  if (token === "extra") return extra === undefined ? undefined : [extra];
  return valuesOf(token, platform, other);
}

function and(a: Truth, b: Truth): Truth {
  return a === false || b === false ? false : a && b;
}

function or(a: Truth, b: Truth): Truth {
  return a === true || b === true ? true : a === undefined ? a : b;
}
