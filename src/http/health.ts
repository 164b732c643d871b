import type { Cache } from "../cache/cache.ts";
import { messageOf } from "../lib/errors.ts";

/** Of one part; `step` is what failed of a try of the store. */
export interface Check {
  status: "ok" | "error";
  error?: string;
  step?: Step;
}

type Step = "write" | "read" | "verify" | "delete";

/** As the Go peer has it. */
export interface Health {
  status: "ok" | "error";
  checks: { storage: Check; database: Check };
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
      const storage = await attempt(() => context.storage.probe());
      if (storage.error !== undefined) storage.step = stepOf(storage.error);
      const answers = await attempt(async () => database.check());
      const isOk = storage.status === "ok" && answers.status === "ok";
      return { status: isOk ? "ok" : "error", checks: { storage, database: answers } };
    };
  }

  health(now = performance.now()): Promise<Health> {
    if (!this.#last || now - this.#last.at >= this.#interval) this.#last = { at: now, health: this.#check() };
    return this.#last.health;
  }
}

/** What of a try of the store failed, by the message. */
export function stepOf(message: string): Step {
  if (message.includes("read back differs")) return "verify";
  if (/, (?:unlink|rm|rmdir)\b/.test(message)) return "delete";
  return /, read\b/.test(message) ? "read" : "write";
}

async function attempt(run: () => Promise<void>): Promise<Check> {
  try {
    await run();
    return { status: "ok" };
  } catch (error) {
    return { status: "error", error: messageOf(error) };
  }
}
