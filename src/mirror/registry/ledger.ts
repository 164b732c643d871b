/** The ledger of a job that mirrors a registry: its tasks are the rows of packages that are due, drawn a few at a time. */
import type { Context } from "../../cache/context.ts";
import type { LeftOut } from "../../contract/facts.ts";
import type { JobSpec, RegistrySpec, ReleaseTask } from "../../contract/jobs.ts";
import { formatPurl } from "../../contract/purl.ts";
import type { Jobs } from "../../index/sqlite/jobs.ts";
import type { Listed, ListedRow } from "../../index/sqlite/listed.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Ledger, Settled, Taken } from "../job/ledger.ts";
import type { Counts, Failure } from "../job/progress.ts";
import { ATTEMPTS, isLast, mayTryAgain } from "../job/retry.ts";
import type { Feeding } from "./feed.ts";
import { bury } from "./gone.ts";
import { Guard } from "./guard.ts";

export interface RegistryLedgerOptions {
  job: string;
  spec: JobSpec & { registry: RegistrySpec };
  mount: Mount;
  feed: Feeding;
  listed: Listed;
  jobs: Jobs;
  context: Pick<Context, "documents" | "artifacts" | "blobs" | "storage" | "writer">;
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
  #lookedAt = 0;
  #canceled = false;

  constructor(options: RegistryLedgerOptions) {
    this.#options = options;
    this.#guard = new Guard({ ...options, spec: options.spec.registry });
  }

  /** Packages that are done with, and about so many that are not. */
  settled(): { done: number; queue: number } {
    const { before, recorded } = this.#options.feed.state;
    return { done: this.#done, queue: Math.max(0, before + recorded.news - this.#done) };
  }

  async add(): Promise<void> {}

  take(limit: number): Taken[] {
    if (this.#feeding === "not yet") void this.#feed();
    if (this.#ahead.length === 0) this.#ahead = this.#read();
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

  #read(): ListedRow[] {
    const { listed, mount } = this.#options;
    const underWay = [...this.#underWay.keys()];
    let rows = listed.due(mount.name, this.#last, PAGE, underWay);
    // What was listed before may have changed since.
    if (rows.length === 0 && this.#last > 0) rows = listed.due(mount.name, 0, PAGE, underWay);
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
  wait(): number | undefined {
    const { listed, mount } = this.#options;
    if (this.#feeding !== "fed") return POLL;
    const at = listed.soonest(mount.name);
    if (at !== undefined) return Math.max(0, at - Date.now());
    if (this.#ahead.length > 0 || listed.due(mount.name, 0, 1).length > 0) return 0;
    if (this.#error) throw this.#error;
    return undefined;
  }

  async settle({ id, task, attempts }: Taken, settled: Settled): Promise<void> {
    const { listed, jobs, context, job } = this.#options;
    const row = this.#underWay.get(id)!;
    await context.writer.write(() => {
      if (settled.kind === "postponed")
        return void listed.settle(row, { attempts: attempts + 1, notBefore: Math.round(settled.at) });
      jobs.add(job, settled.counts);
      this.#record(id, attempts + 1, settled.failures);
      const { isGone, again } = settled;
      const state = isGone ? "gone" : settled.kind === "failed" ? "failed" : again === undefined ? "held" : "young";
      // What was there, or never came, may come late: it is looked for once more.
      const isSought = isGone && (row.held !== null || isLast(attempts));
      const isSettled = listed.settle(row, {
        state,
        attempts: isSought ? ATTEMPTS : attempts + 1,
        notBefore: state === "failed" || isSought ? Date.now() + REST : Math.round(again ?? 0),
        ...(settled.kind === "complete" && { held: isGone ? null : (row.revision ?? "") }),
      });
      if (isGone && isSettled) this.#bury(task as ReleaseTask);
    });
    this.#underWay.delete(id);
    if (settled.kind !== "postponed") this.#done++;
  }

  #bury({ name, version }: ReleaseTask): void {
    const { context, mount, spec } = this.#options;
    bury(context, mount, { name, version }, spec.registry.gone);
  }

  async finish(counts: Counts, failures: readonly Failure[]): Promise<void> {
    const { jobs, context, job } = this.#options;
    await context.writer.write(() => {
      jobs.add(job, counts);
      this.#record(0, 1, failures);
    });
  }

  #record(task: number, attempts: number, failures: readonly Failure[]): void {
    const { jobs, job } = this.#options;
    for (const { purl, path = null, reason, isPassing } of failures)
      jobs.fail({ job, task, purl, path, reason, isPassing, attempts, at: Date.now() });
  }

  /** Of what was held; with what was not, nothing is lost. */
  doubt({ listing }: ReleaseTask): Error | undefined {
    if (listing?.held === undefined) return undefined;
    const { looks } = this.#options.feed.state;
    if (looks !== this.#looks) this.#guard.begin();
    this.#looks = looks;
    return this.#guard.refusal(1);
  }

  odd(): LeftOut[] {
    const { listed, mount } = this.#options;
    return listed.odd(mount.name, ODD).map(({ name, revision }) => ({ entry: name, reason: revision ?? "" }));
  }

  /** What a package lacks is looked for again whenever it changes. */
  isWhole(): boolean {
    return false;
  }

  waiting(): number {
    const { listed, mount } = this.#options;
    return (listed.byState(mount.name).due ?? 0) - this.#underWay.size;
  }

  mounts(): Iterable<string> {
    return [this.#options.mount.name];
  }

  isCanceled(): boolean {
    const { jobs, job, signal } = this.#options;
    if (signal?.aborted) return true;
    const now = performance.now();
    if (now - this.#lookedAt < LOOK) return this.#canceled;
    this.#lookedAt = now;
    this.#canceled = jobs.find(job)?.state !== "running";
    return this.#canceled;
  }
}
