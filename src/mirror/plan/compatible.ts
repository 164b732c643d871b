/** One version of each package that all who require it admit, found as clients find it that install no more than one. */

/** A range in which a version of a package is wanted. */
export interface Need {
  name: string;
  /** Which versions will do. */
  admits(version: string): boolean;
  /** Extras of it that are wanted. */
  asks?: readonly string[];
}

export interface Pin {
  name: string;
  version: string;
  asks: readonly string[];
}

export interface SolveOptions {
  /** The versions of a package that can be had and satisfy every one of the needs, the preferred first. */
  candidates(name: string, needs: readonly Need[]): Promise<readonly string[]>;
  /** What a release requires, with these extras. */
  requires(pin: Pin): Promise<readonly Need[]>;
}

/** Versions that are tried before the search is given up. */
const TRIES = 5_000;
/** Who requires the roots. */
const ROOT = "";

/** A step of the search: what was decided until then. Maps are replaced, not changed. */
interface State {
  pins: ReadonlyMap<string, Pin>;
  /** By package, and by who requires it. */
  needs: ReadonlyMap<string, ReadonlyMap<string, readonly Need[]>>;
  /** Versions with which no solution was found, as keys of `name version`. */
  excluded: ReadonlySet<string>;
  /** What was pinned last. */
  last?: Pin;
}

/**
 * The search of pip's resolver (resolvelib) and, but for the order in which it tries, of Bundler's (PubGrub): pins the preferred
 * version, pins it again where somebody requires another, goes back where none is left. `undefined` where there is no solution, or
 * none is found within a number of tries. What a client finds is a solution too, since no other versions are there to be chosen.
 */
export async function solve(roots: readonly Need[], options: SolveOptions): Promise<Pin[] | undefined> {
  const needs = withNeeds(new Map(), ROOT, roots);
  const states: State[] = [{ pins: new Map(), needs, excluded: new Set() }];
  for (let tries = 0; tries < TRIES; tries++) {
    const state = states.at(-1)!;
    const name = openOf(state);
    if (name === undefined) return reachable(state);
    const next = await attempt(state, name, options);
    if (next) states.push(next);
    else if (!(await goBack(states, options))) return undefined;
  }
  return undefined;
}

/** A package that is required and not pinned, or pinned to a version that will not do. */
function openOf({ pins, needs }: State): string | undefined {
  for (const [name, byWhom] of needs) {
    const all = [...byWhom.values()].flat();
    if (all.length === 0) continue;
    const pin = pins.get(name);
    if (!pin || !all.every((need) => need.admits(pin.version)) || asksOf(all).some((ask) => !pin.asks.includes(ask)))
      return name;
  }
  return undefined;
}

function needsOf({ needs }: Pick<State, "needs">, name: string): Need[] {
  return [...(needs.get(name)?.values() ?? [])].flat();
}

function asksOf(needs: readonly Need[]): string[] {
  return [...new Set(needs.flatMap(({ asks = [] }) => asks))].sort();
}

/** What candidates are left of a package. */
async function left(state: Pick<State, "needs" | "excluded">, name: string, options: SolveOptions): Promise<string[]> {
  const candidates = await options.candidates(name, needsOf(state, name));
  return candidates.filter((version) => !state.excluded.has(`${name} ${version}`));
}

/** Pins the first candidate whose own requirements leave a candidate of each package. */
async function attempt(state: State, name: string, options: SolveOptions): Promise<State | undefined> {
  const asks = asksOf(needsOf(state, name));
  for (const version of await left(state, name, options)) {
    const pin = { name, version, asks };
    const required = await options.requires(pin);
    const needs = withNeeds(state.needs, name, required);
    const names = [...new Set(required.map((each) => each.name))];
    const counts = await Promise.all(names.map((each) => left({ ...state, needs }, each, options)));
    // It may require itself, with extras; never in another version.
    const isOpen =
      counts.every(({ length }) => length > 0) && needsOf({ needs }, name).every((need) => need.admits(version));
    if (!isOpen) continue;
    const pins = new Map(state.pins);
    // What is pinned anew is decided later than the rest.
    pins.delete(name);
    return { ...state, pins: pins.set(name, pin), needs, last: pin };
  }
  return undefined;
}

/** Excludes what was pinned last, and what was pinned before it as far as nothing is left of a package then. */
async function goBack(states: State[], options: SolveOptions): Promise<boolean> {
  while (states.length > 1) {
    const { last, excluded } = states.pop()!;
    const before = states.at(-1)!;
    const patched = { ...before, excluded: new Set([...excluded, `${last!.name} ${last!.version}`]) };
    const counts = await Promise.all(
      [...patched.needs.keys()]
        .filter((name) => needsOf(patched, name).length > 0)
        .map((name) => left(patched, name, options)),
    );
    if (counts.some(({ length }) => length === 0)) continue;
    states.push(patched);
    return true;
  }
  return false;
}

/** `needs`, with what one package requires in place of what it required. */
function withNeeds(
  needs: State["needs"],
  by: string,
  required: readonly Need[],
): Map<string, ReadonlyMap<string, readonly Need[]>> {
  const next = new Map(needs);
  for (const [name, byWhom] of needs)
    if (byWhom.has(by)) next.set(name, new Map([...byWhom].filter(([whom]) => whom !== by)));
  for (const [name, own] of Map.groupBy(required, (each) => each.name))
    next.set(name, new Map(next.get(name)).set(by, own));
  return next;
}

/** The pins that the roots need, without those of packages that only abandoned versions required. */
function reachable({ pins, needs }: State): Pin[] {
  const by = new Map<string, string[]>();
  for (const [name, byWhom] of needs) for (const whom of byWhom.keys()) by.set(whom, [...(by.get(whom) ?? []), name]);
  const found = new Set(by.get(ROOT) ?? []);
  for (const name of found) for (const each of by.get(name) ?? []) found.add(each);
  return Array.from(found, (name) => pins.get(name)!);
}
