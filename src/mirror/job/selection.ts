/** Which releases a client takes of what is asked for with its dependencies, where it takes one version of each package. */
import { LRUCache } from "lru-cache";
import { documentAt, matchIn } from "../../cache/target.ts";
import type { Path, Platform, Release, Requirement } from "../../contract/ecosystem.ts";
import type { JobSpec, ReleaseTask } from "../../contract/jobs.ts";
import { formatPurl, keyOf } from "../../contract/purl.ts";
import { NotFound } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { environments, isWanted } from "../plan/choice.ts";
import { type Need, type Pin, solve } from "../plan/compatible.ts";
import type { Held } from "../plan/fetch-file.ts";
import { mediate, type Wanted } from "../plan/nearest.ts";
import { type Candidate, preferred } from "../plan/resolve.ts";
import type { Runner } from "./tasks.ts";

export interface SelectionOptions {
  pool: Runner;
  mounts: ReadonlyMap<string, Mount>;
  spec: JobSpec;
  /** Holds a document that is read, or a file; in a dry run a file is only looked at. */
  read(mount: string, path: Path): Promise<Held>;
  /** Told what a release requires that no registry has. */
  remark(mount: string, release: Release, reason: string): void;
}

/** Requirements that are remembered, and packages whose versions are. */
const REQUIREMENTS = 200_000;
const PACKAGES = 2_000;

type Asked = Pick<ReleaseTask, "mount" | "name" | "version" | "asks">;

export class Selector {
  readonly #options: SelectionOptions;
  /** By mount and release, what its documents state. */
  readonly #stated = new LRUCache<string, Promise<readonly Requirement[]>>({ max: REQUIREMENTS });
  readonly #candidates = new LRUCache<string, Promise<Candidate[]>>({ max: PACKAGES });

  constructor(options: SelectionOptions) {
    this.#options = options;
  }

  /**
   * One release of each package that all of the asked ones together can have, for each environment that a client may be.
   * `undefined` where there is none for an environment in which each of them can be had.
   */
  async compatible(mount: string, asked: readonly Asked[]): Promise<ReleaseTask[] | undefined> {
    const { mounts, spec } = this.#options;
    const { ecosystem } = mounts.get(mount)!;
    const some = environments(ecosystem, spec.choice);
    const found = new Map<string, ReleaseTask>();
    for (const environment of some.length > 0 ? some : [{}]) {
      const roots = asked.map(({ name, version, asks }): Need => {
        const is = (one: string) => version === undefined || ecosystem.versions.compare(one, version) === 0;
        return { name, admits: is, ...(asks && { asks }) };
      });
      const counts = await Promise.all(
        roots.map(async ({ name, admits }) => {
          const all = await this.#preferred(mount, name, environment);
          return all.filter(({ version }) => admits(version)).length;
        }),
      );
      if (counts.includes(0)) continue;
      const pins = await this.#solve(mount, roots, environment);
      if (!pins) return undefined;
      for (const { name, version, asks } of pins) {
        const purl = formatPurl(ecosystem, { name, version });
        found.set(`${purl} ${asks.join(" ")}`, { mount, purl, name, version, inGraph: "selected" });
      }
    }
    return found.size > 0 ? [...found.values()] : undefined;
  }

  #solve(mount: string, roots: readonly Need[], environment: Platform): Promise<Pin[] | undefined> {
    const { versions } = this.#options.mounts.get(mount)!.ecosystem;
    const asked = new Set(roots.map(({ name }) => name));
    return solve(roots, {
      candidates: async (name, needs) => {
        const all = await this.#preferred(mount, name, environment);
        const fitting = all.filter(({ version }) => needs.every((need) => need.admits(version)));
        const plain = fitting.filter(({ isPlain }) => isPlain);
        return (plain.length > 0 ? plain : fitting).map(({ version }) => version);
      },
      requires: async (pin) => {
        const wanted = await this.#wanted(mount, pin, { isRoot: asked.has(pin.name), asks: pin.asks }, environment);
        return wanted.map(({ name, range, asks }): Need => {
          const admits = (version: string) => range === "" || versions.satisfies(version, range);
          return { name: this.#spelled(mount, name), admits, ...(asks && { asks }) };
        });
      },
    });
  }

