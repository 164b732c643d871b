/**
 * A process of its own for tasks that read what strangers wrote, with limits on time and memory.
 *
 * Why not a thread: tried in the compiled executable (Bun 1.4.5), `worker.terminate()` ends a loop in JavaScript within
 * 20 ms and `JSON.parse` of 160 MB after 0.6 s, but a regular expression that backtracks goes on for ever, since it is never
 * asked to stop; and what a thread allocates is the server's own memory, as Bun does not enforce `resourceLimits`. SIGKILL
 * ended each of them within 30 ms, memory included.
 */
import { readFileSync } from "node:fs";
import { formatSize } from "../lib/sizes.ts";
import { spawnChild } from "../spawn.ts";
import type { FromWorker, Hand, ToWorker } from "../workers/pool.ts";

/** 0: no limit. */
export interface Limits {
  /** Milliseconds of processor time in which it must come back to its event loop. */
  time: number;
  /** Bytes that it may have in memory. */
  memory: number;
}

/** Milliseconds between looks at what a busy child uses. */
const LOOK = 100;
/** Answered by the child as soon as it is between two tasks. */
export const PING = "ping";
const PING_ID = -2;

type Listener = (event: never) => void;

/** A worker, as far as a pool needs one. What ends it for a limit is an `error` with `isLimit`. */
export class Child implements Hand {
  readonly #limits: Limits;
  readonly #process: ReturnType<typeof spawnChild>;
  readonly #listeners = new Map<string, Listener[]>();
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Processor time when it was asked whether it is there, until it says so. */
  #asked: number | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#process = spawnChild(
      (message) => this.#received(message as FromWorker),
      () => this.#ended(),
    );
    this.#process.unref();
  }

  get pid(): number {
    return this.#process.pid;
  }

  postMessage(message: ToWorker): void {
    // One that has just ended tells so itself.
    if (!this.#process.killed && this.#process.exitCode === null) this.#process.send(message);
  }

  terminate(): void {
    this.#rest();
    this.#process.kill("SIGKILL");
  }

  /** Something is under way. */
  ref(): void {
    this.#process.ref();
    this.#watch ??= setInterval(() => this.#look(), LOOK);
  }

  unref(): void {
    this.#process.unref();
    this.#rest();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  #emit(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }

  #received(message: FromWorker): void {
    if ("id" in message && message.id === PING_ID) this.#asked = undefined;
    else this.#emit("message", { data: message });
  }

  #ended(): void {
    this.#rest();
    this.#emit("close", {});
  }

  #rest(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
    this.#asked = undefined;
  }

  #look(): void {
    const { time, memory } = this.#limits;
    const now = processorTime(this.pid);
    if (this.#asked === undefined) {
      this.#asked = now;
      this.postMessage({ id: PING_ID, name: PING, input: undefined });
    } else if (time > 0 && now - this.#asked > time)
      return this.#end(`more than ${time / 1_000} s of processor time (the setting is isolation.time)`);
    if (memory > 0 && residentBytes(this.pid) > memory)
      this.#end(`more than ${formatSize(memory)} of memory (the setting is isolation.memory)`);
  }

  #end(reason: string): void {
    this.terminate();
    this.#emit("error", { message: `it took ${reason}`, isLimit: true });
  }
}

/** Milliseconds of a process's main thread; where that cannot be told, the clock's. */
function processorTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8");
    const [user, system] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14);
    // Linux tells it in hundredths of a second, whatever the kernel's own clock.
    return (Number(user) + Number(system)) * 10;
  } catch {
    return performance.now();
  }
}

/** 0 where it cannot be told. */
function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
