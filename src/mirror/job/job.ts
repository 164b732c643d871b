/** Runs a mirror job: takes tasks from its ledger and has a pool of workers hold what they name. One bad item never stops it. */
import { setImmediate } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import pLimit from "p-limit";
import type { Staged } from "../../cache/generations/pending-pointers.ts";
import { documentAt } from "../../cache/target.ts";
import type { Ecosystem, Path, Release, Requirement } from "../../contract/ecosystem.ts";
import { emit } from "../../contract/events.ts";
import { isRelease, type JobPurpose, type JobSpec, type ReleaseTask } from "../../contract/jobs.ts";
import { formatPurl, keyOf } from "../../contract/purl.ts";
import { DigestMismatch, NotFound, UpstreamFailed, Withheld } from "../../lib/errors.ts";
import { isWithinWindow } from "../../lib/window.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { fitting, isWanted, withoutSources } from "../plan/choice.ts";
import { Closure } from "../plan/closure.ts";
import type { Held, HoldOptions } from "../plan/fetch-file.ts";
import { type Node, type Selection, select } from "../plan/graph.ts";
import type { Plan, PlannedFile } from "../plan/plan.ts";
import { Dispatch } from "./dispatch.ts";
import { finish } from "./finish.ts";
import type { Ledger, Taken } from "./ledger.ts";
import { addCounts, type Counts, noCounts, type Outcome, type Progress } from "./progress.ts";
import { mayTryAgain, retryAt } from "./retry.ts";
import { Selector } from "./selection.ts";
import { Lanes } from "./task-slots.ts";
import type { Runner } from "./tasks.ts";
import { Work } from "./work.ts";

/** Has tasks pin what they come to for an owner. */
function ownedBy(pool: Runner, owner: number | undefined): Runner {
  if (owner === undefined) return pool;
  return { run: (name, input) => pool.run(name, { ...input, owner }) };
}

export interface JobOptions {
  ledger: Ledger;
  pool: Runner;
  /** For whom what it comes to is pinned. Default: nobody. */
  owner?: number | undefined;
  mounts: ReadonlyMap<string, Mount>;
  spec: JobSpec;
  /** What earlier runs of the job came to. Default: nothing. */
  earlier?: Counts;
  /** Default: `mirror`. */
  purpose?: JobPurpose;
  /** Of a dry run: of how many files whose size no index states upstream is asked for it. Default: none. */
  sizes?: number;
  /** Hours in which work may begin. Default: always. */
  window?: string | undefined;
  /** Milliseconds before what failed is tried again for the first time. Default: a second. */
  backoff?: number;
  /** Told what became of each file and release. */
  tell?: (outcome: Outcome) => void;
  /** Told what releases require, where that is not followed. */
  declared?: (mount: string, requires: readonly Requirement[]) => void;
}

const UNREAD = "what it requires is stated within its files only, which a dry run does not fetch";

/** Odd entries of documents that are told of in one job. */
const ODD = 10_000;

/** Requirements of releases in graphs that are remembered, for the next root. */
const REQUIREMENTS = 200_000;

/** Of how many files a dry run asks upstream for the size: requests without a body, as many at a time as downloads. */
export const SIZES = 5_000;

/** Milliseconds between looks whether a job was canceled, or a postponed task is due. */
const LOOK = 200;

/** Milliseconds of work after which the event loop has its turn. */
const TURN = 20;