  /** What a build takes, and the documents of all that it reads. */
  async nearest(root: ReleaseTask): Promise<ReleaseTask[] | undefined> {
    const { pool, spec, mounts } = this.#options;
    const { mount, name, version = "" } = root;
    const { ecosystem } = mounts.get(mount)!;
    const { versions } = ecosystem;
    const found = await mediate(
      { name, version },
      {
        versions,
        load: (release) => {
          const isRoot = release.name === name && release.version === version;
          return this.#wanted(mount, release, isRoot ? root : {});
        },
        resolve: async ({ name: required, range }) => {
          if (/^[^\s[(,]+$/.test(range) && versions.satisfies(range, range)) return { name: required, version: range };
          const wish = { name: required, range, others: [], choice: spec.choice };
          const [first] = await pool.run("resolve", { mount, wish });
          return first!;
        },
      },
    );
    if (!found) return undefined;
    const task = (wanted: Wanted, inGraph: "selected" | "loaded"): ReleaseTask => {
      return { ...wanted, mount, purl: formatPurl(ecosystem, wanted), inGraph };
    };
    return [
      ...found.selected.map((wanted) => task(wanted, "selected")),
      ...found.loaded.map((release) => {
        const { qualifiers } = ecosystem.graph!(release);
        return task({ ...release, ...(qualifiers && { qualifiers }) }, "loaded");
      }),
    ];
  }

  async #preferred(mount: string, name: string, environment: Platform): Promise<Candidate[]> {
    const { pool, mounts, spec } = this.#options;
    const key = `${mount} ${name}`;
    let candidates = this.#candidates.get(key);
    if (!candidates) {
      candidates = pool.run("candidates", { mount, name, choice: spec.choice });
      this.#candidates.set(key, candidates);
    }
    return preferred(mounts.get(mount)!, await candidates, environment);
  }

  #spelled(mount: string, name: string): string {
    return this.#options.mounts.get(mount)!.ecosystem.identity?.(name) ?? name;
  }

  /** What of a release's requirements is wanted, in an environment or in any that is chosen. */
  async #wanted(
    mount: string,
    release: Release,
    of: Pick<ReleaseTask, "isRoot" | "asks">,
    environment?: Platform,
  ): Promise<Requirement[]> {
    const { mounts, spec } = this.#options;
    const { ecosystem } = mounts.get(mount)!;
    const choice = environment ? { ...spec.choice, platforms: [environment] } : spec.choice;
    const wanted = (await this.#requires(mount, release)).filter((each) =>
      isWanted(ecosystem, each, of, choice, spec.closure),
    );
    for (const { name, elsewhere } of wanted)
      if (elsewhere !== undefined)
        this.#options.remark(mount, release, `requires ${name} from ${elsewhere}, which is no registry`);
    return wanted.filter(({ elsewhere }) => elsewhere === undefined);
  }

  #requires(mount: string, release: Release): Promise<readonly Requirement[]> {
    const key = `${mount} ${keyOf(release)}`;
    const known = this.#stated.get(key);
    if (known) return known;
    const graph = this.#options.mounts.get(mount)!.ecosystem.graph;
    const stated = graph ? this.#document(mount, graph(release).path) : this.#indexed(mount, release);
    this.#stated.set(key, stated);
    return stated;
  }

  /** What a document of a release states, and what the documents do that it names (Gradle's module metadata beside a POM). */
  async #document(mount: string, path: Path): Promise<Requirement[]> {
    const { mounts, read } = this.#options;
    const at = mounts.get(mount)!;
    const { requires, files } = await read(mount, path);
    const more = files.filter((file) => file.beside === undefined && file.path !== path && documentAt(at, file.path));
    const led = await Promise.all(
      more.map(({ path: named, optional }) =>
        read(mount, named).catch((error: unknown) => {
          if (optional && error instanceof NotFound) return { requires: [] };
          throw error;
        }),
      ),
    );
    return [...requires, ...led.flatMap((each) => each.requires)];
  }

  /** What the index states of a release, or documents beside its files; where none does, what the first file has inside. */
  async #indexed(mount: string, release: Release): Promise<Requirement[]> {
    const { pool, mounts, spec, read } = this.#options;
    const at = mounts.get(mount)!;
    const purl = formatPurl(at.ecosystem, release);
    const task = { mount, purl, ...release };
    const { requires, held, files } = await pool.run("plan", { task, spec, isWhole: false, rehash: undefined });
    const documents = files.filter(({ path }) => documentAt(at, path));
    const beside = await Promise.all(documents.map(({ path }) => read(mount, path)));
    const stated = [...requires, ...[...held, ...beside].flatMap((each) => each.requires)];
    if (stated.length > 0 || held.length > 0 || documents.length > 0) return stated;
    const first = files.find(({ path }) => {
      const match = matchIn(at, "GET", path);
      return typeof match === "object" && match.route.kind === "artifact" && match.route.inside !== undefined;
    });
    if (!first) return [];
    return (await read(mount, first.path)).requires;
  }
}
