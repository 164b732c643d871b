/**
 * What stands around every plugin at run time: what it throws fails one request or task, and what blocks the thread is named.
 * Plugins of the executable and those from outside are treated alike.
 */
import type { Ecosystem } from "../contract/ecosystem.ts";
import { BadRequest, DigestMismatch, messageOf, NotFound, UpstreamFailed, Withheld } from "../lib/errors.ts";
import { log } from "../lib/log.ts";

type Call = (...args: unknown[]) => unknown;

/** Milliseconds of processor time for one document after which a plugin is named: so long nobody else was served by this thread. */
const BLOCKED = 1_000;
/** Documents that were named already, so that one asked for often is told once. */
const TOLD = new Set<string>();
/** Most of them that are remembered. */
const MOST_TOLD = 1_000;
const MEANT = [NotFound, Withheld, DigestMismatch, UpstreamFailed, BadRequest];
/** `purl` throws with a reason for people; a catalog waits for upstream, and blocks nobody. */
const AS_IT_IS: readonly unknown[] = ["purl", "catalog"];

/** What may be asynchronous; all else is to answer at once. */
const ASYNCHRONOUS: readonly string[] = ["offline", "answer"];

/** The same plugin; what it throws becomes UpstreamFailed (502), but for `setup` and `problem`, without which there are words too. */
export function guarded(ecosystem: Ecosystem): Ecosystem {
  const all = around(ecosystem, ecosystem.id) as Ecosystem;
  const { setup, problem } = all;
  const safely = <T>(call: () => T, instead: T): T => {
    try {
      return call();
    } catch (error) {
      log.error("a plugin failed", { plugin: ecosystem.id, error: messageOf(error) });
      return instead;
    }
  };
  return {
    ...all,
    setup: (...given) => safely(() => setup(...given), given[0]),
    ...(problem && { problem: (...given) => safely(() => problem(...given), given[1]) }),
  };
}

function around(value: unknown, id: string): unknown {
  if (Array.isArray(value)) return value.map((each) => around(each, id));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, own]) => {
      if (AS_IT_IS.includes(key)) return [key, own];
      return [key, typeof own === "function" ? watched(own as Call, value, id, key) : around(own, id)];
    }),
  );
}

function watched(call: Call, owner: object, id: string, name: string): Call {
  return (...args) => {
    const watch = new Watch(id, name, args[0]);
    return watch.through(watch.run(() => call.apply(owner, args)));
  };
}

/** One call of a plugin, with what it yields later. */
class Watch {
  readonly #id: string;
  readonly #name: string;
  readonly #of: unknown;
  /** By the clock, which is the cheaper one to read. */
  #spent = 0;
  /** Of this thread when the first timed call began. */
  #before: NodeJS.CpuUsage | undefined;
  #isTold = false;

  constructor(id: string, name: string, of: unknown) {
    this.#id = id;
    this.#name = name;
    this.#of = of;
  }

  /** What is given a document is timed; the rest is called too often, and for too little. */
  run<T>(call: () => T): T {
    const isTimed = this.#of instanceof Uint8Array || pathOf(this.#of) !== undefined;
    return isTimed ? this.#time(call) : this.#attempt(call);
  }

  #attempt<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): never {
    throw MEANT.some((kind) => error instanceof kind) ? error : this.#failure(error);
  }

  #time<T>(call: () => T): T {
    this.#before ??= process.threadCpuUsage();
    const started = performance.now();
    try {
      return this.#attempt(call);
    } finally {
      this.#spent += performance.now() - started;
      if (this.#spent >= BLOCKED && !this.#isTold) this.#judge();
    }
  }

  /** What yields (facts may) is watched as it is read. */
  through(result: unknown): unknown {
    if (typeof result !== "object" || result === null) return result;
    if (result instanceof Promise) {
      if (ASYNCHRONOUS.includes(this.#name)) return result.catch((error: unknown) => this.#refuse(error));
      // One that fails, and that nobody waits for, would end the process.
      result.catch(() => {});
      throw this.#failure(
        new Error(
          `it answers with a promise; expected an answer: only ${ASYNCHRONOUS.join(" and ")}, seal and catalogs may wait`,
        ),
      );
    }
    if (Symbol.asyncIterator in result) return this.#yieldingLater(result as AsyncIterable<unknown>);
    if ("next" in result) return this.#yielding(result as Iterator<unknown>);
    for (const key of ["releases", "follow"] as const) {
      const part = (result as Record<string, unknown>)[key];
      if (typeof part === "object" && part !== null && "next" in part)
        return this.through({ ...result, [key]: this.#yielding(part as Iterator<unknown>) });
    }
    return result;
  }

  #yielding(source: Iterator<unknown>): Iterable<unknown> {
    const next = () => this.run(() => source.next());
    return { [Symbol.iterator]: () => ({ next, return: () => source.return?.() ?? { done: true, value: undefined } }) };
  }

  async *#yieldingLater(source: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    try {
      yield* source;
    } catch (error) {
      this.#refuse(error);
    }
  }

  #failure(error: unknown): UpstreamFailed {
    const isDocument = pathOf(this.#of) !== undefined;
    // Who hands over a document says itself what it was to be read for.
    const message = isDocument
      ? messageOf(error)
      : `the plugin ${this.#id} failed in ${this.#name}: ${messageOf(error)}`;
    const failure = new UpstreamFailed(message);
    failure.cause = error;
    return failure;
  }

  /** On a busy machine a call takes long by the clock although it does little. */
  #judge(): void {
    const { user, system } = process.threadCpuUsage(this.#before);
    const milliseconds = Math.min(this.#spent, (user + system) / 1_000);
    if (milliseconds < BLOCKED) return;
    this.#isTold = true;
    const document = `${this.#id} ${pathOf(this.#of) ?? this.#name}`;
    if (TOLD.has(document)) return;
    if (TOLD.size >= MOST_TOLD) TOLD.clear();
    TOLD.add(document);
    log.warn("a plugin blocks the thread", {
      plugin: this.#id,
      function: this.#name,
      document: pathOf(this.#of),
      milliseconds: Math.round(milliseconds),
    });
  }
}

function pathOf(of: unknown): string | undefined {
  return typeof of === "object" && of !== null && "path" in of && typeof of.path === "string" ? of.path : undefined;
}
