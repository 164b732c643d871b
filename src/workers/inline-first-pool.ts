/** This thread first, others when it pays: most jobs are over before a second thread has started and compiled the same code. */
import type { Pool, Tasks } from "./pool.ts";

/** Milliseconds of processor time that a job takes before other threads pay; one that waits for the disk or upstream needs none. */
const ALONE = 1_000;

export interface CrewOptions<T extends Tasks> {
  /** What this thread does. */
  own: T;
  /** The other threads. */
  pool: Pool<T>;
  /** How many these may be at most. */
  others: number;
  /** Milliseconds of the process's own time, from the first task on, in which this thread works alone. Default: a second. */
  alone?: number;
  /** Whether a task is for this thread however long the job takes: handing it over would cost more than doing it. Default: none is. */
  keeps?: (name: string, input: unknown) => boolean;
}

/** Runs tasks as a pool does, in this thread too: each where the fewest are under way. */
export class Crew<T extends Tasks> {
  readonly #options: CrewOptions<T>;
  readonly #alone: number;
  #here = 0;
  #since: ReturnType<typeof process.cpuUsage> | undefined;
  #isLong = false;

  constructor(options: CrewOptions<T>) {
    this.#options = options;
    this.#alone = options.alone ?? ALONE;
  }

  /** Rejects with the task's own error, or as `Pool.run` does. */
  async run<K extends keyof T & string>(name: K, input: Parameters<T[K]>[0]): Promise<Awaited<ReturnType<T[K]>>> {
    const { own, pool, others, keeps } = this.#options;
    if (others > 0 && this.#isWorthIt() && this.#here > pool.fewest() && !keeps?.(name, input))
      return pool.run(name, input);
    this.#here++;
    try {
      return (await own[name]!(input)) as Awaited<ReturnType<T[K]>>;
    } finally {
      this.#here--;
    }
  }

  #isWorthIt(): boolean {
    this.#since ??= process.cpuUsage();
    if (this.#isLong) return true;
    const { user, system } = process.cpuUsage(this.#since);
    this.#isLong = user + system >= this.#alone * 1_000;
    return this.#isLong;
  }

  /** Ends the other threads; what they were doing fails. */
  close(): void {
    this.#options.pool.close();
  }
}
