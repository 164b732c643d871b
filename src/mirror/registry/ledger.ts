/** The ledger of a job that mirrors a registry: its tasks are the rows of packages that are due, drawn a few at a time. */

import type { Context } from "../../cache/context.ts";
import { removeBlobs } from "../../cache/integrity/removal.ts";
import type { LeftOut } from "../../contract/facts.ts";
import type { JobSpec, RegistrySpec, ReleaseTask } from "../../contract/jobs.ts";
import { formatPurl } from "../../contract/purl.ts";
import type { Commands } from "../../index/commands.ts";
import type { Index } from "../../index/port.ts";
import type { ListedRow, Settlement } from "../../index/rows.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Ledger, Settled, Taken } from "../job/ledger.ts";
import type { Counts, Failure } from "../job/progress.ts";
import { ATTEMPTS, isLast, mayTryAgain } from "../job/retry.ts";
import { failuresOf } from "../job/rows.ts";
import type { Feeding } from "./feed.ts";
import { removalOf } from "./gone.ts";
import { Guard } from "./guard.ts";

export interface RegistryLedgerOptions {
  job: string;
  spec: JobSpec & { registry: RegistrySpec };
  mount: Mount;
  feed: Feeding;
  index: Pick<Index, "listed" | "jobs" | "commit">;
  /** Where blobs that nothing names any more are removed from. */
  context: Pick<Context, "storage" | "blobs" | "commit" | "now">;
  signal?: AbortSignal | undefined;
}

/** Rows that are read ahead: few, since a server's clients wait meanwhile. */
const PAGE = 100;
/** Milliseconds between looks whether someone canceled the job, and for what the feed found. */
const LOOK = 500;
const POLL = 50;
/** Milliseconds for which what could not be held is left alone by a job that follows, and what is not there by all. */
const REST = 3_600_000;
/** Odd entries of the list that are told of. */
const ODD = 1_000;

export class RegistryLedger implements Ledger {
  readonly #options: RegistryLedgerOptions;
  readonly #guard: Guard;
  /** Of the feed, when something was missing last. */
  #looks = 0;
  readonly #underWay = new Map<number, ListedRow>();
  #ahead: ListedRow[] = [];
  /** Rows up to this one were read, since the last time that all were. */
  #last = 0;
  #feeding: "not yet" | "feeding" | "fed" = "not yet";
  #error: Error | undefined;
  /** Packages that are done with. */
  #done = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #canceled = false;

  constructor(options: RegistryLedgerOptions) {
    this.#options = options;
    const { mount, spec, index } = options;
    this.#guard = new Guard({ mount, spec: spec.registry, listed: index.listed });
  }

