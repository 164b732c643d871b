/**
 * What the database knows: which bytes stand behind which path, what documents stated, and the work of mirror jobs.
 * Bytes themselves are in the store. Times are milliseconds since 1970; digests are hex.
 */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Digest } from "../../contract/ecosystem.ts";
import type { Estimate, JobSpec, PinOwner, Task } from "../../contract/jobs.ts";

/** Immutable files that are held. A row exists only when its blob is whole and on disk. */
export const artifacts = sqliteTable(
  "artifacts",
  {
    mount: text().notNull(),
    path: text().notNull(),
    sha256: text().notNull(),
    size: integer().notNull(),
    mediaType: text("media_type").notNull(),
    name: text().notNull(),
    version: text().notNull(),
    publishedAt: integer("published_at"),
    /** Response headers kept for clients, digests among them. */
    headers: text({ mode: "json" }).$type<Record<string, string>>().notNull(),
    fetchedAt: integer("fetched_at").notNull(),
    usedAt: integer("used_at").notNull(),
    hits: integer().notNull().default(0),
    /** Held on purpose by a mirror job: never evicted. */
    pinned: integer({ mode: "boolean" }).notNull().default(false),
    /** The digest that a document, a signature or the path stated, and that the bytes have; null: none is stated, or it is from
     * before this was noted. */
    verified: text().$type<Digest>(),
    /** Upstream's validators, by which what is unverified is revalidated, and the registry that gave it. */
    etag: text(),
    lastModified: text("last_modified"),
    registry: text(),
    /** When upstream last said that this is current; null: when it was fetched. */
    checkedAt: integer("checked_at"),
  },
  (table) => [
    primaryKey({ columns: [table.mount, table.path] }),
    index("artifacts_name").on(table.mount, table.name, table.version),
    index("artifacts_blob").on(table.sha256),
    index("artifacts_used").on(table.pinned, table.usedAt),
  ],
);

/** Documents as upstream sent them. */
export const documents = sqliteTable(
  "documents",
  {
    mount: text().notNull(),
    /** With the query that belongs to it, if any. */
    path: text().notNull(),
    sha256: text().notNull(),
    size: integer().notNull(),
    mediaType: text("media_type").notNull(),
    /** Where it came from, for relative links in it. */
    url: text().notNull(),
    /** The base address of the registry that it came from, of several; null: from before this was noted. */
    registry: text(),
    etag: text(),
    lastModified: text("last_modified"),
    headers: text({ mode: "json" }).$type<Record<string, string>>().notNull(),
    revision: integer(),
    fetchedAt: integer("fetched_at").notNull(),
    /** When upstream last said that this is current. */
    checkedAt: integer("checked_at").notNull(),
    usedAt: integer("used_at").notNull(),
    pinned: integer({ mode: "boolean" }).notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.mount, table.path] }), index("documents_blob").on(table.sha256)],
);

/** What a document states about files: pages of JSON sorted by path, so that one file is found without reading them all. */
export const facts = sqliteTable(
  "facts",
  {
    mount: text().notNull(),
    document: text().notNull(),
    /** The first path of the page. */
    first: text().notNull(),
    page: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.mount, table.document, table.first] })],
);

/** Dates of releases whose index has none: when their file was last modified, or when they were first seen here. */
export const releaseDates = sqliteTable(
  "release_dates",
  {
    mount: text().notNull(),
    name: text().notNull(),
    version: text().notNull(),
    at: integer().notNull(),
    source: text({ enum: ["last-modified", "first-seen"] }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.mount, table.name, table.version] })],
);

/** What is on disk. `totals` is kept by triggers, so that no request adds it up. */
export const blobs = sqliteTable(
  "blobs",
  {
    sha256: text().primaryKey(),
    size: integer().notNull(),
    /** When its bytes were last read and found to be those of its name; null: when they were stored. */
    verifiedAt: integer("verified_at"),
    /** Since when its bytes are being removed; null: they are there. The row goes once they are gone. */
    removingSince: integer("removing_since"),
  },
  (table) => [
    index("blobs_verified").on(table.verifiedAt),
    index("blobs_removing").on(table.removingSince).where(sql`${table.removingSince} IS NOT NULL`),
  ],
);
export const totals = sqliteTable("totals", {
  id: integer().primaryKey(),
  blobs: integer().notNull(),
  bytes: integer().notNull(),
  artifacts: integer().notNull(),
});

/** Which database this is, so that a store can name the one that describes it (`storage/owner.ts`). One row. */
export const identity = sqliteTable("identity", {
  one: integer().primaryKey(),
  /** Random; a copy of the file has the same. */
  id: text().notNull(),
  /** Advanced by each opening for writing, by what is stored, and by `proxy store adopt`: of two copies, the newer one has more. */
  epoch: integer().notNull(),
});

/** What mirrors were asked to hold, and how that ended last. */
export const mirrored = sqliteTable(
  "mirrored",
  {
    mount: text().notNull(),
    /** As asked for, normalised: with or without a version. */
    purl: text().notNull(),
    /** Which files of it were wanted (`mirror/choice.ts`); empty: all. */
    choice: text().notNull().default(""),
    at: integer().notNull(),
    /** Files that are held for it. */
    files: integer().notNull().default(0),
    /** Why it is not whole; null when it is. */
    failure: text(),
  },
  (table) => [primaryKey({ columns: [table.mount, table.purl, table.choice] })],
);

