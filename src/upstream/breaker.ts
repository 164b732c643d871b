import { UpstreamFailed } from "../errors.ts";
import { emit } from "../events.ts";

/** Failures in a row after which a host is left alone, and for how many milliseconds. */
const FAILURES = 5;
const PAUSE = 10_000;

/** Spares clients the wait for a host that is down: what is held is served stale at once, the rest fails at once. */
export class Breaker {
  readonly #hosts = new Map<string, { failures: number; openUntil: number }>();

  /** Throws UpstreamFailed while the host is left alone. One request is let through when the pause is over. */
  admit(host: string, now = Date.now()): void {
    const state = this.#hosts.get(host);
    if (!state || state.failures < FAILURES) return;
    if (now < state.openUntil) {
      throw new UpstreamFailed(
        `${host} failed ${state.failures} times in a row and is left alone for a moment; try again`,
        { retryable: true, retryAfter: state.openUntil - now },
      );
    }
    state.openUntil = now + PAUSE;
  }

  succeeded(host: string): void {
    const state = this.#hosts.get(host);
    if (state && state.failures >= FAILURES) emit("breaker", { host, state: "closed" });
    this.#hosts.delete(host);
  }

  failed(host: string, now = Date.now()): void {
    const failures = (this.#hosts.get(host)?.failures ?? 0) + 1;
    this.#hosts.set(host, { failures, openUntil: now + PAUSE });
    if (failures === FAILURES) emit("breaker", { host, state: "open" });
  }
}