  /** Packages that are done with, and about so many that are not. */
  settled(): { done: number; queue: number } {
    const { before, recorded } = this.#options.feed.state;
    return { done: this.#done, queue: Math.max(0, before + recorded.news - this.#done) };
  }

  async add(): Promise<void> {}

  async take(limit: number): Promise<Taken[]> {
    if (this.#feeding === "not yet") void this.#feed();
    if (this.#ahead.length === 0) this.#ahead = await this.#read();
    return this.#ahead.splice(0, limit).map((row) => {
      this.#underWay.set(row.id, row);
      return { id: row.id, task: this.#task(row), attempts: row.attempts };
    });
  }

  async #feed(): Promise<void> {
    this.#feeding = "feeding";
    try {
      await this.#options.feed.run();
    } catch (error) {
      this.#error = error as Error;
    }
    this.#feeding = "fed";
  }

  async #read(): Promise<ListedRow[]> {
    const {
      index: { listed },
      mount,
    } = this.#options;
    const underWay = [...this.#underWay.keys()];
    let rows = await listed.due(mount.name, this.#last, PAGE, underWay);
    // What was listed before may have changed since.
    if (rows.length === 0 && this.#last > 0) rows = await listed.due(mount.name, 0, PAGE, underWay);
    this.#last = rows.at(-1)?.id ?? 0;
    return rows.length > 0 ? rows : listed.postponed(mount.name, Date.now(), PAGE, underWay);
  }

  #task({ name, version, revision, held, attempts }: ListedRow): ReleaseTask {
    const { ecosystem, name: mount } = this.#options.mount;
    const wanted = { name, ...(version && { version }) };
    return {
      ...wanted,
      mount,
      purl: formatPurl(ecosystem, wanted),
      listing: {
        ...(revision !== null && { revision }),
        ...(held !== null && { held }),
        isNews: held !== (revision ?? ""),
        ...(held === null && revision !== null && mayTryAgain(attempts) && { mayCome: true }),
        // What was not new enough is asked for again.
        ...(attempts === 0 && { since: this.#options.feed.state.recordedAt }),
      },
    };
  }

  /** Throws what ended the feed, once all that it found is done. */
  async wait(): Promise<number | undefined> {
    const {
      index: { listed },
      mount,
    } = this.#options;
    if (this.#feeding !== "fed") return POLL;
    const at = await listed.soonest(mount.name);
    if (at !== undefined) return Math.max(0, at - Date.now());
    if (this.#ahead.length > 0 || (await listed.due(mount.name, 0, 1)).length > 0) return 0;
    if (this.#error) throw this.#error;
    return undefined;
  }

  async settle({ id, task, attempts }: Taken, settled: Settled): Promise<void> {
    const row = this.#underWay.get(id)!;
    const tries = attempts + 1;
    if (settled.kind === "postponed")
      await this.#write(row, { settlement: { attempts: tries, notBefore: Math.round(settled.at) } });
    else {
      const { isGone, counts, failures } = settled;
      const outcome = { job: this.#options.job, counts, failures: failuresOf(id, tries, failures) };
      const removal = isGone ? this.#removal(task as ReleaseTask) : undefined;
      await this.#write(row, { settlement: settlementOf(row, attempts, settled), outcome, removal });
    }
    this.#underWay.delete(id);
    if (settled.kind !== "postponed") this.#done++;
  }

  async #write(row: ListedRow, input: Omit<Commands["settleListed"]["input"], "mount" | "row" | "now">): Promise<void> {
    const { index, context, mount } = this.#options;
    const settled = { ...input, mount: mount.name, row: { id: row.id, revision: row.revision }, now: context.now() };
    await removeBlobs(context, await index.commit("settleListed", settled));
  }

  #removal(task: ReleaseTask): Commands["settleListed"]["input"]["removal"] {
    const { mount, spec } = this.#options;
    const policy = spec.registry.gone;
    return policy === "keep" ? undefined : { removal: removalOf(mount, task), policy };
  }

  async finish(counts: Counts, failures: readonly Failure[]): Promise<void> {
    const { index, job } = this.#options;
    await index.commit("countJob", { job, counts, failures: failuresOf(0, 1, failures) });
  }

  /** Of what was held; with what was not, nothing is lost. */
  async doubt({ listing }: ReleaseTask): Promise<Error | undefined> {
    if (listing?.held === undefined) return undefined;
    const { looks } = this.#options.feed.state;
    if (looks !== this.#looks) this.#guard.begin();
    this.#looks = looks;
    return this.#guard.refusal(1);
  }

  async odd(): Promise<LeftOut[]> {
    const { index, mount } = this.#options;
    const odd = await index.listed.odd(mount.name, ODD);
    return odd.map(({ name, revision }) => ({ entry: name, reason: revision ?? "" }));
  }

  /** What a package lacks is looked for again whenever it changes. */
  isWhole(): boolean {
    return false;
  }

  async waiting(): Promise<number> {
    const {
      index: { listed },
      mount,
    } = this.#options;
    return ((await listed.byState(mount.name)).due ?? 0) - this.#underWay.size;
  }

  mounts(): Iterable<string> {
    return [this.#options.mount.name];
  }

  async look(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK) return;
    this.#lookedAt = now;
    this.#canceled = (await this.#options.index.jobs.find(this.#options.job))?.state !== "running";
  }

  isCanceled(): boolean {
    return this.#canceled || this.#options.signal?.aborted === true;
  }
}

/** What is written of a package that was worked on. */
function settlementOf(
  row: ListedRow,
  attempts: number,
  { kind, isGone, again }: Exclude<Settled, { kind: "postponed" }>,
): Settlement {
  const state = isGone ? "gone" : kind === "failed" ? "failed" : again === undefined ? "held" : "young";
  // What was there, or never came, may come late: it is looked for once more.
  const isSought = isGone && (row.held !== null || isLast(attempts));
  return {
    state,
    attempts: isSought ? ATTEMPTS : attempts + 1,
    notBefore: state === "failed" || isSought ? Date.now() + REST : Math.round(again ?? 0),
    ...(kind === "complete" && { held: isGone ? null : (row.revision ?? "") }),
  };
}