export class Job {
  readonly progress: Progress = { phase: "resolving", ...noCounts() };
  readonly #options: JobOptions;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #dispatch: Dispatch;
  readonly #closure: Closure;
  readonly #selector: Selector;
  /** Roots of which one version of each package is selected, by mount. */
  readonly #roots = new Map<string, ReleaseTask[]>();
  /** What was fetched to select, by mount and path, with its bytes: the task that it belongs to counts it. */
  readonly #read = new Map<string, number>();
  /** Of releases in graphs, by mount, what they require. */
  readonly #nodes = new LRUCache<string, Node>({
    maxSize: REQUIREMENTS,
    sizeCalculation: ({ requires }) => requires.length + 1,
  });
  /** What earlier attempts at a task fetched: it is held now, and was not held before. */
  readonly #earlier = new Map<number, { completed: number; bytes: number; reported?: Set<string> }>();
  /** Files whose size upstream may still be asked for. */
  #sizes: number;
  /** Of a dry run, the files that are told of: the same may belong to several tasks. */
  readonly #planned = new Set<string>();
  /** Odd entries that were told of. */
  readonly #odd = new Set<string>();

  /** Whether files are only planned. */
  readonly #isEstimate: boolean;
  /** Whether stored files are read again, and compared. */
  readonly #isVerify: boolean;

  constructor({ owner, ...given }: JobOptions) {
    const options = { ...given, pool: ownedBy(given.pool, owner) };
    this.#options = options;
    this.#isEstimate = options.purpose === "estimate";
    this.#isVerify = options.purpose === "verify";
    this.#sizes = options.sizes ?? 0;
    addCounts(this.progress, options.earlier ?? noCounts());
    this.#limit = pLimit(options.spec.concurrency);
    this.#dispatch = new Dispatch(options.pool, options.spec.concurrency);
    this.#closure = new Closure({
      ...options,
      resolve: (mount, wish) => this.#limit(() => options.pool.run("resolve", { mount, wish })),
    });
    this.#selector = new Selector({
      ...options,
      pool: { run: (name, input) => this.#limit(() => options.pool.run(name, input)) },
      read: (mount, path) => this.#readFile(mount, path),
      remark: (mount, release, reason) =>
        options.tell?.({
          mount,
          purl: formatPurl(options.mounts.get(mount)!.ecosystem, release),
          outcome: "unproven",
          reason,
        }),
    });
  }

  /** How files are treated. */
  get #how(): { plansOnly: boolean; rehash: boolean } {
    return { plansOnly: this.#isEstimate, rehash: this.#isVerify };
  }

  /** Works until nothing is left, or the job is canceled. Rejects only where its ledger does. */
  async run(): Promise<void> {
    const { ledger, spec } = this.#options;
    // A task waits for documents more than it downloads: twice as many keep the downloads busy.
    const lanes = new Lanes(2 * spec.concurrency);
    try {
      await this.#take(lanes);
    } finally {
      // Who goes on with the job must not meet what is still under way here.
      await lanes.settled();
    }
    if (ledger.isCanceled()) return;
    if (!this.#isEstimate) await finish({ ...this.#options, dispatch: this.#dispatch, progress: this.progress });
    if (ledger.isCanceled()) return;
    this.progress.phase = "complete";
  }

  /** Has tasks worked on until none is left, or the job is canceled. */
  async #take(lanes: Lanes): Promise<void> {
    const { ledger, window } = this.#options;
    let turned = performance.now();
    for (;;) {
      await ledger.look?.();
      if (ledger.isCanceled()) break;
      // Tasks of what is held wait for nothing outside: without a turn, timers, signals and the collector of garbage wait for the last.
      if (performance.now() - turned >= TURN) {
        await setImmediate();
        turned = performance.now();
      }
      const isOpen = isWithinWindow(window, new Date());
      if (lanes.free > 0 && isOpen) for (const taken of await ledger.take(lanes.free)) lanes.start(this.#work(taken));
      if (lanes.busy > 0) await lanes.next(LOOK);
      else if (!isOpen) await Bun.sleep(LOOK);
      else {
        const wait = await ledger.wait();
        if (wait === undefined && !(await this.#together())) break;
        await Bun.sleep(Math.min(wait ?? 0, LOOK));
      }
    }
    await lanes.drain();
  }

  async #work(taken: Taken): Promise<void> {
    const { ledger, spec } = this.#options;
    const { task, id, attempts, counted } = taken;
    const reported = this.#earlier.get(id)?.reported ?? new Set();
    const purl = isRelease(task) ? task.purl : task.path;
    const work = new Work(this.progress, task.mount, purl, { attempts, reported });
    let isOnlySelected = false;
    try {
      if (!isRelease(task)) await this.#path(work, task.path, task.optional ?? false);
      else if (await this.#isSelected(task)) {
        isOnlySelected = true;
        this.#selectedOf(task.mount).push(task);
      } else if (spec.closure !== "none" && task.isRoot && task.version === undefined)
        await ledger.add(await this.#closure.newest(task));
      else if (this.#isGraph(task)) {
        isOnlySelected = true;
        await this.#select(work, task, attempts);
      } else await this.#release(work, task);
    } catch (error) {
      work.fail(error);
    }
    if (ledger.isCanceled()) return;
    const { completed: before, bytes: cost } = counted ?? noCounts();
    const { completed: fetched, bytes: spent } = this.#earlier.get(id) ?? { completed: before, bytes: cost };
    this.#earlier.delete(id);
    if (work.failures.some(({ isPassing }) => isPassing) && mayTryAgain(attempts)) {
      const { completed, bytes } = work.counts;
      this.#earlier.set(id, { completed: fetched + completed, bytes: spent + bytes, reported });
      const { reason } = work.failures.find(({ isPassing }) => isPassing)!;
      const at = retryAt(attempts, work.retryAfter, this.#options.backoff);
      work.undo();
      emit("postponed", { mount: task.mount, reason, until: at });
      return ledger.settle(taken, { kind: "postponed", at });
    }
    work.count({ completed: fetched, bytes: spent, skipped: -fetched });
    for (const { isPassing: _, ...failure } of work.failures) this.#options.tell?.({ ...failure, outcome: "failed" });
    const { counts, failures, isGone, again } = work;
    const kind = failures.length > 0 ? "failed" : "complete";
    await ledger.settle(taken, {
      kind,
      counts,
      failures,
      isGone,
      ...(isOnlySelected && { isOnlySelected }),
      ...(again !== undefined && { again }),
    });
  }

  /** Whether one version of each package was selected of what it requires, and the tasks for them are in the ledger. */
  async #isSelected(task: ReleaseTask): Promise<boolean> {
    const { spec, mounts, ledger } = this.#options;
    const { selects } = mounts.get(task.mount)!.ecosystem;
    if (!selects || spec.closure === "none" || !task.isRoot || task.inGraph || task.qualifiers) return false;
    if (selects === "nearest" && task.version === undefined) return false;
    try {
      const tasks =
        selects === "nearest"
          ? await this.#selector.nearest(task)
          : await this.#selector.compatible(task.mount, [task]);
      if (!tasks) return false;
      await ledger.add(tasks.map((each) => ofRoots([task], each)));
      return true;
    } catch {
      // What could not be had is told of by those who resolve each range for itself, and hold what can.
      return false;
    }
  }

  #selectedOf(mount: string): ReleaseTask[] {
    const roots = this.#roots.get(mount) ?? [];
    this.#roots.set(mount, roots);
    return roots;
  }

  /** Who requires several of the roots in one project takes one version of what they have in common. Whether there is more to do. */
  async #together(): Promise<boolean> {
    const { ledger, mounts } = this.#options;
    const before = await ledger.waiting();
    for (const [mount, roots] of this.#roots) {
      this.#roots.delete(mount);
      if (roots.length < 2 || mounts.get(mount)!.ecosystem.selects !== "compatible") continue;
      const sorted = roots.toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
      // Where there is no such version nobody can have all of them in one project.
      const tasks = await this.#selector.compatible(mount, sorted).catch(() => undefined);
      await ledger.add((tasks ?? []).map((each) => ofRoots(sorted, each)));
    }
    return (await ledger.waiting()) > before;
  }

  /** Holds what is read to select; first what states its digest, which holding it would hold without a word. */
  async #readFile(mount: string, path: Path): Promise<Held> {
    const { mounts } = this.#options;
    const at = mounts.get(mount)!;
    const target = documentAt(at, path);
    for (const proof of target?.route.describedBy?.(target.params, path, at.traits) ?? [])
      if (typeof proof === "string")
        await this.#readFile(mount, proof).catch((error: unknown) => {
          if (!(error instanceof NotFound)) throw error;
        });
    const held = await this.#dispatch.hold({ mount, path, options: { inside: true, plansOnly: this.#isEstimate } });
    if (held.fetched && !held.isUnread) this.#read.set(`${mount}${held.path}`, held.bytes);
    return held;
  }

  /** Whether what it requires is to be selected in a graph. What qualifiers choose of a release is not to be installed. */
  #isGraph({ mount, name, version, qualifiers = {}, isRoot, inGraph }: ReleaseTask): boolean {
    const { spec, mounts } = this.#options;
    if (spec.closure === "none" || !isRoot || inGraph || version === undefined) return false;
    const { ecosystem } = mounts.get(mount)!;
    const document = ecosystem.selects ? undefined : ecosystem.graph?.({ name, version });
    return (
      document !== undefined && Object.keys(document.qualifiers ?? {}).every((key) => qualifiers[key] === undefined)
    );
  }

  /** Holds what is to be read of the graph below a root; what else is wanted of the releases in it are tasks of their own. */
  async #select(work: Work, root: ReleaseTask, attempts: number): Promise<void> {
    const { mounts, spec, ledger } = this.#options;
    const { ecosystem } = mounts.get(root.mount)!;
    const { name, version = "" } = root;
    const { selected, loaded } = await select(
      { name, version },
      {
        versions: ecosystem.versions,
        load: (release) => this.#load(work, root.mount, release),
        all: spec.closure === "all",
      },
    );
    // What is missing may change the selection. All of it is counted again, then.
    if (work.failures.some(({ isPassing }) => isPassing) && mayTryAgain(attempts)) return this.#nodes.clear();
    await ledger.add(tasksOf(ecosystem, root, { selected, loaded }));
  }

  /** What a release in a graph requires. What many roots have in common is read, and counted, once. */
  #load(work: Work, mount: string, release: Release): Promise<Node> {
    const { ecosystem } = this.#options.mounts.get(mount)!;
    const key = `${mount} ${keyOf(release)}`;
    const known = this.#nodes.get(key);
    if (known) return Promise.resolve(known);
    const { path } = ecosystem.graph!(release);
    const purl = formatPurl(ecosystem, release);
    return this.#file(work, purl, { path, optional: false }, { inside: true, ...this.#how }, undefined).then(
      ([held]) => {
        const requires = (held?.requires ?? []).map(({ name, range }) => ({ name, version: range }));
        const node = { requires, requiresAll: held?.requiresAll ?? false };
        // What could not be had is asked for again.
        if (held) this.#nodes.set(key, node);
        return node;
      },
    );
  }

  async #release(work: Work, task: ReleaseTask): Promise<void> {
    const { pool, ledger, mounts } = this.#options;
    const spec = task.inGraph ? { ...this.#options.spec, closure: "none" as const } : this.#options.spec;
    const isWhole = task.version !== undefined && (await ledger.isWhole(task));
    const plan = await this.#limit(() => pool.run("plan", { task, spec, isWhole, rehash: this.#isVerify }));
    this.progress.phase = "downloading";
    this.#remark(work, task, plan);
    const { files, held, expected, matures } = plan;
    const doubt = plan.isGone ? await ledger.doubt?.(task) : undefined;
    if (doubt) work.fail(doubt);
    Object.assign(work, { isGone: plan.isGone && !doubt, again: matures });
    if (work.isGone)
      this.#report(work, {
        mount: task.mount,
        purl: task.purl,
        outcome: "left out",
        reason: "upstream does not have it",
      });
    // Where files are only planned, the one that has an expected digest may be among those that do not come.
    const options: HoldOptions = {
      expected: this.#isEstimate ? undefined : expected,
      // What is read where one version of each package is selected may lead to more files of the release.
      inside: spec.closure !== "none" || (task.inGraph && mounts.get(task.mount)!.ecosystem.selects) !== undefined,
      refresh: spec.refresh,
      ...this.#how,
    };
    // Qualifiers choose files; what these name beside them was not asked for.
    const known = task.qualifiers ? undefined : new Set([...files, ...held].map(({ path }) => path));
    work.count({ total: held.length });
    if (this.#isVerify && task.inGraph !== "loaded")
      for (const reason of await this.#limit(() =>
        pool.run("listing", { task, versions: plan.versions, paths: [...files, ...held].map(({ path }) => path) }),
      ))
        work.fail(new NotFound(reason));
    const got = await Promise.all([
      ...held.map((each) => this.#got(work, task.purl, each, options, known)),
      ...files.map((file) => this.#file(work, task.purl, file, options, known)),
    ]);
    const all = got.flat();
    if (known) this.#announced(work, task, all, isWhole);
    const matches = all.flatMap((each) => each.matches ?? []);
    if (matches.length > 0 && !matches.includes(true)) {
      const found = all.map(({ sha256 }) => `sha256:${sha256}`).join(", ");
      work.fail(new DigestMismatch(`${task.purl}, as its source states it`, (expected ?? []).join(", "), found));
    }
    const requires = [...plan.requires, ...all.flatMap((each) => each.requires)];
    if (
      all.some(({ isUnread }) => isUnread) &&
      !all.some(({ path }) => documentAt(this.#options.mounts.get(task.mount)!, path))
    )
      this.#report(work, { mount: task.mount, purl: task.purl, outcome: "unproven", reason: UNREAD });
    if (!task.inGraph) await this.#require(work, task, requires);
    await this.#publish(work, [...plan.staged, ...all.flatMap(({ staged = [] }) => staged)]);
  }

  /** What a task's pointers name is held now, unless something of it failed. */
  async #publish(work: Work, staged: readonly Staged[]): Promise<void> {
    const { ledger, pool } = this.#options;
    if (staged.length === 0 || this.#isEstimate || this.#isVerify) return;
    if (work.failures.length > 0 || ledger.isCanceled()) return;
    await pool.run("publish", { mount: work.mount, staged });
  }

  /** Reports an outcome once, however often the task is tried. */
  #report(work: Work, outcome: Outcome): void {
    if (work.isNews(outcome)) this.#options.tell?.(outcome);
  }

  /** What a plan has to say beside its files. */
  #remark(work: Work, { mount, name, version }: ReleaseTask, { withheld, unfit, odd, unproven }: Plan): void {
    const { mounts } = this.#options;
    const tell = (outcome: Outcome) => this.#report(work, outcome);
    for (const { path, entry, reason } of odd) {
      // Many packages may have a document in common.
      const key = `${mount} ${path} ${entry}`;
      if (this.#odd.has(key) || this.#odd.size >= ODD) continue;
      this.#odd.add(key);
      const purl = formatPurl(mounts.get(mount)!.ecosystem, { name });
      tell({ mount, purl, outcome: "left out", reason: `an entry of ${path} makes no sense: ${entry}: ${reason}` });
    }
    for (const each of unproven) tell({ mount, ...each, outcome: "unproven" });
    for (const each of unfit) tell({ mount, ...each, outcome: "left out" });
    for (const each of withheld) {
      // Of a whole package, young releases are left for a later run; one that was asked for by version is a failure.
      if (version !== undefined) work.fail(new Withheld("withheld by the cooldown"));
      else tell({ mount, purl: each, outcome: "withheld", reason: "it is younger than its cooldown" });
    }
  }

  /**
   * What a file names and nothing has (the jar of a POM). Where it was mirrored, upstream did not have it either; clients may
   * do without.
   */
  #announced(work: Work, { mount, purl }: ReleaseTask, all: readonly Held[], isWhole: boolean): void {
    const got = new Set(all.map(({ path }) => path));
    const failed = new Set(work.failures.map(({ path }) => path));
    for (const { path, optional } of all.flatMap(({ files }) => files)) {
      if (optional || this.#isEstimate || got.has(path) || failed.has(path)) continue;
      if (this.#isVerify && !isWhole) work.fail(new NotFound("it is announced, and not held"), path);
      else
        this.#report(work, {
          mount,
          purl,
          outcome: "unproven",
          reason: `announces ${path}, which upstream does not have`,
        });
    }
  }

  async #require(work: Work, task: ReleaseTask, requires: readonly Requirement[]): Promise<void> {
    const { spec, ledger, declared, mounts } = this.#options;
    const { ecosystem } = mounts.get(task.mount)!;
    const wanted = requires.filter((each) => isWanted(ecosystem, each, task, spec.choice, spec.closure));
    if (spec.closure === "none") return declared?.(task.mount, wanted);
    const { tasks, failures } = await this.#closure.follow(task, wanted, (outcome) => this.#report(work, outcome));
    for (const failure of failures) work.add(failure);
    await ledger.add(tasks);
  }

  /** One path of a set, which names all that its client asked for: what the path names in turn was not. */
  async #path(work: Work, path: Path, optional: boolean): Promise<void> {
    const held = await this.#file(work, path, { path, optional }, this.#how, undefined);
    await this.#publish(
      work,
      held.flatMap(({ staged = [] }) => staged),
    );
  }

  /** Holds a file, and what it names in turn. */
  async #file(
    work: Work,
    purl: string,
    { path, optional, size, fact }: PlannedFile,
    options: HoldOptions,
    known: Set<Path> | undefined,
  ): Promise<Held[]> {
    const { ledger } = this.#options;
    work.count({ total: 1 });
    try {
      if (ledger.isCanceled()) return [];
      const sized = this.#isEstimate && size === undefined && fact?.size === undefined && this.#sizes-- > 0;
      const held = await this.#dispatch.hold({ mount: work.mount, path, size, options: { ...options, fact, sized } });
      if (optional && held.isAbsent) throw new NotFound(`${path} does not exist`);
      return await this.#got(work, purl, { ...held, size: held.size || (size ?? 0) }, options, known);
    } catch (error) {
      // Some servers send a page, and status 200, for what they do not have.
      const isAbsent = error instanceof NotFound || (error instanceof UpstreamFailed && error.implausible);
      if (optional && isAbsent) work.count({ total: -1 });
      else work.fail(error, path);
      return [];
    }
  }

  /** `known`: paths that are seen to already; without it, what the file names is not followed. */
  async #got(work: Work, purl: string, held: Held, options: HoldOptions, known?: Set<Path>): Promise<Held[]> {
    const { path, size, sha256 } = held;
    const { tell, mounts, spec } = this.#options;
    const file = { mount: work.mount, purl, path };
    const place = `${work.mount}${path}`;
    const [bytes, fetched] = [this.#read.get(place) ?? held.bytes, held.fetched || this.#read.delete(place)];
    if (this.#isEstimate && fetched) {
      work.count(this.#planned.has(place) ? { total: -1 } : { bytes: size });
      if (!this.#planned.has(place)) tell?.({ ...file, ...(size > 0 && { size }), outcome: "planned" });
      this.#planned.add(place);
    } else {
      work.count(fetched ? { completed: 1, bytes } : { skipped: 1 });
      const stored = held.isUnverified ? "unverified" : "held";
      this.#report(work, { ...file, digest: `sha256:${sha256}`, size, outcome: fetched ? "fetched" : stored });
    }
    const files = withoutSources(fitting(mounts.get(work.mount)!.ecosystem, held.files, spec.choice), spec.choice);
    const more = known ? files.filter(({ path: named }) => !known.has(named)) : [];
    for (const each of more) known?.add(each.path);
    const led = await Promise.all(
      more.map(({ path: named, size: stated, optional = false }) =>
        this.#file(
          work,
          purl,
          { path: named, optional, ...(stated !== undefined && { size: stated }) },
          options,
          known,
        ),
      ),
    );
    return [{ ...held, files }, ...led.flat()];
  }
}

/** A selected release; the one that was asked for as it was asked for. */
function ofRoots(roots: readonly ReleaseTask[], task: ReleaseTask): ReleaseTask {
  const root = roots.find(({ name, version }) => name === task.name && (version ?? task.version) === task.version);
  return root && !task.qualifiers ? { ...root, ...task } : task;
}

/** What is wanted of the releases of a graph, beside what states their requirements. */
function tasksOf(ecosystem: Ecosystem, root: ReleaseTask, { selected, loaded }: Selection): ReleaseTask[] {
  const task = (release: Release, more: Partial<ReleaseTask>): ReleaseTask => {
    const wanted = { ...release, ...(more.qualifiers && { qualifiers: more.qualifiers }) };
    return { ...wanted, ...more, mount: root.mount, purl: formatPurl(ecosystem, wanted) };
  };
  return [
    ...selected.map((release) =>
      release.name === root.name && release.version === root.version
        ? { ...root, inGraph: "selected" as const }
        : task(release, { inGraph: "selected" }),
    ),
    ...loaded.map((release) => {
      const { qualifiers } = ecosystem.graph!(release);
      return task(release, { ...(qualifiers && { qualifiers }), inGraph: "loaded" });
    }),
  ];
}