/** Mirror jobs. Counters are of files; those of finished tasks, as of the last report. */
export const jobs = sqliteTable(
  "mirror_jobs",
  {
    id: text().primaryKey(),
    /** `reading`: its sources are still being read; nothing of it exists for anyone if that does not end well. */
    state: text({ enum: ["reading", "pending", "running", "complete", "failed", "canceled"] }).notNull(),
    phase: text({ enum: ["resolving", "downloading", "complete"] }).notNull(),
    spec: text({ mode: "json" }).$type<JobSpec>().notNull(),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    finishedAt: integer("finished_at"),
    error: text(),
    total: integer().notNull().default(0),
    completed: integer().notNull().default(0),
    skipped: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    bytes: integer().notNull().default(0),
    /** Of one that only tells what a registry would come to, once it has ended well. */
    estimate: text({ mode: "json" }).$type<Estimate>(),
  },
  (table) => [index("jobs_state").on(table.state)],
);

/** What jobs still have to do: a package, a release or a path each, with all its files. Those that are done stay until the job ends. */
export const tasks = sqliteTable(
  "mirror_tasks",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    job: text().notNull(),
    /** What makes it one task however often it is named. */
    key: text().notNull(),
    task: text({ mode: "json" }).$type<Task>().notNull(),
    state: text({ enum: ["pending", "complete", "failed"] }).notNull(),
    attempts: integer().notNull().default(0),
    /** Not to be tried again before. */
    notBefore: integer("not_before").notNull().default(0),
    /** What it came to when it failed: taken back from the job's counters when it is tried again. */
    counted: text({ mode: "json" }).$type<Record<"total" | "completed" | "skipped" | "failed" | "bytes", number>>(),
  },
  (table) => [
    uniqueIndex("tasks_key").on(table.job, table.key),
    index("tasks_next").on(table.job, table.state, table.notBefore),
  ],
);

/** What jobs could not hold, and why. */
export const failures = sqliteTable(
  "mirror_failures",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    job: text().notNull(),
    task: integer().notNull(),
    purl: text().notNull(),
    path: text(),
    reason: text().notNull(),
    /** Whether trying again may help. */
    isPassing: integer("is_passing", { mode: "boolean" }).notNull(),
    attempts: integer().notNull(),
    at: integer().notNull(),
  },
  (table) => [index("failures_job").on(table.job, table.id)],
);

/** Registries that are mirrored whole, by their mount, and how far what they say of themselves was read. */
export const catalogs = sqliteTable("catalogs", {
  mount: text().primaryKey(),
  /** Where the plugin's catalog goes on; null: at its beginning. */
  checkpoint: text(),
  /** Whether a list is being read, so that the checkpoint is one of the list. */
  isListing: integer("is_listing", { mode: "boolean" }).notNull(),
  /** Tells apart the filters by which packages were chosen. */
  filters: text().notNull(),
  /** Packages that the last whole list had. */
  size: integer().notNull().default(0),
  /** What upstream calls the list that is known, all of it and nothing else; null: it has no name, or other things were said since. */
  validator: text(),
  /** When what upstream said was last read to its end; null: never yet. */
  caughtUpAt: integer("caught_up_at"),
});

/** The packages of such registries: what their catalog said of each last, and what became of it here. Both state and work. */
export const listed = sqliteTable(
  "listed",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    mount: text().notNull(),
    name: text().notNull(),
    /** Of a release that no index lists; empty: the package. */
    version: text().notNull().default(""),
    /** As its catalog stated it last. */
    revision: text(),
    /** The revision of which all that was wanted is held. */
    held: text(),
    /** `due`: to be held; `young`: held, but for releases that a cooldown withholds; `left`: the filters leave it out; `odd`: an entry
     * of the list that makes no sense, by its text, with the reason as its revision. */
    state: text({ enum: ["due", "held", "young", "failed", "left", "gone", "odd"] }).notNull(),
    attempts: integer().notNull().default(0),
    /** Not to be looked at again before. */
    notBefore: integer("not_before").notNull().default(0),
  },
  (table) => [
    uniqueIndex("listed_name").on(table.mount, table.name, table.version),
    index("listed_due").on(table.mount, table.notBefore, table.id).where(sql`${table.state} = 'due'`),
    index("listed_open").on(table.mount, table.state).where(sql`${table.state} IN ('failed', 'young')`),
  ],
);

/** What was asked for while it was recorded, by the name of the recording. */
export const sets = sqliteTable(
  "sets",
  { name: text().notNull(), mount: text().notNull(), path: text().notNull(), at: integer().notNull() },
  (table) => [primaryKey({ columns: [table.name, table.mount, table.path] })],
);

/** For whom files and documents are kept: a registry, a scheduled job, a request, a set, a person; `legacy`: pins of before owners. */
export const pinOwners = sqliteTable(
  "pin_owners",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    kind: text().$type<PinOwner["kind"]>().notNull(),
    name: text().notNull(),
    /** For people. */
    title: text().notNull(),
  },
  (table) => [uniqueIndex("pin_owners_name").on(table.kind, table.name)],
);

/** What is kept for whom. Triggers keep `pinned` of the two tables right. */
export const pins = sqliteTable(
  "pins",
  { owner: integer().notNull(), mount: text().notNull(), path: text().notNull() },
  (table) => [
    primaryKey({ columns: [table.mount, table.path, table.owner] }),
    index("pins_owner").on(table.owner, table.mount, table.path),
  ],
);

/** Who may use the API from elsewhere. Of a token only its sha256 is kept. */
export const tokens = sqliteTable("tokens", {
  id: text().primaryKey(),
  name: text().notNull(),
  hash: text().notNull(),
  scopes: text({ mode: "json" }).$type<string[]>().notNull(),
  createdAt: integer("created_at").notNull(),
  revokedAt: integer("revoked_at"),
});
