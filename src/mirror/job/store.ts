/** Mirror jobs over all processes that share a store: made, found, run by one at a time, canceled, tried again. */

import { type Estimate, isRelease, type JobSpec, type ReleaseTask, type Task } from "../../contract/jobs.ts";
import type { MaybePromise } from "../../index/port.ts";
import type { JobRow } from "../../index/rows.ts";

import type { Lease, Leases } from "../../leases/port.ts";
import { BadRequest } from "../../lib/errors.ts";
import { keyOfChoice } from "../plan/choice.ts";
import { keyOfTask } from "./ledger.ts";
import { pinOwnerOf } from "./pin-owner.ts";
import { RowLedger, type Tables } from "./rows.ts";

/** Tasks that are written together. */
const BATCH = 500;

/** The right to run a job. */
export interface Claim {
  row: JobRow;
  ledger: RowLedger;
  release(): Promise<void>;
}

export class JobStore {
  readonly #tables: Tables;
  readonly #leases: Leases;
  readonly #isRestated: (task: ReleaseTask, since: number) => boolean;

  /** `isRestated`: whether an index of a release was replaced since; then what is held of it is compared with it. Default: never. */
  constructor(tables: Tables, leases: Leases, isRestated: (task: ReleaseTask, since: number) => boolean = () => false) {
    this.#tables = tables;
    this.#leases = leases;
    this.#isRestated = isRestated;
  }

  /**
   * Makes a job of tasks, which are read to their end first: what their reading throws leaves nothing behind. Releases that
   * an earlier job holds whole are counted as skipped, and told. Returns its id.
   */
  async create(spec: JobSpec, tasks: AsyncIterable<Task>, skipped?: (task: ReleaseTask) => void): Promise<string> {
    const { commit } = this.#tables;
    await this.#sweep();
    const id = `${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 6)}`;
    const lease = await this.#leases.acquire(keyOf(id));
    try {
      await commit("createJob", { id, spec, at: Date.now() });
      let batch: Task[] = [];
      for await (const task of tasks) {
        batch.push(task);
        if (batch.length < BATCH) continue;
        await this.#add(id, spec, batch, skipped);
        batch = [];
      }
      await this.#add(id, spec, batch, skipped);
      await commit("moveJob", { id, from: ["reading"], to: "pending" });
      return id;
    } catch (error) {
      await commit("removeJobs", { ids: [id] });
      throw error;
    } finally {
      await lease?.release();
    }
  }

  /** The id of the owner of a job's pins. */
  ownerOf(spec: JobSpec): Promise<number> {
    return this.#tables.commit("ownPins", { ...pinOwnerOf(spec), title: spec.title });
  }

  /** The job as it stands; one whose process died is pending again. */
  async find(id: string): Promise<JobRow | undefined> {
    const row = await this.#tables.jobs.find(id);
    return row && row.state !== "reading" ? this.#seen(row) : undefined;
  }

