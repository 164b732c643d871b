import { isRelease, type JobSpec, type ReleaseTask, type Task } from "../../contract/jobs.ts";
import type { Jobs } from "../../index/sqlite/jobs.ts";
import type { Mirrored } from "../../index/sqlite/mirrored.ts";
import type { Tasks } from "../../index/sqlite/tasks.ts";
import type { Writer } from "../../index/sqlite/writer.ts";
import { keyOfChoice } from "../plan/choice.ts";
import { keyOfTask, type Ledger, type Settled, type Taken } from "./ledger.ts";
import type { Counts, Failure } from "./progress.ts";

/** The tables that jobs are in. */
export interface Tables {
  jobs: Jobs;
  tasks: Tasks;
  mirrored: Mirrored;
  writer: Pick<Writer, "write">;
}

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
  #lookedAt = 0;
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
    await this.#tables.writer.write(() => {
      for (const task of tasks) this.#tables.tasks.add(this.#job, keyOfTask(task), task);
    });
  }

  take(limit: number): Taken[] {
    if (this.#ahead.length === 0) this.#ahead = this.#read();
    const taken = this.#ahead.splice(0, limit);
    for (const { id } of taken) this.#taken.add(id);
    return taken;
  }

  /** New tasks first; when there are none, those that were put off. */
  #read(): Taken[] {
    const { tasks } = this.#tables;
    const fresh = tasks.after(this.#job, this.#last, PAGE);
    this.#last = fresh.at(-1)?.id ?? this.#last;
    if (fresh.length > 0) return fresh;
    return tasks.due(this.#job, Date.now(), PAGE, [...this.#taken]);
  }

  wait(): number | undefined {
    const at = this.#tables.tasks.soonest(this.#job);
    return at === undefined ? undefined : Math.max(0, at - Date.now());
  }

  async settle({ id, task, attempts }: Taken, settled: Settled): Promise<void> {
    const { tasks, jobs, writer } = this.#tables;
    await writer.write(() => {
      if (settled.kind === "postponed") return tasks.postpone(id, attempts + 1, Math.round(settled.at));
      const { kind, counts, failures } = settled;
      tasks.settle(id, kind, attempts + 1, kind === "failed" ? counts : null);
      jobs.add(this.#job, counts);
      this.#record(id, attempts + 1, failures);
      if (!isRelease(task)) return;
      this.#tables.mirrored.settle({
        mount: task.mount,
        purl: task.purl,
        choice: keyOfChoice(this.#spec.choice, task.digests),
        at: Date.now(),
        files: counts.completed + counts.skipped,
        failure: failures[0]?.reason ?? null,
      });
    });
    this.#taken.delete(id);
  }

  async finish(counts: Counts, failures: readonly Failure[]): Promise<void> {
    const { jobs, writer } = this.#tables;
    await writer.write(() => {
      jobs.add(this.#job, counts);
      this.#record(0, 1, failures);
    });
  }

  #record(task: number, attempts: number, failures: readonly Failure[]): void {
    for (const { purl, path, reason, isPassing } of failures)
      this.#tables.jobs.fail({
        job: this.#job,
        task,
        purl,
        path: path ?? null,
        reason,
        isPassing,
        attempts,
        at: Date.now(),
      });
  }

  isWhole({ mount, purl, digests }: ReleaseTask): boolean {
    if (this.#spec.refresh) return false;
    return this.#tables.mirrored.isWhole(mount, purl, keyOfChoice(this.#spec.choice, digests));
  }

  waiting(): number {
    return this.#tables.tasks.count(this.#job, "pending") - this.#taken.size;
  }

  mounts(): Iterable<string> {
    return this.#tables.tasks.mounts(this.#job);
  }

  isCanceled(): boolean {
    if (this.#signal?.aborted) return true;
    const now = performance.now();
    if (now - this.#lookedAt < LOOK) return this.#canceled;
    this.#lookedAt = now;
    this.#canceled = this.#tables.jobs.find(this.#job)?.state !== "running";
    return this.#canceled;
  }
}
