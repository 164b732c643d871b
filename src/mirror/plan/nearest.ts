/** Which version of each package a build takes where the statement nearest to it counts (Maven), or the highest (Gradle). */
import type { Release, Requirement, VersionScheme } from "../../contract/ecosystem.ts";
import { keyOf } from "../../contract/purl.ts";

/** A release, and which file of it. */
export interface Wanted extends Release {
  qualifiers?: Readonly<Record<string, string>>;
}

export interface Mediated {
  /** Of which files are taken. */
  selected: Wanted[];
  /** Other releases of which clients read what they require. */
  loaded: Release[];
}

export interface MediateOptions {
  versions: Pick<VersionScheme, "compare" | "satisfies">;
  /** What a release requires that is wanted, in the order in which it is stated. Asked once. */
  load(release: Release): Promise<readonly Requirement[]>;
  /** The version that a range means, where nothing else speaks. */
  resolve(requirement: Requirement): Promise<Release>;
}

/** Releases of the whole tree, each as often as it is below different exclusions. */
const VISITS = 50_000;
/** Times that the highest versions are looked for; mostly two. */
const ROUNDS = 50;

interface Node extends Wanted {
  range: string;
  below: Edges;
}
type Edges = readonly Node[];

/**
 * Reads the whole tree, as Maven does before it mediates: what loses may require what is read. Then selects of each package the first
 * version on the nearest level, and what Gradle, sbt and Coursier take in its place: the highest one that is required. `undefined`
 * where a range admits none of these, or the tree is too large: then each range is to be resolved for itself.
 */
export async function mediate(root: Release, options: MediateOptions): Promise<Mediated | undefined> {
  const tree = new Tree(options);
  const top = await tree.read(root);
  if (!top) return undefined;
  const nearest = byLevel(top);
  const highest = byVersion(top, options.versions);
  if (!highest || ![nearest, highest].every((each) => isAdmitted(each, options.versions))) return undefined;
  const selected = new Map([...nearest, ...highest].map((node) => [spell(node), wanted(node)]));
  const names = new Set(Array.from(selected.values(), keyOf));
  return { selected: [...selected.values()], loaded: tree.releases().filter((release) => !names.has(keyOf(release))) };
}

class Tree {
  readonly #options: MediateOptions;
  /** By release, and by what is excluded below it. */
  readonly #nodes = new Map<string, { release: Release; edges: Node[] }>();

  constructor(options: MediateOptions) {
    this.#options = options;
  }

  releases(): Release[] {
    const all = Array.from(this.#nodes.values(), ({ release }) => release);
    return [...new Map(all.map((release) => [keyOf(release), release])).values()];
  }

  async read(root: Release): Promise<Node | undefined> {
    const top: Node = { ...root, range: "", below: this.#at(root, []) };
    let due: [Release, readonly string[]][] = [[root, []]];
    while (due.length > 0) {
      if (this.#nodes.size > VISITS) return undefined;
      const found = await Promise.all(due.map((visit) => this.#edges(...visit)));
      due = found.flat();
    }
    return top;
  }

  #at(release: Release, excludes: readonly string[]): Node[] {
    const key = `${keyOf(release)} ${excludes.join(" ")}`;
    const known = this.#nodes.get(key);
    if (known) return known.edges;
    const edges: Node[] = [];
    this.#nodes.set(key, { release, edges });
    return edges;
  }

  /** Reads what a release requires; returns what is to be read next. */
  async #edges(release: Release, excludes: readonly string[]): Promise<[Release, readonly string[]][]> {
    const edges = this.#at(release, excludes);
    const next: [Release, readonly string[]][] = [];
    const requires = (await this.#options.load(release)).filter(({ name }) => !isExcluded(name, excludes));
    for (const requirement of requires) {
      const { name, version } = await this.#options.resolve(requirement);
      const inner = [...new Set([...excludes, ...(requirement.excludes ?? [])])].sort();
      const isNew = !this.#nodes.has(`${keyOf({ name, version })} ${inner.join(" ")}`);
      const { qualifiers, range } = requirement;
      edges.push({
        name,
        version,
        range,
        ...(qualifiers && { qualifiers }),
        below: this.#at({ name, version }, inner),
      });
      if (isNew) next.push([{ name, version }, inner]);
    }
    return next;
  }
}

/** `group/artifact`, either of which may be `*`. */
function isExcluded(name: string, excludes: readonly string[]): boolean {
  const parts = name.split("/");
  return excludes.some((each) => each.split("/").every((part, at) => part === "*" || part === parts[at]));
}

/** What one version of is taken: a package, or a file of it that another one does not replace. */
function placeOf({ name, qualifiers = {} }: Wanted): string {
  return `${name} ${new URLSearchParams(qualifiers)}`;
}

function spell(node: Wanted): string {
  return `${placeOf(node)} ${node.version}`;
}

function wanted({ name, version, qualifiers }: Wanted): Wanted {
  return { name, version, ...(qualifiers && { qualifiers }) };
}

/** Whether it is a variant of what requires it, for another environment: both are taken. */
function isVariant(of: Release, { name, version }: Node): boolean {
  return name === of.name && version !== of.version;
}

/** Level by level; the first statement of each package counts, and below others nothing does. */
function byLevel(top: Node): Node[] {
  const taken = new Map([[placeOf(top), top]]);
  let level = [top];
  while (level.length > 0) {
    const next: Node[] = [];
    for (const node of level)
      for (const each of node.below) {
        const place = isVariant(node, each) ? spell(each) : placeOf(each);
        if (taken.has(place)) continue;
        taken.set(place, each);
        next.push(each);
      }
    level = next;
  }
  return [...taken.values()];
}

/** The highest version of each package that is required by one that is taken; `undefined` where that does not settle. */
function byVersion(top: Node, { compare }: MediateOptions["versions"]): Node[] | undefined {
  let best = new Map([[placeOf(top), top]]);
  for (let round = 0; round < ROUNDS; round++) {
    const found = new Map([[placeOf(top), top]]);
    for (const [place, first] of found) {
      const taken = best.get(place);
      const node = taken && compare(taken.version, first.version) > 0 ? taken : first;
      for (const each of node.below) {
        const at = isVariant(node, each) ? spell(each) : placeOf(each);
        const other = found.get(at);
        if (!other || compare(each.version, other.version) > 0) found.set(at, each);
      }
    }
    const isSame =
      found.size === best.size && Array.from(found).every(([at, { version }]) => best.get(at)?.version === version);
    if (isSame) return [...found.values()];
    best = found;
  }
  return undefined;
}

/** Whether what is taken is in each range that one of it states. A bare version is a wish. */
function isAdmitted(nodes: readonly Node[], { satisfies }: MediateOptions["versions"]): boolean {
  const taken = Map.groupBy(nodes, placeOf);
  const isWish = (range: string) => /^[^\s[(,]+$/.test(range) && satisfies(range, range);
  return nodes.every((node) =>
    node.below.every(
      (each) =>
        isWish(each.range) || (taken.get(placeOf(each)) ?? []).every(({ version }) => satisfies(version, each.range)),
    ),
  );
}
