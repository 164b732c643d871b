import type { Path } from "../ecosystem.ts";
import { messageOf, UpstreamFailed } from "../errors.ts";
import { addCounts, type Counts, type Failure, noCounts, type Progress } from "./progress.ts";

/** What one task came to so far. What it counts is seen in the job's progress at once. */
export class Work {
  readonly mount: string;
  readonly counts: Counts = noCounts();
  readonly failures: Failure[] = [];
  /** Milliseconds that upstream asked for before another try. */
  retryAfter = 0;
  readonly #purl: string;
  readonly #progress: Progress;

  constructor(progress: Progress, mount: string, purl: string) {
    this.#progress = progress;
    this.mount = mount;
    this.#purl = purl;
  }

  count(counts: Partial<Counts>): void {
    const all = { ...noCounts(), ...counts };
    addCounts(this.counts, all);
    addCounts(this.#progress, all);
  }

  /** Of a path that was counted; without one, of the task as a whole. */
  fail(error: unknown, path?: Path): void {
    const isPassing = error instanceof UpstreamFailed && error.retryable;
    this.count({ failed: 1, ...(path === undefined && { total: 1 }) });
    this.failures.push({
      mount: this.mount,
      purl: this.#purl,
      ...(path && { path }),
      reason: messageOf(error),
      isPassing,
    });
  }

  /** Of something else that the task needs. */
  add(failure: Failure): void {
    this.count({ failed: 1, total: 1 });
    this.failures.push(failure);
  }

  /** As if it had not been tried. */
  undo(): void {
    addCounts(this.#progress, this.counts, -1);
  }
}
