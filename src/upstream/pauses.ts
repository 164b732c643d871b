import { UpstreamFailed } from "../lib/errors.ts";

/** Milliseconds for which a host is left alone at most, whatever it asks for: one bad answer must not shut a registry off. */
const LONGEST = 5 * 60_000;
/** Different paths for which a host asked to be left alone, with no other answer in between, before all of it is. */
const SEVERAL = 2;
/** Milliseconds after which one more path is tried of a host that is left alone. */
const PROBE = 5_000;

interface Pause {
  until: number;
  status: number;
  /** When one that was not told yet may ask nevertheless. */
  probeAt: number;
  /** One timer for all who wait. */
  over?: Promise<void> | undefined;
}

/**
 * Leaves alone who asked for it (`Retry-After`), whoever it was that they told: the path, and the whole host once it said so for
 * several. What one client asks for must not shut a host off for all, so another path is tried now and then.
 */
export class Pauses {
  readonly #isPolite: boolean;
  readonly #pauses = new Map<string, Pause>();
  /** Paths for which each host asked to be left alone since it last answered otherwise. */
  readonly #told = new Map<string, Set<string>>();

  /** `isPolite`: a host is left alone as soon as it says so for one path, and until the time is over. */
  constructor(isPolite = false) {
    this.#isPolite = isPolite;
  }

  begin(host: string, path: string, milliseconds: number, status: number): void {
    const told = this.#told.get(host) ?? new Set();
    this.#told.set(host, told.add(path));
    this.#extend(`${host} ${path}`, milliseconds, status);
    if (this.#isPolite || told.size >= SEVERAL) this.#extend(host, milliseconds, status);
  }

  /** A host answered otherwise. */
  answered(host: string): void {
    this.#told.delete(host);
    if (!this.#isPolite) this.#pauses.delete(host);
  }

  /** Until the path may be asked for. Throws UpstreamFailed, with the time to come back, where that is after the deadline. */
  async wait(host: string, path: string, deadline: number): Promise<void> {
    await this.#wait(`${host} ${path}`, host, deadline, false);
    await this.#wait(host, host, deadline, !this.#isPolite);
  }

  #extend(key: string, milliseconds: number, status: number): void {
    const now = performance.now();
    const until = now + Math.min(milliseconds, LONGEST);
    const pause = this.#pauses.get(key);
    if (pause) pause.until = Math.max(pause.until, until);
    else this.#pauses.set(key, { until, status, probeAt: now + PROBE });
  }

  async #wait(key: string, host: string, deadline: number, mayProbe: boolean): Promise<void> {
    for (let pause = this.#pauses.get(key); pause; pause = this.#pauses.get(key)) {
      const { until, status } = pause;
      const now = performance.now();
      const left = until - now;
      if (left <= 0) {
        this.#pauses.delete(key);
        return;
      }
      if (until > deadline) {
        if (mayProbe && now >= pause.probeAt) {
          pause.probeAt = now + PROBE;
          return;
        }
        const seconds = Math.ceil(left / 1_000);
        const message = `${host} answered ${status} and asked to be left alone for another ${seconds} s; try again then`;
        throw new UpstreamFailed(message, { status, retryable: true, retryAfter: left });
      }
      pause.over ??= over(pause, left);
      await pause.over;
    }
  }
}

async function over(pause: Pause, milliseconds: number): Promise<void> {
  await Bun.sleep(milliseconds);
  pause.over = undefined;
}
