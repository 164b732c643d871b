/** What a crate's line in the index says of its dependencies, and of the features that bring them in. */
import type { Requirement } from "../../src/contract/ecosystem.ts";

export interface CargoDependency {
  /** As the crate calls it. */
  name: string;
  req: string;
  /** Its own name, where the crate calls it otherwise. */
  package?: string;
  features?: readonly string[] | null;
  optional?: boolean;
  /** Default: true. */
  default_features?: boolean;
  kind?: string | null;
  target?: string | null;
  /** The index of another registry; absent or null: this one. */
  registry?: string | null;
}

export interface CargoFeatures {
  deps?: readonly CargoDependency[] | null;
  features?: Readonly<Record<string, readonly string[]>> | null;
  /** Those whose syntax old clients would not read. */
  features2?: Readonly<Record<string, readonly string[]>> | null;
}

/** What turns things on: by `dep:x`, `x/y` or another feature's name, the features that say so. */
type Enablers = ReadonlyMap<string, ReadonlySet<string>>;
/** Every feature that turns it on, by itself or through others. */
type FeaturesFor = (what: string) => string[];

const DEPENDENCY = "dep:";
/** Names of features in one crate's requirements. The largest crates have some 30,000. */
const MOST_NAMES = 1_000_000;

/**
 * Direct dependencies (https://doc.rust-lang.org/cargo/reference/features.html). What a feature turns on in a dependency
 * (`x/y`) is a requirement of its own. `x?/y` is read as `x/y`, which is how cargo makes its lock file; and it looks up
 * dependencies for every target, wherever it runs. Throws where features lead to each other without measure.
 */
export function cargoRequirements({ deps, features, features2 }: CargoFeatures): Requirement[] {
  const all = deps ?? [];
  const enablers = enablersOf(all, { ...features, ...features2 });
  let names = 0;
  const featuresFor: FeaturesFor = (what) => {
    const found = new Set(enablers.get(what));
    for (const feature of found) for (const other of enablers.get(feature) ?? []) found.add(other);
    names += found.size;
    if (names > MOST_NAMES) throw new Error(`its features turn on each other in more than ${MOST_NAMES} ways`);
    return [...found].sort();
  };
  const conditional = [...enablers.keys()].filter((key) => key.includes("/"));
  const parts = Map.groupBy(conditional, (key) => key.slice(0, key.indexOf("/")));
  return all.flatMap((dep) => [
    requirementOf(dep, featuresFor),
    ...(dep.kind === "dev" ? [] : conditionalFeatures(dep, parts.get(dep.name) ?? [], featuresFor)),
  ]);
}

function requirementOf(dep: CargoDependency, featuresFor: FeaturesFor): Requirement {
  const asks = [...(dep.features ?? []), ...(dep.default_features === false ? [] : ["default"])];
  return {
    ...target(dep),
    ...(asks.length > 0 && { asks }),
    ...(dep.kind === "dev" && { optional: true }),
    ...(dep.optional && dep.kind !== "dev" && { when: featuresFor(`${DEPENDENCY}${dep.name}`) }),
  };
}

/** One requirement for all parts (`x/y`) that the same features turn on. */
function conditionalFeatures(dep: CargoDependency, parts: readonly string[], featuresFor: FeaturesFor): Requirement[] {
  const groups = Map.groupBy(parts, (key) => featuresFor(key).join(" "));
  return Array.from(groups, ([when, keys]) => ({
    ...target(dep),
    when: when.split(" "),
    asks: keys.map((key) => key.slice(dep.name.length + 1)),
  }));
}

function target({ name, package: own, req, target: marker, registry }: CargoDependency) {
  return { name: own ?? name, range: req, ...(marker && { marker }), ...(registry && { elsewhere: registry }) };
}

function enablersOf(deps: readonly CargoDependency[], features: Readonly<Record<string, readonly string[]>>): Enablers {
  const enablers = new Map<string, Set<string>>();
  const add = (what: string, feature: string) => enablers.getOrInsertComputed(what, () => new Set()).add(feature);
  const stated = new Set(Object.values(features).flat());
  const optional = new Set(deps.flatMap(({ name, optional: is, kind }) => (is && kind !== "dev" ? [name] : [])));
  // An optional dependency is a feature by itself, unless some feature names it with `dep:`.
  for (const name of optional)
    if (!Object.hasOwn(features, name) && !stated.has(`${DEPENDENCY}${name}`)) add(`${DEPENDENCY}${name}`, name);
  for (const [feature, values] of Object.entries(features)) {
    for (const value of values) {
      const [, name, its] = /^([^/?]+)\??\/(.+)$/.exec(value) ?? [];
      if (name === undefined) {
        add(value, feature);
        continue;
      }
      add(`${name}/${its}`, feature);
      // With a part of a dependency comes the dependency, and the feature of its name where there is one.
      add(`${DEPENDENCY}${name}`, feature);
      add(name, feature);
    }
  }
  return enablers;
}
