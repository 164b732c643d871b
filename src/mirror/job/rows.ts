import { isRelease, type JobSpec, type ReleaseTask, type Task } from "../../contract/jobs.ts";
import type { Index, MaybePromise } from "../../index/port.ts";
import type { FailureRow } from "../../index/rows.ts";
import { keyOfChoice } from "../plan/choice.ts";
import { keyOfTask, type Ledger, type Settled, type Taken } from "./ledger.ts";
import type { Counts, Failure } from "./progress.ts";

/** The part of the index that jobs are in. */
export type Tables = Pick<Index, "jobs" | "tasks" | "mirrored" | "artifacts" | "pins" | "commit">;

/** Tasks that are read ahead, and written together. */
const PAGE = 500;
/** Milliseconds between looks whether someone canceled the job. */
const LOOK = 500;

/** The ledger of a job that survives its process: a task is done when the row says so, in one transaction with what it counts. */
export class RowLedger implements Ledger {
  readonly #tables: Tables;
  readonly #job: string;
  readonly #spec: JobSpec;
  readonly #signal: AbortSignal | undefined;
  readonly #taken = new Set<number>();
  #ahead: Taken[] = [];
  /** Tasks up to this one were read. */
  #last = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #canceled = false;

  /** Once `signal` is aborted, the job counts as canceled here, and its row stays as it is. */
  constructor(tables: Tables, job: string, spec: JobSpec, signal?: AbortSignal) {
    this.#tables = tables;
    this.#job = job;
    this.#spec = spec;
    this.#signal = signal;
  }

  async add(tasks: readonly Task[]): Promise<void> {
    if (tasks.length === 0) return;
    const keyed = tasks.map((task) => ({ key: keyOfTask(task), task }));
    await this.#tables.commit("addTasks", { job: this.#job, tasks: keyed });
  }

  async take(limit: number): Promise<Taken[]> {
    if (this.#ahead.length === 0) this.#ahead = await this.#read();
    const taken = this.#ahead.splice(0, limit);
    for (const { id } of taken) this.#taken.add(id);
    return taken;
  }

  /** New tasks first; when there are none, those that were put off. */
  async #read(): Promise<Taken[]> {
    const { tasks } = this.#tables;
    const fresh = await tasks.after(this.#job, this.#last, PAGE);
    this.#last = fresh.at(-1)?.id ?? this.#last;
    if (fresh.length > 0) return fresh;
    return tasks.due(this.#job, Date.now(), PAGE, [...this.#taken]);
  }

  async wait(): Promise<number | undefined> {
    const at = await this.#tables.tasks.soonest(this.#job);
    return at === undefined ? undefined : Math.max(0, at - Date.now());
  }

  async settle({ id, task, attempts }: Taken, settled: Settled): Promise<void> {
    await (settled.kind === "postponed"
      ? this.#tables.commit("postponeTask", { id, attempts: attempts + 1, notBefore: Math.round(settled.at) })
      : this.#settle(id, task, attempts + 1, settled));
    this.#taken.delete(id);
  }

  #settle(
    id: number,
    task: Task,
    attempts: number,
    { kind, counts, failures, isOnlySelected }: Exclude<Settled, { kind: "postponed" }>,
  ): Promise<void> {
    // What only led to other tasks is held when they are done, of which one is the release itself.
    const mirrored =
      isRelease(task) && !isOnlySelected
        ? {
            mount: task.mount,
            purl: task.purl,
            choice: keyOfChoice(this.#spec.choice, task.digests),
            at: Date.now(),
            files: counts.completed + counts.skipped,
            failure: failures[0]?.reason ?? null,
          }
        : undefined;
    return this.#tables.commit("settleTask", {
      job: this.#job,
      task: { id, attempts },
      state: kind,
      counts,
      failures: failuresOf(id, attempts, failures),
      mirrored,
    });
  }

  async finish(counts: Counts, failures: readonly Failure[]): Promise<void> {
    await this.#tables.commit("countJob", { job: this.#job, counts, failures: failuresOf(0, 1, failures) });
  }

  isWhole({ mount, purl, digests }: ReleaseTask): MaybePromise<boolean> {
    if (this.#spec.refresh) return false;
    return this.#tables.mirrored.isWhole(mount, purl, keyOfChoice(this.#spec.choice, digests));
  }

  async waiting(): Promise<number> {
    return (await this.#tables.tasks.count(this.#job, "pending")) - this.#taken.size;
  }

  mounts(): MaybePromise<Iterable<string>> {
    return this.#tables.tasks.mounts(this.#job);
  }

  async look(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK) return;
    this.#lookedAt = now;
    this.#canceled = (await this.#tables.jobs.find(this.#job))?.state !== "running";
  }

  isCanceled(): boolean {
    return this.#canceled || this.#signal?.aborted === true;
  }
}

/** As they are written, for a task (0: for the job). */
export function failuresOf(
  task: number,
  attempts: number,
  failures: readonly Failure[],
): Omit<FailureRow, "id" | "job">[] {
  const at = Date.now();
  return failures.map(({ purl, path = null, reason, isPassing }) => ({
    task,
    purl,
    path,
    reason,
    isPassing,
    attempts,
    at,
  }));
}
