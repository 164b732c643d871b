import type { Progress } from "./progress.ts";

/** Milliseconds over which a rate is taken. */
const WINDOW = 10_000;

/** How fast a running job is, and how long it may still take. */
export class Pace {
  readonly progress: Progress;
  #samples: { at: number; bytes: number; done: number }[] = [];

  /** `progress` is live. */
  constructor(progress: Progress) {
    this.progress = progress;
    this.sample();
  }

  /** To be called about once a second. */
  sample(now = performance.now()): void {
    const { bytes } = this.progress;
    // The newest one from before the window is its beginning.
    const old = this.#samples.findLastIndex(({ at }) => at <= now - WINDOW);
    this.#samples = [...this.#samples.slice(Math.max(0, old)), { at: now, bytes, done: doneOf(this.progress) }];
  }

  /** Bytes a second of files that were completed in the last seconds. */
  rate(now = performance.now()): number {
    const { bytes } = this.#samples[0]!;
    return Math.max(0, Math.round((this.progress.bytes - bytes) / this.#seconds(now)));
  }

  /** Seconds until the files that are known of are done; `undefined` where nothing tells. */
  eta(now = performance.now()): number | undefined {
    const done = doneOf(this.progress);
    const left = this.progress.total - done;
    if (left <= 0) return 0;
    const perSecond = (done - this.#samples[0]!.done) / this.#seconds(now);
    return perSecond > 0 ? Math.ceil(left / perSecond) : undefined;
  }

  /** At least one, so that the first moment makes no claims. */
  #seconds(now: number): number {
    return Math.max(1, (now - this.#samples[0]!.at) / 1_000);
  }
}

function doneOf({ completed, skipped, failed }: Progress): number {
  return completed + skipped + failed;
}
