import type { LeftOut } from "../../contract/facts.ts";
import { isRelease, type ReleaseTask, type Task } from "../../contract/jobs.ts";
import type { MaybePromise } from "../../index/port.ts";
import type { Counts, Failure } from "./progress.ts";

/** A task that is being worked on. */
export interface Taken {
  id: number;
  task: Task;
  /** How often it was tried before. */
  attempts: number;
  /** What it came to when it failed, before someone wanted it tried again. */
  counted?: Counts | null;
}

/** What working on a task came to. */
export type Settled =
  | {
      kind: "complete" | "failed";
      counts: Counts;
      failures: readonly Failure[];
      /** It led to other tasks, and nothing of its own was held. */
      isOnlySelected?: boolean;
      /** The registry that listed it does not have it. */
      isGone?: boolean;
      /** When releases that are withheld now may be had; milliseconds since 1970. */
      again?: number;
    }
  /** To be tried again at `at`, milliseconds since 1970. */
  | { kind: "postponed"; at: number };

/** Where a job's tasks are, and what became of them: rows for those that must outlive the process, memory for a look. */
export interface Ledger {
  /** Equal ones count once. Resolves when they are safe. */
  add(tasks: readonly Task[]): Promise<void>;
  /** Tasks that are due, none twice before it is settled. */
  take(limit: number): MaybePromise<Taken[]>;
  /** Milliseconds until a postponed task is due; `undefined` where none was postponed. */
  wait(): MaybePromise<number | undefined>;
  settle(taken: Taken, settled: Settled): Promise<void>;
  /** What holding the registry's own documents came to, once all tasks are settled. */
  finish(counts: Counts, failures: readonly Failure[]): Promise<void>;
  /** Whether an earlier job held all of a release that could be had: what it lacks is not asked for again. */
  isWhole(task: ReleaseTask): MaybePromise<boolean>;
  /** Why a listed package that upstream does not have is not to be given up; absent: it is. */
  doubt?(task: ReleaseTask): MaybePromise<Error | undefined>;
  /** Entries of the registry's list that make no sense. Default: there is no list. */
  odd?(): MaybePromise<LeftOut[]>;
  /** The number of tasks that were not taken yet. */
  waiting(): MaybePromise<number>;
  /** The mounts of all tasks. */
  mounts(): MaybePromise<Iterable<string>>;
  /** Learns whether somebody canceled the job; called by who drives it, now and then. */
  look?(): MaybePromise<void>;
  /** As `look` found it last. */
  isCanceled(): boolean;
}

/** What makes two tasks one. */
export function keyOfTask(task: Task): string {
  if (!isRelease(task)) return `${task.mount} ${task.path}`;
  const { mount, purl, digests = [], asks = [], isRoot, inGraph = [] } = task;
  const marks = [isRoot ? ["root"] : [], inGraph].flat();
  return [mount, purl, ...digests.toSorted(), ...marks, ...asks.toSorted()].join(" ");
}

/** For what is only looked at: a dry run, a check. */
export class MemoryLedger implements Ledger {
  readonly #known = new Set<string>();
  readonly #mounts = new Set<string>();
  readonly #tasks: Task[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #isWhole: Ledger["isWhole"];
  /** `due` by `performance.now()`: the clock of the machine may be set while they wait. */
  #postponed: (Taken & { due: number })[] = [];
  #next = 0;

  /** Once `signal` is aborted, the job counts as canceled. `isWhole`: see `Ledger`; default: nothing is known to be. */
  constructor({ signal, isWhole = () => false }: { signal?: AbortSignal; isWhole?: Ledger["isWhole"] } = {}) {
    this.#signal = signal;
    this.#isWhole = isWhole;
  }

  async add(tasks: readonly Task[]): Promise<void> {
    for (const task of tasks) {
      const key = keyOfTask(task);
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      this.#mounts.add(task.mount);
      this.#tasks.push(task);
    }
  }

  take(limit: number): Taken[] {
    const end = Math.min(this.#next + limit, this.#tasks.length);
    const taken = this.#tasks.slice(this.#next, end).map((task, i) => ({ id: this.#next + i, task, attempts: 0 }));
    this.#next = end;
    const now = performance.now();
    const due = this.#postponed.filter((each) => each.due <= now).slice(0, limit - taken.length);
    this.#postponed = this.#postponed.filter((each) => !due.includes(each));
    return [...taken, ...due];
  }

  wait(): number | undefined {
    if (this.#postponed.length === 0) return undefined;
    return Math.max(0, Math.min(...this.#postponed.map(({ due }) => due)) - performance.now());
  }

  async settle({ id, task, attempts }: Taken, settled: Settled): Promise<void> {
    if (settled.kind !== "postponed") return;
    const due = performance.now() + (settled.at - Date.now());
    this.#postponed.push({ id, task, attempts: attempts + 1, due });
  }

  async finish(): Promise<void> {}

  isWhole(task: ReleaseTask): MaybePromise<boolean> {
    return this.#isWhole(task);
  }

  waiting(): number {
    return this.#tasks.length - this.#next + this.#postponed.length;
  }

  mounts(): Iterable<string> {
    return this.#mounts;
  }

  isCanceled(): boolean {
    return this.#signal?.aborted ?? false;
  }
}
