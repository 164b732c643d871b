/** In a server: runs mirror jobs that are waiting for one, whoever made them, and leaves them to the next server when it stops. */

import type { JobSpec } from "../../contract/jobs.ts";
import type { JobRow } from "../../index/rows.ts";

import { messageOf } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { type Estimator, runEstimate } from "../plan/estimating.ts";
import type { Registries } from "../registry/registries.ts";
import type { FeedTask } from "../registry/remote-feed.ts";
import { Pace } from "./pace.ts";
import { runJob } from "./run.ts";
import type { JobStore } from "./store.ts";
import type { Runner } from "./tasks.ts";

/** Runs feeds: where clients are served, no list of millions is read. */
export interface FeedThread {
  run(name: "feed", task: FeedTask): Promise<void>;
}

export interface JobRunnerOptions {
  store: JobStore;
  registries: Registries;
  mounts: ReadonlyMap<string, Mount>;
  /** Threads for jobs: opened with the first one, closed when there was none for a while. */
  openPool: () => Runner & FeedThread & { close(): void };
  /** What jobs that only tell it would come to. */
  estimate: Estimator;
  /** Hours in which they may begin work. Default: always. */
  window?: string | undefined;
  /** Jobs at once. */
  most: number;
  /** Milliseconds between looks for jobs that other processes made or want tried again. Default: 2 s. */
  poll?: number;
  /** Milliseconds without a job after which the threads end. Default: a minute. */
  idle?: number;
}

const POLL = 2_000;
const IDLE = 60_000;
const SAMPLE = 1_000;

interface Running {
  pace?: Pace;
  ended: Promise<void>;
}

export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #running = new Map<string, Running>();
  readonly #stopping = new AbortController();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #pool: ReturnType<JobRunnerOptions["openPool"]> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timers.push(setInterval(() => this.look(), this.#options.poll ?? POLL));
    this.#timers.push(setInterval(() => this.#sample(), SAMPLE));
    this.look();
  }

  /** Runs what is waiting, as far as there is room: for those who made a job, so that it need not wait for the next look. */
  look(): void {
    void this.#look();
  }

  async #look(): Promise<void> {
    const { store, most } = this.#options;
    if (this.#timers.length === 0 || this.#stopping.signal.aborted) return;
    try {
      for (const { id, spec } of await store.waiting()) {
        if (this.#running.size >= most || this.#stopping.signal.aborted) return;
        if (spec.runBy === "server" && !this.#running.has(id)) this.#running.set(id, { ended: this.#run(id, spec) });
      }
    } catch (error) {
      log.error("looking for mirror jobs failed", { error: messageOf(error) });
    }
  }

  /** Of a job that runs in this process. Live. */
  pace(id: string): Pace | undefined {
    return this.#running.get(id)?.pace;
  }

  /** Running jobs take no more tasks, and what they are doing may take so many milliseconds; then they are pending again. */
  async stop(grace: number): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopping.abort();
    const ended = Promise.all(Array.from(this.#running.values(), (running) => running.ended));
    await Promise.race([ended, Bun.sleep(grace)]);
    this.#close();
    await ended;
  }

  async #run(id: string, { title, dry }: JobSpec): Promise<void> {
    clearTimeout(this.#idle);
    let isRun = false;
    try {
      const { store, estimate } = this.#options;
      const row = dry ? await runEstimate(store, id, estimate, this.#stopping.signal) : await this.#mirror(id, title);
      isRun = row !== undefined;
      if (row) {
        const { state, error, completed, skipped, failed, bytes } = row;
        log.info("mirror job ended", {
          job: id,
          title,
          state,
          completed,
          skipped,
          failed,
          bytes,
          ...(error && { error }),
        });
      }
    } catch (error) {
      log.error("mirror job broke off", { job: id, title, error: messageOf(error) });
    }
    this.#running.delete(id);
    const isIdle = this.#running.size === 0 && !this.#stopping.signal.aborted;
    if (isIdle) this.#idle = setTimeout(() => this.#close(), this.#options.idle ?? IDLE);
    // What could not be run is looked at again later, not at once.
    if (isRun) this.look();
  }

  #mirror(id: string, title: string): Promise<JobRow | undefined> {
    const { store, registries, mounts, window, openPool } = this.#options;
    this.#pool ??= openPool();
    const pool = this.#pool;
    return runJob(store, id, {
      pool,
      mounts,
      registries,
      thread: (task) => pool.run("feed", task),
      window,
      signal: this.#stopping.signal,
      started: (progress) => {
        this.#running.get(id)!.pace = new Pace(progress);
        log.info("mirror job started", { job: id, title });
      },
    });
  }

  #sample(): void {
    for (const { pace } of this.#running.values()) pace?.sample();
  }

  #close(): void {
    clearTimeout(this.#idle);
    this.#pool?.close();
    this.#pool = undefined;
  }
}
