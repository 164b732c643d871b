/** Which database this is, as the store names it, and how far it has come since it was copied. */
import { SQLiteError, type Database as Sqlite } from "bun:sqlite";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { desc, eq, sql } from "drizzle-orm";
import type { Identity } from "../rows.ts";
import { type Database, isForeign, readOnly } from "./open.ts";
import { blobs, identity } from "./schema.ts";

/** Which database this is. */
export class Identities {
  readonly #orm: Database["orm"];

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
  }

  find(): Identity {
    const found = this.#orm.select({ id: identity.id, epoch: identity.epoch }).from(identity).get();
    if (!found) throw new Error("the database does not say which one it is");
    return found;
  }

  advance(beyond: number): Identity {
    return this.#orm
      .update(identity)
      .set({ epoch: sql`max(${identity.epoch}, ${beyond}) + 1` })
      .where(eq(identity.one, 1))
      .returning({ id: identity.id, epoch: identity.epoch })
      .get();
  }
}

export function identityOf(database: Pick<Database, "orm">): Identity {
  return new Identities(database).find();
}

/**
 * Advances the epoch, beyond `beyond` too. Resolves when the new one is on the disk itself, so that no crash leaves a store
 * that names a later epoch than its database has.
 */
export async function advance({ orm, writer, path }: Database, beyond = 0): Promise<Identity> {
  let advanced: Identity | undefined;
  await writer.write(() => {
    advanced = new Identities({ orm }).advance(beyond);
  });
  await syncJournal(path);
  return advanced!;
}

/** SQLite syncs its journal now and then only (`synchronous = NORMAL`). */
async function syncJournal(path: string): Promise<void> {
  const journal = await open(`${path}-wal`, "r").catch(() => undefined);
  try {
    await journal?.datasync();
  } finally {
    await journal?.close();
  }
}

/** Blobs that a database names. */
export interface Glimpse {
  /** Absent: an older version wrote it. */
  id?: string;
  /** Digests of the blobs that were stored last. */
  blobs: string[];
}

/** Blobs that are looked up, to see whether a database describes a store. */
const GLIMPSE = 100;

export function latestBlobs({ orm }: Pick<Database, "orm">): string[] {
  const found = orm.select({ sha256: blobs.sha256 }).from(blobs).orderBy(desc(sql`rowid`)).limit(GLIMPSE);
  return found.all().map(({ sha256 }) => sha256);
}

/** A look at a database that is left as it is; `undefined` where there is none of ours, or it cannot be read. */
export function glimpse(path: string): Glimpse | undefined {
  if (!existsSync(path) || isForeign(path)) return undefined;
  try {
    using sqlite = readOnly(path);
    const found = sqlite
      .query<{ sha256: string }, []>(`SELECT sha256 FROM blobs ORDER BY rowid DESC LIMIT ${GLIMPSE}`)
      .all();
    return { ...idIn(sqlite), blobs: found.map(({ sha256 }) => sha256) };
  } catch (error) {
    if (error instanceof SQLiteError) return undefined;
    throw error;
  }
}

function idIn(sqlite: Sqlite): Pick<Glimpse, "id"> {
  try {
    const row = sqlite.query<{ id: string }, []>("SELECT id FROM identity").get();
    return row ? { id: row.id } : {};
  } catch {
    return {};
  }
}
