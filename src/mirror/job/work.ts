import type { Path } from "../../contract/ecosystem.ts";
import { isPassing, messageOf, UpstreamFailed } from "../../lib/errors.ts";
import { addCounts, type Counts, type Failure, noCounts, type Outcome, type Progress } from "./progress.ts";

/** Outcomes of a file that is stored now. */
const STORED: readonly Outcome["outcome"][] = ["fetched", "held", "unverified"];

/** What one task came to so far. What it counts is seen in the job's progress at once. */
export class Work {
  readonly mount: string;
  readonly counts: Counts = noCounts();
  readonly failures: Failure[] = [];
  /** Milliseconds that upstream asked for before another try. */
  retryAfter = 0;
  /** The registry that listed it does not have it. */
  isGone = false;
  /** When there is more to be had; milliseconds since 1970. */
  again: number | undefined;
  readonly purl: string;
  readonly #progress: Progress;
  readonly #attempts: number;
  readonly #reported: Set<string>;

  /** `attempts`: how often the task was tried before; `reported`: the outcomes that earlier attempts reported. */
  constructor(
    progress: Progress,
    mount: string,
    purl: string,
    { attempts = 0, reported = new Set<string>() }: { attempts?: number; reported?: Set<string> | undefined } = {},
  ) {
    this.#progress = progress;
    this.mount = mount;
    this.purl = purl;
    this.#attempts = attempts;
    this.#reported = reported;
  }

  /** Whether an outcome is new: what one attempt fetched or withheld, the next one finds again. */
  isNews({ path, purl, outcome, reason }: Outcome): boolean {
    const key = STORED.includes(outcome) ? `stored ${path}` : `${outcome} ${path} ${purl} ${reason}`;
    return this.#reported.size < this.#reported.add(key).size;
  }

  count(counts: Partial<Counts>): void {
    const all = { ...noCounts(), ...counts };
    addCounts(this.counts, all);
    addCounts(this.#progress, all);
  }

  /** Of a path that was counted; without one, of the task as a whole. */
  fail(error: unknown, path?: Path): void {
    if (error instanceof UpstreamFailed) this.retryAfter = Math.max(this.retryAfter, error.retryAfter ?? 0);
    this.count({ failed: 1, ...(path === undefined && { total: 1 }) });
    this.failures.push({
      mount: this.mount,
      purl: this.purl,
      ...(path && { path }),
      reason: messageOf(error),
      isPassing: isPassing(error, this.#attempts),
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
