/**
 * Opens the one SQLite file. Each thread and process has its own connection (WAL); reads never wait. Writes go through
 * `writer.ts`. SQL stays behind the functions of this folder.
 */
import { SQLiteError, Database as Sqlite } from "bun:sqlite";
import { closeSync, existsSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname, extname } from "node:path";
import { type BunSQLiteDatabase, drizzle } from "drizzle-orm/bun-sqlite";
import { BadRequest, messageOf } from "../errors.ts";
import { log } from "../log.ts";
import { migrations } from "./migrations/index.ts";
import { Writer } from "./writer.ts";

/** "prxy", in the header of our files, so that another program's database of the same name is told from ours. */
const APPLICATION_ID = 0x70727879;

/** How long to wait for a file that another process has locked. */
const LOCKED_MS = 10_000;

export interface Database {
  readonly path: string;
  readonly orm: BunSQLiteDatabase;
  readonly writer: Writer;
  /** Whether the database answers; throws when it does not. */
  check(): void;
  /** Waits for queued writes. */
  close(): Promise<void>;
}

/**
 * Opens or creates the database and brings it to this version's schema.
 * A file of another program is left alone: ours goes beside it (`proxy.db` → `proxy.ours.db`), with a warning.
 * Throws BadRequest when the file was written by a newer version, or cannot be opened. Where there is none yet, `forget` makes one in memory.
 */
export function openDatabase(wanted: string, absent: "create" | "forget" = "create"): Database {
  const { path, sqlite } = opened(wanted, absent);
  sqlite.run(`PRAGMA busy_timeout = ${LOCKED_MS}`);
  // While the journal is not yet a WAL, so that it stands in the file's header, where `isForeign` looks.
  if (version(sqlite) === 0) sqlite.run(`PRAGMA application_id = ${APPLICATION_ID}`);
  keepWal(sqlite);
  sqlite.run("PRAGMA synchronous = NORMAL");
  sqlite.run("PRAGMA cache_size = -4000");
  try {
    migrate(sqlite, path);
  } catch (error) {
    sqlite.close();
    throw error;
  }
  const orm = drizzle(sqlite);
  const writer = new Writer(sqlite);
  return {
    path,
    orm,
    writer,
    check: () => void sqlite.query("SELECT id FROM totals").get(),
    close: async () => {
      await writer.drain();
      sqlite.close();
    },
  };
}

function opened(wanted: string, absent: "create" | "forget"): { path: string; sqlite: Sqlite } {
  try {
    const file = own(wanted);
    const path = absent === "forget" && !existsSync(file) ? ":memory:" : file;
    if (path === file) mkdirSync(dirname(path), { recursive: true });
    return { path, sqlite: new Sqlite(path, { create: true }) };
  } catch (error) {
    throw new BadRequest(`database.path: ${wanted} cannot be opened: ${messageOf(error)}`);
  }
}

/** SQLite does not wait by itself where two processes turn a new file's journal into a WAL: one of them is refused at once. */
function keepWal(sqlite: Sqlite): void {
  for (const until = Date.now() + LOCKED_MS; ; Bun.sleepSync(5)) {
    try {
      sqlite.run("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      const locked = error instanceof SQLiteError && error.code?.startsWith("SQLITE_BUSY");
      if (!locked || Date.now() > until) throw error;
    }
  }
}

function migrate(sqlite: Sqlite, path: string): void {
  if (version(sqlite) === migrations.length) return;
  sqlite
    .transaction(() => {
      const applied = version(sqlite);
      if (applied > migrations.length) {
        throw new BadRequest(
          `${path} was written by a newer version (schema ${applied}; this one knows ${migrations.length}). Nothing was changed. Use that version, or another database.path.`,
        );
      }
      for (const migration of migrations.slice(applied)) {
        for (const statement of migration.split("--> statement-breakpoint")) sqlite.run(statement);
      }
      sqlite.run(`PRAGMA user_version = ${migrations.length}`);
    })
    .immediate();
}

function version(sqlite: Sqlite): number {
  return sqlite.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

function own(path: string): string {
  if (!isForeign(path)) return path;
  const extension = extname(path);
  const ours = `${path.slice(0, path.length - extension.length)}.ours${extension}`;
  if (isForeign(ours))
    throw new BadRequest(`${path} and ${ours} both belong to another program. Set database.path to a file of our own.`);
  log.warn("the database file belongs to another program and is left alone; ours goes beside it", {
    found: path,
    ours,
  });
  return ours;
}

/** The application id stands at byte 68 of an SQLite header (big endian); an empty or absent file belongs to nobody. */
function isForeign(path: string): boolean {
  if (!existsSync(path)) return false;
  const header = new Uint8Array(72);
  const file = openSync(path, "r");
  const read = readSync(file, header, 0, header.length, 0);
  closeSync(file);
  return read > 0 && (read < header.length || new DataView(header.buffer).getUint32(68) !== APPLICATION_ID);
}
