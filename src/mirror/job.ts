/** One mirror job: targets are planned, their files held, all through a pool of workers. One bad item never stops the job. */
import pLimit from "p-limit";
import type { Path, Requirement } from "../ecosystem.ts";
import { messageOf, NotFound } from "../errors.ts";
import type { Mount } from "../mounts.ts";
import { formatPurl } from "../purl.ts";
import type { PlannedFile } from "./plan.ts";
import type { Target } from "./sources/purls.ts";
import type { MirrorTasks } from "./tasks.ts";

export interface Failure {
  purl: string;
  path?: Path;
  reason: string;
}

/** How a job stands. Counts are of files; bytes of those that had to be fetched. */
export interface Progress {
  phase: "resolving" | "downloading" | "complete";
  total: number;
  completed: number;
  skipped: number;
  failed: number;
  bytes: number;
  withheld: string[];
  failures: Failure[];
}

/** A dependency that a mirrored release declares. */
export interface Dependency extends Requirement {
  mount: string;
}

/** Runs tasks somewhere: a pool of workers. */
interface Runner {
  run<K extends keyof MirrorTasks>(
    name: K,
    input: Parameters<MirrorTasks[K]>[0],
  ): Promise<Awaited<ReturnType<MirrorTasks[K]>>>;
}

export interface JobOptions {
  pool: Runner;
  mounts: ReadonlyMap<string, Mount>;
  /** Downloads at once. */
  concurrency: number;
  /** Told whenever a target is finished. */
  settled?: (target: Target, failures: readonly Failure[]) => Promise<void>;
}

export class Job {
  readonly progress: Progress = {
    phase: "resolving",
    total: 0,
    completed: 0,
    skipped: 0,
    failed: 0,
    bytes: 0,
    withheld: [],
    failures: [],
  };
  /** What the mirrored releases declare to need, once each. */
  readonly requires = new Map<string, Dependency>();
  /** Every file of the plan, for a dry run. */
  readonly planned: (PlannedFile & { mount: string })[] = [];
  readonly #options: JobOptions;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #seen = new Set<string>();

  constructor(options: JobOptions) {
    this.#options = options;
    this.#limit = pLimit(options.concurrency);
  }

  /** Plans only. */
  async plan(targets: readonly Target[]): Promise<void> {
    await Promise.all(targets.map((target) => this.#plan(target)));
  }

  /** Plans and holds. */
  async run(targets: readonly Target[]): Promise<void> {
    await Promise.all(targets.map((target) => this.#hold(target)));
    for (const name of new Set(targets.map(({ mount }) => mount))) await this.#finish(name);
    this.progress.phase = "complete";
  }

  async #hold(target: Target): Promise<void> {
    const before = this.progress.failures.length;
    const files = await this.#plan(target);
    this.progress.phase = "downloading";
    await Promise.all(files.map((file) => this.#limit(() => this.#file(target, file))));
    const failures = this.progress.failures.slice(before).filter(({ purl }) => purl === target.purl);
    await this.#options.settled?.(target, failures);
  }

  async #plan(target: Target): Promise<PlannedFile[]> {
    try {
      const { files, withheld, requires } = await this.#limit(() =>
        this.#options.pool.run("plan", { mount: target.mount, wanted: target.wanted }),
      );
      this.#withhold(target, withheld);
      this.#require(target.mount, requires);
      const fresh = files.filter(({ path }) => this.#once(target.mount, path));
      this.progress.total += fresh.length;
      this.planned.push(...fresh.map((file) => ({ ...file, mount: target.mount })));
      return fresh;
    } catch (error) {
      this.progress.total++;
      this.#fail({ purl: target.purl, reason: messageOf(error) });
      return [];
    }
  }

  async #file(target: Target, { path, optional }: PlannedFile): Promise<void> {
    try {
      const { bytes, fetched, requires, files } = await this.#options.pool.run("hold", { mount: target.mount, path });
      this.#count(fetched, bytes);
      this.#require(target.mount, requires);
      const fresh = files.filter((file) => this.#once(target.mount, file.path));
      this.progress.total += fresh.length;
      for (const file of fresh)
        await this.#file(target, { path: file.path, optional: file.optional ?? false, held: false });
    } catch (error) {
      if (optional && error instanceof NotFound) this.progress.total--;
      else this.#fail({ purl: target.purl, path, reason: messageOf(error) });
    }
  }

  /** What clients ask of the registry as a whole, and what only the finished set can name. */
  async #finish(name: string): Promise<void> {
    const { ecosystem } = this.#options.mounts.get(name) ?? {};
    if (!ecosystem) return;
    const target: Target = { purl: `pkg:${ecosystem.purlType ?? ecosystem.id}`, mount: name, wanted: { name: "" } };
    for (const path of ecosystem.roots ?? []) {
      this.progress.total++;
      await this.#file(target, { path, optional: true, held: false });
    }
    if (!ecosystem.seal) return;
    try {
      const { held, failed } = await this.#options.pool.run("seal", { mount: name });
      this.progress.total += held.length + failed.length;
      for (const { fetched, bytes } of held) this.#count(fetched, bytes);
      for (const { path, reason } of failed) this.#fail({ purl: target.purl, path, reason });
    } catch (error) {
      this.progress.total++;
      this.#fail({ purl: target.purl, reason: messageOf(error) });
    }
  }

  #count(fetched: boolean, bytes: number): void {
    if (fetched) this.progress.completed++;
    else this.progress.skipped++;
    this.progress.bytes += bytes;
  }

  #fail(failure: Failure): void {
    this.progress.failed++;
    this.progress.failures.push(failure);
  }

  /** Of a whole package, young releases are left for a later run; one that was asked for by version is a failure. */
  #withhold(target: Target, withheld: readonly string[]): void {
    this.progress.withheld.push(...withheld);
    if (target.wanted.version === undefined) return;
    for (const purl of withheld) {
      this.progress.total++;
      this.#fail({ purl, reason: "withheld by the cooldown" });
    }
  }

  #require(mount: string, requires: readonly Requirement[]): void {
    for (const requirement of requires) {
      if (!requirement.optional)
        this.requires.set(`${mount} ${requirement.name} ${requirement.range}`, { ...requirement, mount });
    }
  }

  #once(mount: string, path: Path): boolean {
    const key = `${mount} ${path}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}

/** Of the declared dependencies, those for which nothing held fits, as PURLs with their range. */
export function missing(
  requires: Iterable<Dependency>,
  mounts: ReadonlyMap<string, Mount>,
  versionsHeld: (mount: string, name: string) => readonly string[],
): string[] {
  const found: string[] = [];
  for (const { mount, name, range } of requires) {
    const { ecosystem } = mounts.get(mount) ?? {};
    if (!ecosystem) continue;
    const identity = ecosystem.identity?.(name) ?? name;
    if (versionsHeld(mount, identity).some((version) => ecosystem.versions.satisfies(version, range))) continue;
    found.push(`${formatPurl(ecosystem, { name: identity })} ${range}`.trimEnd());
  }
  return found;
}
