/**
 * A pool of Bun workers that run named tasks. Threads start when they are needed; a task goes to the least busy one; where
 * a thread dies, another takes its tasks up again.
 */
import { BadRequest, DigestMismatch, type Failure, NotFound, UpstreamFailed, Withheld } from "./errors.ts";
import { type Events, emit } from "./events.ts";

/** Tasks by name: what they take and what they give; both structured-cloneable. */
export type Tasks = Record<string, (input: never) => Promise<unknown>>;
type Input<T extends Tasks, K extends keyof T> = Parameters<T[K]>[0];
type Output<T extends Tasks, K extends keyof T> = Awaited<ReturnType<T[K]>>;

type PlainError = { name: string; message: string; stack?: string | undefined } & Record<string, unknown>;
export type FromWorker =
  | { id: number; value: unknown }
  | { id: number; error: PlainError }
  | { event: keyof Events; data: never };
export interface ToWorker {
  id: number;
  name: string;
  input: unknown;
}

interface Task {
  message: ToWorker;
  /** Threads that it may still outlive. */
  lives: number;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

interface Thread {
  worker: Worker;
  waiting: Map<number, Task>;
}

/** A task that has seen so many threads die is taken for the cause. */
const LIVES = 2;
/** Milliseconds in which a thread that is told to end has ended. */
const GOING = 1_000;

export class Pool<T extends Tasks> {
  readonly #spawn: () => Worker;
  readonly #size: number;
  readonly #ending: Promise<void>[] = [];
  #threads: Thread[] = [];
  #next = 0;

  constructor(size: number, spawn: () => Worker) {
    this.#size = size;
    this.#spawn = spawn;
  }

  /** Rejects with the task's own error, or with a retryable UpstreamFailed when thread after thread died of it. */
  run<K extends keyof T & string>(name: K, input: Input<T, K>): Promise<Output<T, K>> {
    const { promise, resolve, reject } = Promise.withResolvers<Output<T, K>>();
    this.#dispatch({ message: { id: this.#next++, name, input }, lives: LIVES, resolve, reject });
    return promise;
  }

  /** Tasks that the least busy thread has, or a new one would have. */
  fewest(): number {
    return this.#threads.length < this.#size ? 0 : Math.min(...this.#threads.map(({ waiting }) => waiting.size));
  }

  /** Ends all threads; what they were doing fails. */
  close(): void {
    const threads = this.#threads;
    this.#threads = [];
    for (const { worker, waiting } of threads) {
      this.#ending.push(ended(worker));
      worker.terminate();
      for (const { reject } of waiting.values())
        reject(new UpstreamFailed("the proxy is stopping", { retryable: true }));
    }
  }

  /** Waits until the threads that `close` ended do nothing more, but no longer than a second. */
  async gone(): Promise<void> {
    await Promise.race([Promise.all(this.#ending.splice(0)), Bun.sleep(GOING)]);
  }

  #thread(): Thread {
    const [idlest] = this.#threads.toSorted((a, b) => a.waiting.size - b.waiting.size);
    if (idlest && (idlest.waiting.size === 0 || this.#threads.length >= this.#size)) return idlest;
    const thread: Thread = { worker: this.#spawn(), waiting: new Map() };
    thread.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => settle(thread, data));
    thread.worker.addEventListener("error", (event) => this.#died(thread, event.message));
    thread.worker.addEventListener("close", () => this.#died(thread, "it ended"));
    this.#threads.push(thread);
    return thread;
  }

  #dispatch(task: Task): void {
    const thread = this.#thread();
    thread.waiting.set(task.message.id, task);
    thread.worker.ref();
    thread.worker.postMessage(task.message);
  }

  #died(thread: Thread, reason: string): void {
    if (!this.#threads.includes(thread)) return;
    this.#threads = this.#threads.filter((other) => other !== thread);
    thread.worker.terminate();
    for (const task of thread.waiting.values()) {
      if (task.lives-- > 0) this.#dispatch(task);
      else
        task.reject(new UpstreamFailed(`a worker died (${reason}); the task can be tried again`, { retryable: true }));
    }
  }
}

function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.addEventListener("close", () => resolve(), { once: true }));
}

function settle(thread: Thread, message: FromWorker): void {
  if ("event" in message) return emit(message.event, message.data);
  const waiting = thread.waiting.get(message.id);
  thread.waiting.delete(message.id);
  if (thread.waiting.size === 0) thread.worker.unref();
  if ("error" in message) waiting?.reject(revive(message.error));
  else waiting?.resolve(message.value as never);
}

/** An error with its meaning, for the other side of a thread boundary. */
export function plain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  return { ...Object.fromEntries(Object.entries(error)), name: error.name, message: error.message, stack: error.stack };
}

/** The error again, on this side. */
export function revive(error: PlainError): Error {
  const kinds: Record<Failure["name"], { prototype: Error }> = {
    NotFound,
    Withheld,
    DigestMismatch,
    UpstreamFailed,
    BadRequest,
  };
  const prototype = kinds[error.name as Failure["name"]]?.prototype ?? Error.prototype;
  return Object.assign(Object.create(prototype) as Error, error);
}
