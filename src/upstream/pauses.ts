import { UpstreamFailed } from "../errors.ts";

/** Milliseconds for which a host is left alone at most, whatever it asks for: one bad answer must not shut a registry off. */
const LONGEST = 5 * 60_000;

interface Pause {
  until: number;
  status: number;
  /** One timer for all who wait. */
  over?: Promise<void> | undefined;
}

/** Leaves hosts alone for as long as they asked (`Retry-After`), whoever it was that they told. */
export class Pauses {
  readonly #hosts = new Map<string, Pause>();

  begin(host: string, milliseconds: number, status: number): void {
    const until = Date.now() + Math.min(milliseconds, LONGEST);
    const pause = this.#hosts.get(host);
    if (pause) pause.until = Math.max(pause.until, until);
    else this.#hosts.set(host, { until, status });
  }

  /** Until the host may be asked. Throws UpstreamFailed, with the time to come back, where that is after the deadline. */
  async wait(host: string, deadline: number): Promise<void> {
    for (let pause = this.#hosts.get(host); pause; pause = this.#hosts.get(host)) {
      const { until, status } = pause;
      const left = until - Date.now();
      if (left <= 0) {
        this.#hosts.delete(host);
        return;
      }
      if (until > deadline) {
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
