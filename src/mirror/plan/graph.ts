/** Minimal version selection (https://go.dev/ref/mod#minimal-version-selection), where an ecosystem's clients do it. */
import type { Release, VersionScheme } from "../../contract/ecosystem.ts";
import { keyOf } from "../../contract/purl.ts";

/** What the document of a release in the graph states. */
export interface Node {
  /** Minimums. */
  requires: readonly Release[];
  /** Whether these are all that it needs, what they require too. */
  requiresAll: boolean;
}

/** What clients read and take for a root. */
export interface Selection {
  /** The releases to be installed, one of each package, the root among them. */
  selected: Release[];
  /** Other releases of which clients read what they require. */
  loaded: Release[];
}

export interface SelectOptions {
  versions: Pick<VersionScheme, "compare">;
  /** Called once for each release. What cannot be had requires nothing. */
  load(release: Release): Promise<Node>;
  /** Whether packages are taken too that are in the graph, and that the root does not say it needs: for tests of others. */
  all: boolean;
}

interface Visit {
  release: Release;
  /** Whether all below it is loaded: what does not name all that it needs requires it. */
  whole: boolean;
}

/**
 * What a client takes whose project requires nothing but the root. Of a root that names all that it needs these are the packages
 * to take, else all below it. The client requires each of them in turn, as its project's file then states, and takes the highest
 * minimum that is stated in what it loads: each of these releases, and all below those that do not name all that they need.
 */
export async function select(root: Release, options: SelectOptions): Promise<Selection> {
  const graph = new Graph(options);
  graph.raise(root);
  const required = new Set<string>();
  let wanted = new Set([root.name]);
  for (;;) {
    const due = Array.from(wanted, (name) => graph.best(name)).filter((release) => !required.has(keyOf(release)));
    if (due.length === 0) break;
    for (const release of due) required.add(keyOf(release));
    await graph.visit(due.map((release) => ({ release, whole: false })));
    wanted = graph.needs(root.name);
  }
  if (options.all) await graph.loadAll(wanted);
  const selected = Array.from(wanted, (name) => graph.best(name));
  const taken = new Set(selected.map(keyOf));
  return { selected, loaded: graph.loaded().filter((release) => !taken.has(keyOf(release))) };
}

class Graph {
  readonly #options: SelectOptions;
  readonly #best = new Map<string, Release>();
  readonly #nodes = new Map<string, { release: Release; node: Node; whole: boolean }>();

  constructor(options: SelectOptions) {
    this.#options = options;
  }

  best(name: string): Release {
    return this.#best.get(name)!;
  }

  raise(release: Release): void {
    const best = this.#best.get(release.name);
    if (!best || this.#options.versions.compare(release.version, best.version) > 0)
      this.#best.set(release.name, release);
  }

  /** Loads releases and, as far as they are to be followed, what they require. */
  async visit(visits: readonly Visit[]): Promise<void> {
    let due = visits;
    while (due.length > 0) {
      const fresh = new Map<string, Visit>();
      for (const visit of due) {
        const key = keyOf(visit.release);
        const known = this.#nodes.get(key);
        if (known && (known.whole || !visit.whole)) continue;
        fresh.set(key, { release: visit.release, whole: visit.whole || (fresh.get(key)?.whole ?? false) });
      }
      const found = await Promise.all(Array.from(fresh, (entry) => this.#load(...entry)));
      due = found.flat();
    }
  }

  /** What is to be visited next. */
  async #load(key: string, { release, whole }: Visit): Promise<Visit[]> {
    const node = this.#nodes.get(key)?.node ?? (await this.#options.load(release));
    this.#nodes.set(key, { release, node, whole });
    for (const each of node.requires) this.raise(each);
    return whole || !node.requiresAll ? node.requires.map((each) => ({ release: each, whole: true })) : [];
  }

  /** Takes all packages of the graph, and follows nothing further. */
  async loadAll(wanted: Set<string>): Promise<void> {
    for (const name of this.#best.keys()) wanted.add(name);
    const due = [...this.#best.values()].filter((release) => !this.#nodes.has(keyOf(release)));
    const nothing = { requires: [], requiresAll: true };
    await Promise.all(due.map((release) => this.#options.load(release)));
    for (const release of due) this.#nodes.set(keyOf(release), { release, node: nothing, whole: false });
  }

  /** The packages that a root needs, itself among them, as far as the graph is loaded. */
  needs(root: string): Set<string> {
    const names = new Set([root]);
    const named = new Set<string>();
    for (const name of names) {
      const release = this.best(name);
      // What names all that it needs, names all that these need, too: in the versions that it names.
      if (named.has(keyOf(release))) continue;
      for (const each of this.#below(release)) names.add(each.name);
      if (this.#namesAll(release)) for (const each of this.#requires(release)) named.add(keyOf(each));
    }
    return names;
  }

  #requires(release: Release): readonly Release[] {
    return this.#nodes.get(keyOf(release))?.node.requires ?? [];
  }

  /**
   * Whether a release names all that it needs. One that says so and names nothing of what its requirements require was not written
   * by the tools that see to it.
   */
  #namesAll(release: Release): boolean {
    if (!this.#nodes.get(keyOf(release))?.node.requiresAll) return false;
    const requires = this.#requires(release);
    const names = new Set(requires.map(({ name }) => name));
    const below = requires.flatMap(({ name }) => this.#requires(this.best(name)));
    return below.length === 0 || below.some(({ name }) => names.has(name));
  }

  /** What a release requires, and what that requires in turn, as far as clients look. */
  #below(release: Release): Release[] {
    const found: Release[] = [];
    const seen = new Set<string>();
    const due = [release];
    for (let next = due.pop(); next; next = due.pop()) {
      const key = keyOf(next);
      if (seen.has(key)) continue;
      seen.add(key);
      const { node, whole } = this.#nodes.get(key) ?? {};
      for (const each of node?.requires ?? []) {
        found.push(each);
        if (whole || !node!.requiresAll) due.push(each);
      }
    }
    return found;
  }

  loaded(): Release[] {
    return Array.from(this.#nodes.values(), ({ release }) => release);
  }
}
