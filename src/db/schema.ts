/**
 * What the database knows: which bytes stand behind which path, what documents stated, and the work of mirror jobs.
 * Bytes themselves are in the store. Times are milliseconds since 1970; digests are hex.
 */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

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
export const blobs = sqliteTable("blobs", { sha256: text().primaryKey(), size: integer().notNull() });
export const totals = sqliteTable("totals", {
  id: integer().primaryKey(),
  blobs: integer().notNull(),
  bytes: integer().notNull(),
  artifacts: integer().notNull(),
});

/** What mirrors were asked to hold, and how that ended last. */
export const mirrored = sqliteTable(
  "mirrored",
  {
    mount: text().notNull(),
    /** As asked for, normalised: with or without a version. */
    purl: text().notNull(),
    at: integer().notNull(),
    /** Why it is not whole; null when it is. */
    failure: text(),
  },
  (table) => [primaryKey({ columns: [table.mount, table.purl] })],
);
