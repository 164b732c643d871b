/** Runs the commands of `../commands.ts` on SQLite tables. Synchronous: to be called inside a transaction. */
import type { CommandName, Commands, GenerationChanges, Removal, Stored, TaskOutcome } from "../commands.ts";
import type { SqliteTables } from "./tables.ts";

type Handlers = {
  [N in CommandName]: (tables: SqliteTables, input: Commands[N]["input"]) => Commands[N]["result"];
};

const STORED = { status: "stored" } as const;

export const handlers: Handlers = {
  storeArtifact: ({ artifacts, blobs, pins }, { row }) => {
    const refused = addBlobs(blobs, [row]);
    if (refused) return refused;
    artifacts.put(row);
    pins.addRow(row);
    return STORED;
  },
  restoreArtifact: ({ artifacts, blobs }, { row }) => {
    const other = artifacts.find(row.mount, row.path);
    if (other && other.sha256 !== row.sha256) return STORED;
    const refused = addBlobs(blobs, [row]);
    if (refused) return refused;
    artifacts.put(row);
    return STORED;
  },
  confirmArtifact: ({ artifacts }, { row }) => artifacts.confirm(row),
  ownPins: ({ pins }, { kind, name, title }) => pins.own({ kind, name }, title),
  pin: ({ pins }, { owner, mount, paths }) => {
    for (const path of paths) pins.add(owner, mount, path);
  },
  unpin: (tables, { owner, places, spoiled, packages, now }) => {
    const named: string[] = [];
    for (const { mount, path } of places) {
      tables.pins.remove(owner, mount, path);
      for (const table of [tables.artifacts, tables.documents]) {
        const row = table.find(mount, path);
        if (!row || row.pinned) continue;
        table.remove(mount, path);
        named.push(row.sha256);
      }
    }
    for (const { mount, purl } of spoiled)
      tables.mirrored.spoil(mount, purl, "its files were removed when their pins ended");
    for (const { mount, name } of packages) tables.listed.spoil(mount, name);
    return tables.blobs.release(named, now);
  },
  endPins: ({ pins }, { owner, places }) => {
    for (const { mount, path } of places) pins.remove(owner, mount, path);
  },
  forgetOwner: ({ pins }, { owner }) => pins.disown(owner),

  storeDocuments: (tables, { documents, changes, unless }) => {
    const { documents: table, blobs } = tables;
    if (unless && table.find(unless.mount, unless.path)?.sha256 !== unless.sha256) return { status: "replaced" };
    const refused = addBlobs(
      blobs,
      documents.map(({ row }) => row),
    );
    if (refused) return refused;
    if (changes) applyChanges(tables, changes);
    for (const { row, pages } of documents) {
      table.put(row, pages);
      tables.pins.addRow(row);
    }
    return STORED;
  },
  checkDocument: ({ documents }, { row }) => documents.checked(row),
  copyDocument: ({ documents, pins }, { row, paths }) => {
    for (const path of paths) {
      documents.put({ ...row, path }, []);
      pins.addRow({ ...row, path });
    }
  },
  publishPointers: (tables, { mount, owner, pointers }) => {
    const { documents } = tables;
    const isPending = new Map<string, boolean>();
    for (const { path, pendingPath, sha256 } of pointers) {
      const pending = documents.find(mount, pendingPath)?.sha256 === sha256;
      // Another job may have published it.
      if (!pending && documents.find(mount, path)?.sha256 !== sha256) return { status: "replaced", path };
      isPending.set(path, pending);
    }
    for (const { path, pendingPath, changes } of pointers) {
      if (isPending.get(path)) {
        if (changes) applyChanges(tables, changes);
        documents.move(mount, pendingPath, path);
      }
      if (owner !== undefined) tables.pins.add(owner, mount, path);
    }
    return { status: "published" };
  },

  countUse: (tables, { at, artifacts, documents }) => {
    for (const { mount, path, hits } of artifacts) tables.artifacts.touch(mount, path, hits, at);
    for (const { mount, path } of documents) tables.documents.touch(mount, path, at);
  },
  correctUse: ({ artifacts, documents }, { now }) => {
    artifacts.correctUse(now);
    documents.correctUse(now);
  },
  evict: ({ artifacts, documents, blobs }, { bytes, now, limit }) => {
    let surplus = blobs.totals().bytes - bytes;
    const files = artifacts.evictable(limit).map((row) => ({ ...row, from: artifacts }));
    const old = files.length > 0 ? [] : documents.evictable(now, limit).map((row) => ({ ...row, from: documents }));
    const evicted: Commands["evict"]["result"]["evicted"] = [];
    const removing: string[] = [];
    for (const { mount, path, sha256, size, from } of [...files, ...old]) {
      if (surplus <= 0) break;
      from.remove(mount, path);
      evicted.push({ mount, path });
      const freed = blobs.release([sha256], now);
      if (freed.length > 0) surplus -= size;
      removing.push(...freed);
    }
    return { evicted, removing };
  },
  releaseBlobs: ({ blobs }, { sha256s, now }) => blobs.release(sha256s, now),
  releaseUnknown: ({ blobs }, { sha256s, now }) => {
    const known = blobs.known(sha256s);
    const unknown = sha256s.filter((sha256) => !known.has(sha256));
    for (const sha256 of unknown) blobs.add(sha256, 0, now);
    return unknown;
  },
  forgetBlobs: ({ blobs }, { sha256s }) => blobs.forget(sha256s),
  resumeRemovals: ({ blobs }, { before, now }) => blobs.resume(before, now),
  verifyBlobs: ({ blobs }, { sha256s, at }) => blobs.verify(sha256s, at),
  forgetLost: (tables, { sha256, artifacts, documents, spoiled, packages, now }) => {
    const forget = (table: SqliteTables["artifacts" | "documents"], mount: string, path: string) => {
      // Somebody may have fetched another version meanwhile.
      if (table.find(mount, path)?.sha256 === sha256) table.remove(mount, path);
    };
    for (const { mount, path } of artifacts) forget(tables.artifacts, mount, path);
    for (const { mount, path } of documents) forget(tables.documents, mount, path);
    for (const { mount, purl, failure } of spoiled) tables.mirrored.spoil(mount, purl, failure);
    for (const { mount, name } of packages) tables.listed.spoil(mount, name);
    return tables.blobs.release([sha256], now);
  },

  putDates: ({ dates: table }, { mount, name, dates }) => {
    for (const [version, date] of dates) table.put(mount, name, version, date);
  },

  recordSets: ({ pins, sets }, { at, entries }) => {
    for (const { set, mount, path } of entries) {
      pins.add(pins.own({ kind: "set", name: set }, `set ${set}`), mount, path);
      sets.add(set, mount, path, at);
    }
  },
  removeSet: ({ sets }, { name }) => sets.remove(name),

  createToken: ({ tokens }, { row }) => tokens.create(row),
  revokeToken: ({ tokens }, { id, at }) => tokens.revoke(id, at),

  createJob: ({ jobs }, { id, spec, at }) => jobs.create(id, spec, at),
  addTasks: ({ jobs, tasks: table }, { job, tasks, skipped = 0 }) => {
    for (const { key, task } of tasks) table.add(job, key, task);
    if (skipped > 0) jobs.add(job, { skipped, total: skipped });
  },
  moveJob: ({ jobs }, { id, from, to, set }) => jobs.move(id, from, to, set),
  removeJobs: ({ jobs }, { ids }) => {
    for (const id of ids) jobs.remove(id);
  },
  claimJob: ({ jobs, tasks }, { id, at }) => {
    const row = jobs.find(id);
    if (!jobs.move(id, ["pending", "running"], "running", { startedAt: row?.startedAt ?? at })) return false;
    // What settled tasks required is in no row: they are looked at again, and what is stored of them is skipped.
    if (row?.spec.closure !== "none") {
      tasks.reopen(id);
      jobs.reset(id);
    }
    return true;
  },
  endJob: ({ jobs, tasks }, { id, at, error, estimate }) => {
    const { total, failed } = jobs.find(id)!;
    const reason = error ?? (failed > 0 ? `${failed} of ${total} could not be held` : null);
    const ended = { phase: "complete", error: reason, finishedAt: at, ...(estimate && { estimate }) } as const;
    if (jobs.move(id, ["running"], reason === null ? "complete" : "failed", ended)) tasks.forget(id);
  },
  retryJob: ({ jobs }, { id, spec }) => {
    jobs.retry(id);
    jobs.move(id, ["failed", "canceled"], "pending", { phase: "resolving", ...(spec && { spec }) });
  },
  settleTask: ({ jobs, tasks, mirrored: table }, { task, state, counts, mirrored, ...outcome }) => {
    tasks.settle(task.id, state, task.attempts, state === "failed" ? counts : null);
    count(jobs, { counts, ...outcome });
    if (mirrored) table.settle(mirrored);
  },
  postponeTask: ({ tasks }, { id, attempts, notBefore }) => tasks.postpone(id, attempts, notBefore),
  countJob: ({ jobs }, outcome) => count(jobs, outcome),

  beginFeed: ({ catalogs, listed }, { mount, filters, isAnew, now }) => {
    catalogs.create({ mount, isListing: true, filters, checkpoint: null });
    const isOther = catalogs.find(mount)?.filters !== filters;
    listed.reopen(mount, now, { failed: "all" });
    if (isAnew) catalogs.update(mount, { validator: null });
    return { isOther };
  },
  updateCatalog: ({ catalogs }, { mount, set }) => catalogs.update(mount, set),
  recordPage: (tables, { mount, entries, catalog, gone, removals, policy, now }) => {
    const ids = tables.listed.record(mount, entries);
    if (catalog) tables.catalogs.update(mount, catalog);
    tables.listed.record(
      mount,
      gone.map(({ name, version, revision }) => ({ name, version, revision, state: "gone" })),
    );
    const named = removals.flatMap((removal) => remove(tables, mount, removal, policy));
    return { ids, removing: tables.blobs.release(named, now) };
  },
  moveListed: ({ listed }, { moves }) => {
    for (const { ids, state } of moves) listed.move(ids, state);
  },
  reopenListed: ({ listed }, { mount, now, failed }) => listed.reopen(mount, now, { failed }),
  settleListed: (tables, { mount, row, settlement, outcome, removal, now }) => {
    if (outcome) count(tables.jobs, outcome);
    const isSettled = tables.listed.settle(row, settlement);
    if (!isSettled || !removal) return [];
    return tables.blobs.release(remove(tables, mount, removal.removal, removal.policy), now);
  },

  advanceEpoch: ({ identity }, { beyond }) => identity.advance(beyond),
};