  /** Newest first. */
  async list(page: { before?: string; limit: number }): Promise<JobRow[]> {
    const rows = await this.#tables.jobs.list(page);
    return Promise.all(rows.map((row) => this.#seen(row)));
  }

  /** Those that nobody is working on, oldest first. */
  async waiting(): Promise<JobRow[]> {
    const rows = await this.#tables.jobs.list({ limit: 1_000, states: ["pending", "running"] });
    const seen = await Promise.all(rows.map((row) => this.#seen(row)));
    return seen.filter(({ state }) => state === "pending").reverse();
  }

  /** How many jobs of servers have not ended: those of commands wait for whoever interrupted them, those that are read may never be made. */
  unfinished(): MaybePromise<number> {
    return this.#tables.jobs.count(["pending", "running"]);
  }

  /** How many there are in each state. */
  byState(): MaybePromise<{ state: string; count: number }[]> {
    return this.#tables.jobs.byState();
  }

  /** The newest run of a standing job. */
  async latest(standing: string): Promise<JobRow | undefined> {
    const row = await this.#tables.jobs.latest(standing);
    return row && (await this.#seen(row));
  }

  /** The right to look whether a standing job is due, and to make its next run; `undefined` while another has it. */
  turn(standing: string): Promise<Pick<Lease, "release" | "owner"> | undefined> {
    return this.#leases.acquire(keyOfTurn(standing));
  }

  /** Whether it still is this owner's turn, who may be another thread. */
  isTurnOf(owner: string, standing: string): MaybePromise<boolean> {
    return this.#leases.isOwnedBy(owner, keyOfTurn(standing));
  }

  failures(id: string, after: number, limit: number) {
    return this.#tables.jobs.failures(id, after, limit);
  }

  /** The right to run a job; `undefined` where another has it, or the job has ended. No task is taken after `signal`. */
  async claim(id: string, signal?: AbortSignal): Promise<Claim | undefined> {
    const { jobs, commit } = this.#tables;
    const lease = await this.#leases.acquire(keyOf(id));
    if (!lease) return undefined;
    let isOurs = false;
    try {
      const claimed = await commit("claimJob", { id, at: Date.now() });
      const row = claimed ? await jobs.find(id) : undefined;
      if (!row) return undefined;
      isOurs = true;
      return { row, ledger: new RowLedger(this.#tables, id, row.spec, signal), release: () => lease.release() };
    } finally {
      if (!isOurs) await lease.release();
    }
  }

  /** Ends a job that someone runs. What failed decides how it ended. `estimate`: of one that only tells it. */
  async end(id: string, error?: string, estimate?: Estimate): Promise<JobRow> {
    await this.#tables.commit("endJob", { id, at: Date.now(), error, estimate });
    return (await this.#tables.jobs.find(id))!;
  }

  /** Leaves a job that someone runs to whoever goes on with it. */
  async suspend(id: string): Promise<JobRow> {
    await this.#tables.commit("moveJob", { id, from: ["running"], to: "pending" });
    return (await this.#tables.jobs.find(id))!;
  }

  /** What is held stays held. Throws BadRequest where it has ended. */
  async cancel(id: string): Promise<void> {
    const set = { finishedAt: Date.now() };
    const canceled = await this.#tables.commit("moveJob", { id, from: ["pending", "running"], to: "canceled", set });
    if (!canceled) throw new BadRequest(`job ${id} is ${(await this.find(id))?.state ?? "unknown"} already`, 409);
  }

  /** What failed is to be tried again; of a canceled job, what is left. Throws BadRequest where it has not ended. `runBy`: who does. */
  async retry(id: string, runBy?: JobSpec["runBy"]): Promise<void> {
    const { state, spec } = (await this.find(id)) ?? {};
    if (state !== "failed" && state !== "canceled")
      throw new BadRequest(
        `job ${id} is ${state ?? "unknown"}; only one that failed or was canceled can be tried again`,
        409,
      );
    await this.#tables.commit("retryJob", { id, ...(spec && runBy && { spec: { ...spec, runBy } }) });
  }

  async #seen(row: JobRow): Promise<JobRow> {
    const isOrphan = row.state === "running" && !(await this.#leases.isLeased(keyOf(row.id)));
    return isOrphan ? { ...row, state: "pending" } : row;
  }

  async #add(id: string, spec: JobSpec, batch: readonly Task[], skipped?: (task: ReleaseTask) => void): Promise<void> {
    const owner = await this.ownerOf(spec);
    const whole = spec.refresh || spec.closure !== "none" ? new Map<string, number>() : await this.#whole(spec, batch);
    const tasks: { key: string; task: Task }[] = [];
    let stored = 0;
    for (const task of batch) {
      const found = isRelease(task) ? heldFor(task, spec, whole) : undefined;
      // Another owner may have stored it.
      const files = found !== undefined && (await this.#isPinned(owner, task as ReleaseTask)) ? found : undefined;
      if (files === undefined || !isRelease(task)) tasks.push({ key: keyOfTask(task), task });
      else {
        stored += files;
        skipped?.(task);
      }
    }
    await this.#tables.commit("addTasks", { job: id, tasks, skipped: stored });
  }

  /** Whether all stored files of a release are pinned for an owner. */
  async #isPinned(owner: number, { mount, name, version }: ReleaseTask): Promise<boolean> {
    const { artifacts, pins } = this.#tables;
    for (const file of await artifacts.ofPackage(mount, name))
      if (file.version === version && !(await pins.has(owner, mount, file.path))) return false;
    return true;
  }

  /** Of these releases, those of which all that is wanted is held, with the number of their files. */
  async #whole(spec: JobSpec, batch: readonly Task[]): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const releases = batch.filter(isRelease).filter(({ version }) => version !== undefined);
    for (const [mount, group] of Map.groupBy(releases, (task) => task.mount)) {
      const choices = group.map(({ digests }) => keyOfChoice(spec.choice, digests));
      const tasks = new Map(group.map((task) => [task.purl, task]));
      for (const { purl, choice, files, at } of await this.#tables.mirrored.whole(mount, [...tasks.keys()], choices))
        if (!this.#isRestated(tasks.get(purl)!, at)) found.set(`${mount} ${purl} ${choice}`, files);
    }
    return found;
  }

  /** Jobs whose sources nobody will ever read to the end. */
  async #sweep(): Promise<void> {
    const { jobs, commit } = this.#tables;
    const reading = await jobs.list({ limit: 100, states: ["reading"] });
    const dead: string[] = [];
    for (const { id } of reading) if (!(await this.#leases.isLeased(keyOf(id)))) dead.push(id);
    if (dead.length > 0) await commit("removeJobs", { ids: dead });
  }
}

/** The files of a release that an earlier job holds whole: this choice of them, or all. Digests were compared only by a job that had them. */
function heldFor({ mount, purl, digests }: ReleaseTask, { choice }: JobSpec, whole: ReadonlyMap<string, number>) {
  const all = digests ? undefined : whole.get(`${mount} ${purl} `);
  return all ?? whole.get(`${mount} ${purl} ${keyOfChoice(choice, digests)}`);
}

function keyOfTurn(standing: string): string {
  return `standing job ${standing}`;
}

function keyOf(id: string): string {
  return `mirror job ${id}`;
}
