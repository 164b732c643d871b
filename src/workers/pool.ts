/**
 * A pool of workers (threads, or processes of their own) that run named tasks. They start when they are needed; a task goes to
 * the least busy one; where one dies, another takes its tasks up again.
 */

import { type Events, emit } from "../contract/events.ts";
import {
  BadRequest,
  DigestMismatch,
  type Failure,
  LimitExceeded,
  NotFound,
  UpstreamFailed,
  Withheld,
} from "../lib/errors.ts";

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

/** A worker, as far as a pool needs one: a thread of Bun, or a process (`child.ts`). */
export interface Hand {
  postMessage(message: ToWorker): void;
  terminate(): void;
  ref(): void;
  unref(): void;
  addEventListener(type: "message", listener: (event: { data: FromWorker }) => void): void;
  addEventListener(type: "error", listener: (event: { message: string; isLimit?: boolean }) => void): void;
  addEventListener(type: "close", listener: () => void): void;
}

export interface PoolOptions {
  /** Milliseconds without a task after which a worker ends. Default: none does. */
  idle?: number;
}

interface Task {
  message: ToWorker;
  /** Threads that it may still outlive. */
  lives: number;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

interface Thread {
  worker: Hand;
  waiting: Map<number, Task>;
  /** It is for one task, which may be what ended another. */
  isApart: boolean;
  idle?: ReturnType<typeof setTimeout>;
}

/** A task that has seen so many threads die is taken for the cause. */
const LIVES = 2;
/** Milliseconds in which a thread that is told to end has ended. */
const GOING = 1_000;

export class Pool<T extends Tasks> {
  readonly #spawn: () => Hand;
  readonly #size: number;
  readonly #idle: number | undefined;
  readonly #ending: Promise<void>[] = [];
  #threads: Thread[] = [];
  #next = 0;
  /** Those that may have ended a worker are tried one after the other. */
  #trial: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(size: number, spawn: () => Hand, { idle }: PoolOptions = {}) {
    this.#size = size;
    this.#spawn = spawn;
    this.#idle = idle;
  }

  /**
   * Rejects with the task's own error, with LimitExceeded when it took more than it may, or with a retryable UpstreamFailed when
   * thread after thread died of it.
   */
  run<K extends keyof T & string>(name: K, input: Input<T, K>): Promise<Output<T, K>> {
    const { promise, resolve, reject } = Promise.withResolvers<Output<T, K>>();
    this.#dispatch({ message: { id: this.#next++, name, input }, lives: LIVES, resolve, reject });
    return promise;
  }

  /** Tasks that the least busy thread has, or a new one would have. */
  fewest(): number {
    const shared = this.#shared();
    return shared.length < this.#size ? 0 : Math.min(...shared.map(({ waiting }) => waiting.size));
  }

  /** Ends all threads; what they were doing fails. */
  close(): void {
    const threads = this.#threads;
    this.#threads = [];
    this.#isClosed = true;
    for (const { worker, waiting, idle } of threads) {
      clearTimeout(idle);
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

  #shared(): Thread[] {
    return this.#threads.filter(({ isApart }) => !isApart);
  }

  #thread(): Thread {
    const shared = this.#shared();
    const [idlest] = shared.toSorted((a, b) => a.waiting.size - b.waiting.size);
    if (idlest && (idlest.waiting.size === 0 || shared.length >= this.#size)) return idlest;
    return this.#start(false);
  }

  #start(isApart: boolean): Thread {
    const thread: Thread = { worker: this.#spawn(), waiting: new Map(), isApart };
    thread.worker.addEventListener("message", ({ data }) => {
      settle(thread, data);
      if (thread.waiting.size === 0 && !isApart) this.#endIfIdle(thread);
    });
    thread.worker.addEventListener("error", ({ message, isLimit }) => this.#died(thread, message, isLimit));
    thread.worker.addEventListener("close", () => this.#died(thread, "it ended"));
    this.#threads.push(thread);
    return thread;
  }

  #endIfIdle(thread: Thread): void {
    clearTimeout(thread.idle);
    if (this.#idle === undefined || !this.#threads.includes(thread)) return;
    thread.idle = setTimeout(() => this.#end(thread), this.#idle);
    thread.idle.unref();
  }

  #end(thread: Thread): void {
    this.#threads = this.#threads.filter((other) => other !== thread);
    clearTimeout(thread.idle);
    thread.worker.terminate();
  }

  #dispatch(task: Task, thread = this.#thread()): void {
    clearTimeout(thread.idle);
    thread.waiting.set(task.message.id, task);
    thread.worker.ref();
    thread.worker.postMessage(task.message);
  }

  #died(thread: Thread, reason: string, isLimit = false): void {
    if (!this.#threads.includes(thread)) return;
    this.#end(thread);
    if (isLimit && thread.waiting.size === 1) {
      for (const { reject } of thread.waiting.values()) reject(new LimitExceeded(reason));
      return;
    }
    for (const task of thread.waiting.values()) {
      if (isLimit) {
        this.#trial = this.#trial.then(() => this.#tryApart(task));
        continue;
      }
      if (task.lives-- > 0) this.#dispatch(task);
      else
        task.reject(new UpstreamFailed(`a worker died (${reason}); the task can be tried again`, { retryable: true }));
    }
  }

  /** Which of several tasks took too much is not known: each has a worker of its own, so that only the one is refused. */
  async #tryApart(task: Task): Promise<void> {
    if (this.#isClosed) return task.reject(new UpstreamFailed("the proxy is stopping", { retryable: true }));
    const { promise, resolve: settled } = Promise.withResolvers<void>();
    const { resolve, reject } = task;
    const thread = this.#start(true);
    this.#dispatch(
      {
        ...task,
        resolve: (value) => {
          resolve(value);
          settled();
        },
        reject: (error) => {
          reject(error);
          settled();
        },
      },
      thread,
    );
    await promise;
    this.#end(thread);
  }
}

function ended(worker: Hand): Promise<void> {
  return new Promise((resolve) => worker.addEventListener("close", resolve));
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