/** Adds blobs whose bytes are in the store; the refusal, where some are being removed. */
function addBlobs(
  blobs: SqliteTables["blobs"],
  rows: readonly { sha256: string; size: number }[],
): Extract<Stored, { status: "removing" }> | undefined {
  const sha256s = blobs.removing(rows.map(({ sha256 }) => sha256));
  if (sha256s.length > 0) return { status: "removing", sha256s };
  for (const { sha256, size } of rows) blobs.add(sha256, size);
  return undefined;
}

function applyChanges(
  { documents, pins }: SqliteTables,
  { mount, replaced, unpinned, outdated }: GenerationChanges,
): void {
  for (const { from, path, usedAt, isPinned } of replaced) {
    documents.touch(mount, path, usedAt);
    if (isPinned) pins.copy(mount, from, path);
  }
  for (const path of unpinned) pins.removeAll(mount, path);
  for (const path of outdated.paths) {
    const row = documents.find(mount, path);
    if (row && !row.pinned && row.usedAt < outdated.usedBefore) documents.remove(mount, path);
  }
}

/** The digests of what was removed. */
function remove(
  { artifacts, documents, pins }: SqliteTables,
  mount: string,
  { name, version, documents: paths }: Removal,
  policy: Commands["recordPage"]["input"]["policy"],
): string[] {
  if (policy === "keep") return [];
  const named: string[] = [];
  for (const path of paths) {
    const row = documents.find(mount, path);
    if (!row) continue;
    pins.removeAll(mount, path);
    documents.remove(mount, path);
    named.push(row.sha256);
  }
  if (policy === "purge")
    for (const file of artifacts.ofPackage(mount, name)) {
      if (version && file.version !== version) continue;
      pins.removeAll(mount, file.path);
      artifacts.remove(mount, file.path);
      named.push(file.sha256);
    }
  return named;
}

function count(jobs: SqliteTables["jobs"], { job, counts, failures }: TaskOutcome): void {
  jobs.add(job, counts);
  for (const failure of failures) jobs.fail({ job, ...failure });
}
