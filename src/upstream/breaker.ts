import { emit } from "../contract/events.ts";
import { UpstreamFailed } from "../lib/errors.ts";

/** Paths that failed in a row after which a place is asked with care, and for how many milliseconds what failed is left alone. */
const FAILURES = 5;
const PAUSE = 10_000;
/** Paths that are known to have failed, at most. */
const PATHS = 1_000;

/** What fails together: the documents, or the files, that one mount has of one host. */
export interface Place {
  mount: string;
  host: string;
  kind: string;
}

interface State {
  failures: number;
  /** Nothing may be asked before: no connection could be made. */
  shutUntil: number;
  /** When each path that failed may be asked again. */
  paths: Map<string, number>;
  /** Resolves when the request that is under way has ended. */
  probe: PromiseWithResolvers<void> | undefined;
}

/**
 * Spares clients the wait for what fails again and again: what is held is served stale at once, the rest fails at once.
 *
 * A path that failed is left alone for a while. Other paths of the place are still asked, one at a time and once each: errors that a
 * server answers with may be of the paths that one client asks for. Where no connection can be made, all are left alone.
 */
export class Breaker {
  readonly #places = new Map<string, State>();

  /**
   * Resolves when the path may be asked for; true: once, as a probe, whose end must be told by `ended`. Throws UpstreamFailed while
   * it is left alone, and where the probe of another does not end before the deadline.
   */
  async admit(place: Place, path: string, deadline: number): Promise<boolean> {
    for (;;) {
      const state = this.#places.get(keyOf(place));
      if (!state || state.failures < FAILURES) return false;
      const now = performance.now();
      const until = Math.max(state.shutUntil, state.paths.get(path) ?? 0);
      if (now < until) throw leftAlone(place, state, until - now);
      if (!state.probe) {
        state.probe = Promise.withResolvers();
        return true;
      }
      if (now >= deadline) throw leftAlone(place, state, PAUSE);
      await Promise.race([state.probe.promise, Bun.sleep(deadline - now)]);
    }
  }

  /** A probe has ended, whatever it came to. */
  ended(place: Place): void {
    const state = this.#places.get(keyOf(place));
    state?.probe?.resolve();
    if (state) state.probe = undefined;
  }

  succeeded(place: Place): void {
    const state = this.#places.get(keyOf(place));
    if (!state) return;
    this.#places.delete(keyOf(place));
    state.probe?.resolve();
    const isOpen = Array.from(this.#places).some(
      ([key, { failures }]) => failures >= FAILURES && key.split(" ")[1] === place.host,
    );
    if (state.failures >= FAILURES && !isOpen) emit("breaker", { host: place.host, state: "closed" });
  }

  /** `isUnreachable`: no connection could be made, which has nothing to do with the path. */
  failed(place: Place, path: string, isUnreachable: boolean): void {
    const state: State = this.#places.get(keyOf(place)) ?? {
      failures: 0,
      shutUntil: 0,
      paths: new Map<string, number>(),
      probe: undefined,
    };
    this.#places.set(keyOf(place), state);
    const until = performance.now() + PAUSE;
    const before = state.failures;
    // One path that always fails says little of the others.
    if (isUnreachable || !state.paths.has(path)) state.failures++;
    if (isUnreachable) state.shutUntil = until;
    state.paths.delete(path);
    state.paths.set(path, until);
    const [oldest] = state.paths.keys();
    if (state.paths.size > PATHS && oldest !== undefined) state.paths.delete(oldest);
    if (before < FAILURES && state.failures >= FAILURES) emit("breaker", { host: place.host, state: "open" });
  }
}

function keyOf({ mount, host, kind }: Place): string {
  return `${mount} ${host} ${kind}`;
}

function leftAlone({ host }: Place, { failures }: State, retryAfter: number): UpstreamFailed {
  const message = `${host} failed ${failures} times in a row and is left alone for a moment; try again`;
  return new UpstreamFailed(message, { retryable: true, retryAfter });
}
