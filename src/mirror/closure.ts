/** From what releases require to the releases that will do. */
import type { Requirement } from "../ecosystem.ts";
import { messageOf, NotFound } from "../errors.ts";
import type { JobSpec, ReleaseTask } from "../jobs.ts";
import type { Mount } from "../mounts.ts";
import { formatPurl } from "../purl.ts";
import type { Failure, Outcome } from "./progress.ts";
import type { Wish } from "./resolve.ts";

export interface ClosureOptions {
  spec: Pick<JobSpec, "choice">;
  mounts: ReadonlyMap<string, Mount>;
  resolve: (mount: string, wish: Wish) => Promise<string[]>;
  /** Told of what no registry has. */
  tell?: (outcome: Outcome) => void;
}

/** Follows requirements; each is resolved once, however many releases state it. */
export class Closure {
  readonly #options: ClosureOptions;
  /** By mount and package, the ranges that are known. */
  readonly #ranges = new Map<string, string[]>();
  readonly #resolved = new Map<string, Promise<string[]>>();

  constructor(options: ClosureOptions) {
    this.#options = options;
  }

  /** The versions that clients would install of a package that was asked for without one. */
  async newest(task: ReleaseTask): Promise<ReleaseTask[]> {
    const versions = await this.#resolve(task.mount, task.name, "");
    return versions.map((version) => this.#task(task.mount, { ...task, version }));
  }

  /** The tasks that follow from what a release requires, and what cannot be had. */
  async follow(
    of: ReleaseTask,
    requires: readonly Requirement[],
  ): Promise<{ tasks: ReleaseTask[]; failures: Failure[] }> {
    const tasks: ReleaseTask[] = [];
    const failures: Failure[] = [];
    await Promise.all(
      requires.map(async (requirement) => {
        const { mount, purl } = of;
        if (requirement.elsewhere !== undefined) {
          const reason = `requires ${requirement.name} from ${requirement.elsewhere}, which is no registry`;
          this.#options.tell?.({ mount, purl, outcome: "unproven", reason });
          return;
        }
        try {
          tasks.push(...(await this.#tasks(mount, requirement)));
        } catch (error) {
          if (requirement.weak && error instanceof NotFound) return;
          const { ecosystem } = this.#options.mounts.get(mount)!;
          const isPassing = !(error instanceof NotFound);
          const name = formatPurl(ecosystem, { name: ecosystem.identity?.(requirement.name) ?? requirement.name });
          failures.push({ mount, purl: name, reason: `${messageOf(error)}; ${purl} requires it`, isPassing });
        }
      }),
    );
    return { tasks, failures };
  }

  async #tasks(mount: string, { name: spelled, range, asks, qualifiers }: Requirement): Promise<ReleaseTask[]> {
    const { ecosystem } = this.#options.mounts.get(mount)!;
    const name = ecosystem.identity?.(spelled) ?? spelled;
    const versions = await this.#resolve(mount, name, range);
    return versions.map((version) =>
      this.#task(mount, { name, version, ...(asks && { asks }), ...(qualifiers && { qualifiers }) }),
    );
  }

  #task(mount: string, wanted: Omit<ReleaseTask, "mount" | "purl">): ReleaseTask {
    const { ecosystem } = this.#options.mounts.get(mount)!;
    return { ...wanted, mount, purl: formatPurl(ecosystem, wanted) };
  }

  #resolve(mount: string, name: string, range: string): Promise<string[]> {
    const key = `${mount} ${name}`;
    const known = this.#resolved.get(`${key} ${range}`);
    if (known) return known;
    const ranges = this.#ranges.get(key) ?? [];
    const versions = this.#options.resolve(mount, {
      name,
      range,
      others: [...ranges],
      choice: this.#options.spec.choice,
    });
    this.#ranges.set(key, [...ranges, range]);
    this.#resolved.set(`${key} ${range}`, versions);
    // Who requires it next may have more luck.
    versions.catch(() => this.#resolved.delete(`${key} ${range}`));
    return versions;
  }
}
