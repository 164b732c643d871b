/** From what releases require to the releases that will do. */
import type { Requirement } from "../../contract/ecosystem.ts";
import type { JobSpec, ReleaseTask } from "../../contract/jobs.ts";
import { formatPurl } from "../../contract/purl.ts";
import { BadRequest, messageOf, NotFound } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Failure, Outcome } from "../job/progress.ts";
import type { Resolved, Wish } from "./resolve.ts";

export interface ClosureOptions {
  spec: Pick<JobSpec, "choice">;
  mounts: ReadonlyMap<string, Mount>;
  resolve: (mount: string, wish: Wish) => Promise<Resolved[]>;
}

/** Follows requirements; each is resolved once, however many releases state it. */
export class Closure {
  readonly #options: ClosureOptions;
  /** By mount and package, the ranges that are known. */
  readonly #ranges = new Map<string, string[]>();
  readonly #resolved = new Map<string, Promise<Resolved[]>>();

  constructor(options: ClosureOptions) {
    this.#options = options;
  }

  /** The versions that clients would install of a package that was asked for without one. */
  async newest(task: ReleaseTask): Promise<ReleaseTask[]> {
    const releases = await this.#resolve(task, task.name, "");
    return releases.map((release) => this.#task(task.mount, { ...task, ...release }));
  }

  /** The tasks that follow from what a release requires, and what cannot be had. `tell`: of what no registry has. */
  async follow(
    of: ReleaseTask,
    requires: readonly Requirement[],
    tell: (outcome: Outcome) => void,
  ): Promise<{ tasks: ReleaseTask[]; failures: Failure[] }> {
    const tasks: ReleaseTask[] = [];
    const failures: Failure[] = [];
    await Promise.all(
      requires.map(async (requirement) => {
        const { mount, purl } = of;
        if (requirement.elsewhere !== undefined) {
          const reason = `requires ${requirement.name} from ${requirement.elsewhere}, which is no registry`;
          tell({ mount, purl, outcome: "unproven", reason });
          return;
        }
        try {
          tasks.push(...(await this.#tasks(of, requirement)));
        } catch (error) {
          if (requirement.weak && isAbsent(error)) return;
          const { ecosystem } = this.#options.mounts.get(mount)!;
          const isPassing = !isAbsent(error);
          const name = formatPurl(ecosystem, { name: ecosystem.identity?.(requirement.name) ?? requirement.name });
          failures.push({ mount, purl: name, reason: `${messageOf(error)}; ${purl} requires it`, isPassing });
        }
      }),
    );
    return { tasks, failures };
  }

  async #tasks(of: ReleaseTask, requirement: Requirement): Promise<ReleaseTask[]> {
    const { asks, anyOf = [] } = requirement;
    const qualifiers = { ...this.#scopeOf(of), ...requirement.qualifiers };
    const releases = await this.#first(of, [requirement, ...anyOf]);
    return releases.map((release) =>
      this.#task(of.mount, {
        ...release,
        ...(asks && { asks }),
        ...(Object.keys(qualifiers).length > 0 && { qualifiers }),
      }),
    );
  }

  /** Of alternatives the first that can be had. Throws what the first throws, where none can. */
  async #first(of: ReleaseTask, alternatives: readonly { name: string; range: string }[]): Promise<Resolved[]> {
    const { ecosystem } = this.#options.mounts.get(of.mount)!;
    let failure: unknown;
    for (const { name, range } of alternatives)
      try {
        return await this.#resolve(of, ecosystem.identity?.(name) ?? name, range);
      } catch (error) {
        if (!isAbsent(error)) throw error;
        failure ??= error;
      }
    throw failure;
  }

  /** The qualifiers that hold for what it requires, too. */
  #scopeOf({ mount, qualifiers = {} }: ReleaseTask): Record<string, string> {
    const { scopes = [] } = this.#options.mounts.get(mount)!.ecosystem;
    return Object.fromEntries(Object.entries(qualifiers).filter(([name]) => scopes.includes(name)));
  }

  #task(mount: string, wanted: Omit<ReleaseTask, "mount" | "purl">): ReleaseTask {
    const { ecosystem } = this.#options.mounts.get(mount)!;
    return { ...wanted, mount, purl: formatPurl(ecosystem, wanted) };
  }

  #resolve(of: ReleaseTask, name: string, range: string): Promise<Resolved[]> {
    const { mount } = of;
    const qualifiers = this.#scopeOf(of);
    const key = `${mount} ${name} ${new URLSearchParams(qualifiers)}`;
    const known = this.#resolved.get(`${key} ${range}`);
    if (known) return known;
    const ranges = this.#ranges.get(key) ?? [];
    const releases = this.#options.resolve(mount, {
      name,
      ...(Object.keys(qualifiers).length > 0 && { qualifiers }),
      range,
      others: [...ranges],
      choice: this.#options.spec.choice,
    });
    this.#ranges.set(key, [...ranges, range]);
    this.#resolved.set(`${key} ${range}`, releases);
    // Who requires it next may have more luck.
    releases.catch(() => this.#resolved.delete(`${key} ${range}`));
    return releases;
  }
}

/** No registry has it, or can have it: its name is none. */
function isAbsent(error: unknown): boolean {
  return error instanceof NotFound || error instanceof BadRequest;
}
