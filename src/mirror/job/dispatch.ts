import { revive } from "../../workers/pool.ts";
import type { Held } from "../plan/fetch-file.ts";
import type { Order, Runner } from "./tasks.ts";

interface Waiting {
  order: Order;
  resolve: (held: Held) => void;
  reject: (error: Error) => void;
}

/** Files that a thread is given at once: what it costs to hand over a small one is more than what it costs to fetch it. */
const BATCH = 16;
/** How many of them it fetches at a time. */
export const AT_ONCE = 4;
/** Bytes above which a file goes alone: those behind it would wait for it, and their places with them. */
const LARGE = 1024 * 1024;

/** Whether a file is known to be such that other work should not wait for it. */
export function isLarge({ size, options }: Order): boolean {
  return (size ?? options.fact?.size ?? 0) > LARGE;
}

/** Hands files to a pool of workers, so that no more than a number of downloads are under way in all. */
export class Dispatch {
  readonly #pool: Runner;
  #free: number;
  #queue: Waiting[] = [];
  #next = 0;

  constructor(pool: Runner, concurrency: number) {
    this.#pool = pool;
    this.#free = concurrency;
  }

  hold(order: Order): Promise<Held> {
    const { promise, resolve, reject } = Promise.withResolvers<Held>();
    this.#queue.push({ order, resolve, reject });
    // Those of one moment go together.
    if (this.#queue.length - this.#next === 1) queueMicrotask(() => this.#send());
    return promise;
  }

  #send(): void {
    while (this.#free > 0 && this.#next < this.#queue.length) {
      const batch = this.#take();
      const places = Math.min(batch.length, AT_ONCE, this.#free);
      this.#free -= places;
      void this.#deliver(batch, places).finally(() => {
        this.#free += places;
        this.#send();
      });
    }
  }

  /** Small ones together, as many as leave some to the other threads. */
  #take(): Waiting[] {
    const waiting = this.#queue.length - this.#next;
    const most = Math.max(1, Math.min(BATCH, Math.floor(waiting / 2)));
    const batch: Waiting[] = [];
    while (batch.length < most && this.#next < this.#queue.length) {
      const large = isLarge(this.#queue[this.#next]!.order);
      if (large && batch.length > 0) break;
      batch.push(this.#queue[this.#next++]!);
      if (large) break;
    }
    if (this.#next === this.#queue.length) [this.#queue, this.#next] = [[], 0];
    return batch;
  }

  async #deliver(batch: readonly Waiting[], places: number): Promise<void> {
    try {
      const orders = batch.map(({ order }) => order);
      const deliveries = await this.#pool.run("hold", { orders, atOnce: places });
      for (const [at, { resolve, reject }] of batch.entries()) {
        const delivery = deliveries[at]!;
        if ("held" in delivery) resolve(delivery.held);
        else reject(revive(delivery.error));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
  }
}
