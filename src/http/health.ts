import type { Cache } from "../cache/cache.ts";
import { messageOf } from "../errors.ts";

export interface Health {
  status: "ok" | "failing";
  storage: string;
  database: string;
}

/** Whether store and database work, by using them; the answer is kept for an interval, so that probes cost nothing. */
export class HealthProbe {
  readonly #check: () => Promise<Health>;
  readonly #interval: number;
  #last: { at: number; health: Promise<Health> } | undefined;

  /** `interval` in milliseconds; 0: every time. */
  constructor({ context }: Cache, database: { check(): void }, interval: number) {
    this.#interval = interval;
    this.#check = async () => {
      const [storage, answers] = [
        await attempt(() => context.storage.probe()),
        await attempt(async () => database.check()),
      ];
      return { status: storage === "ok" && answers === "ok" ? "ok" : "failing", storage, database: answers };
    };
  }

  health(now = performance.now()): Promise<Health> {
    if (!this.#last || now - this.#last.at >= this.#interval) this.#last = { at: now, health: this.#check() };
    return this.#last.health;
  }
}

async function attempt(run: () => Promise<void>): Promise<string> {
  try {
    await run();
    return "ok";
  } catch (error) {
    return messageOf(error);
  }
}
