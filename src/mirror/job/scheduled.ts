/**
 * Scheduled jobs: those of the configuration that run again and again. What was run when is known to the rows of jobs alone,
 * so that several servers on one store, and one that was down for a while, agree on what is due.
 */

import type { JobSpec, Task } from "../../contract/jobs.ts";
import type { JobRow } from "../../index/rows.ts";

import { ageOf } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { JobStore } from "./store.ts";

export interface ScheduledJob {
  /** Names it, and its runs. */
  name: string;
  /** When it comes next after a time, in milliseconds since 1970. */
  next: (after: number) => number | undefined;
  spec: JobSpec;
  /** Reads its sources anew. */
  tasks: () => Promise<AsyncIterable<Task>>;
}

export interface ScheduledOptions {
  store: JobStore;
  jobs: readonly ScheduledJob[];
  /** Told that a run was made. */
  made: () => void;
  /** Milliseconds between looks at the clock. Default: 5 s. */
  poll?: number;
  now?: () => number;
}

const POLL = 5_000;

export class ScheduledJobs {
  readonly #options: ScheduledOptions;
  /** When a run last could not be made, or was left out, by name: the next time is the one after that. */
  readonly #passed = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: ScheduledOptions) {
    this.#options = options;
  }

  /** A job runs at once that never ran, failed last, or was missed. */
  start(): void {
    if (this.#options.jobs.length === 0) return;
    const look = (isFirst: boolean) => {
      this.#looking = this.#looking.then(() => this.look(isFirst));
    };
    look(true);
    this.#timer = setInterval(() => look(false), this.#options.poll ?? POLL);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Makes the runs that are due. */
  async look(isFirst = false): Promise<void> {
    for (const job of this.#options.jobs) {
      try {
        await this.#look(job, isFirst);
      } catch (error) {
        this.#pass(job);
        log.error("a scheduled mirror job cannot run; it is tried again at its next time", {
          mirror: job.name,
          error: messageOf(error),
        });
      }
    }
  }

  async #look(job: ScheduledJob, isFirst: boolean): Promise<void> {
    const { store, made } = this.#options;
    const { name, spec, tasks } = job;
    if (!this.#isDue(job, await store.latest(name), isFirst)) return;
    const turn = await store.turn(name);
    if (!turn) return;
    try {
      const last = await store.latest(name);
      if (!this.#isDue(job, last, isFirst)) return;
      if (last && isUnfinished(last)) {
        this.#pass(job);
        log.warn("a scheduled mirror job is left out: its last run is still going", { mirror: name, job: last.id });
        return;
      }
      const id = await store.create({ ...spec, standing: name }, await tasks());
      this.#pass(job);
      log.info("a scheduled mirror job is due", { mirror: name, job: id });
      made();
    } finally {
      await turn.release();
    }
  }

  #isDue({ name, next }: ScheduledJob, last: JobRow | undefined, isFirst: boolean): boolean {
    const passed = this.#passed.get(name);
    if (!last && passed === undefined) return true;
    if (isFirst && last?.state === "failed") return true;
    // A time that comes while a run is going is left out, one that comes after it is not.
    const ended = last && (isUnfinished(last) ? last.createdAt : (last.finishedAt ?? last.createdAt));
    const now = this.#now();
    // What ended in the future did so by a clock that was ahead.
    const times = [ended ?? 0, passed ?? 0].filter((at) => Number.isFinite(ageOf(at, now)));
    const at = next(Math.max(0, ...times));
    return at !== undefined && at <= now;
  }

  #pass({ name }: ScheduledJob): void {
    this.#passed.set(name, this.#now());
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function isUnfinished({ state }: JobRow): boolean {
  return state === "pending" || state === "running";
}
