/**
 * Opens the one SQLite file. Each thread and process has its own connection (WAL); reads never wait. Writes go through
 * `writer.ts`. SQL stays behind the functions of this folder.
 */
import { SQLiteError, Database as Sqlite, constants as sqliteConstants } from "bun:sqlite";
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BunSQLiteDatabase, drizzle } from "drizzle-orm/bun-sqlite";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { migrations } from "./migrations/index.ts";
import { Writer } from "./writer.ts";

/** "prxy", in the header of our files, so that another program's database of the same name is told from ours. */
const APPLICATION_ID = 0x70727879;

/** How long to wait for a file that another process has locked. */
const LOCKED_MS = 10_000;

export interface Database {
  readonly path: string;
  readonly orm: BunSQLiteDatabase;
  /** Refuses every write where the file, or its folder, is read-only. */
  readonly writer: Pick<Writer, "write" | "drain">;
  readonly isReadOnly: boolean;
  /** Another number where another thread or process has written anything. */
  written(): number;
  /** Whether the database answers, from the file that stands at its path; throws when it does not. */
  check(): void;
  /** Waits for queued writes. */
  close(): Promise<void>;
}

/** What is done where there is no database yet: it is made, made in memory, or missed (BadRequest). */
export type Absent = "create" | "forget" | "refuse";

/**
 * Opens or creates the database and brings it to this version's schema. On a read-only file system it is read as it is.
 * A file of another program is left alone: ours goes beside it (`proxy.db` → `proxy.ours.db`), with a warning.
 * Throws BadRequest when the file was written by a newer version, is damaged, or cannot be opened.
 */
export function openDatabase(wanted: string, absent: Absent = "create"): Database {
  const { path, sqlite, isReadOnly } = opened(wanted, absent);
  try {
    sqlite.run(`PRAGMA busy_timeout = ${LOCKED_MS}`);
    // While the journal is not yet a WAL, so that it stands in the file's header, where `isForeign` looks.
    if (version(sqlite) === 0 && !isReadOnly) sqlite.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    if (!isReadOnly) {
      keepWal(sqlite);
      sqlite.run("PRAGMA synchronous = NORMAL");
    }
    sqlite.run("PRAGMA cache_size = -4000");
    migrate(sqlite, path, isReadOnly);
  } catch (error) {
    sqlite.close();
    throw explained(error, path);
  }
  const orm = drizzle(sqlite);
  const written = sqlite.query("PRAGMA data_version");
  const writer = isReadOnly ? refusing(path) : new Writer(sqlite);
  const inode = path === ":memory:" ? undefined : statSync(path).ino;
  return {
    path,
    orm,
    writer,
    isReadOnly,
    written: () => written.values()[0]?.[0] as number,
    check: () => {
      sqlite.query("SELECT id FROM totals").get();
      if (inode !== undefined && statSync(path, { throwIfNoEntry: false })?.ino !== inode)
        throw new Error(`the database ${path} was removed or replaced while it is in use; start the proxy again`);
    },
    close: async () => {
      await writer.drain();
      sqlite.close();
    },
  };
}

/**
 * Copies the database as it is now to a file, for who looks without keeping what is found; where there is none yet, nothing.
 * Threads may do it at once: the first copy counts.
 */
export function copyDatabase(wanted: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  const { path, sqlite } = opened(wanted, "forget");
  const made = `${to}.${crypto.randomUUID()}`;
  try {
    if (path === ":memory:") return;
    sqlite.run(`PRAGMA busy_timeout = ${LOCKED_MS}`);
    sqlite.run("VACUUM INTO ?", [made]);
    linkSync(made, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw explained(error, path);
  } finally {
    sqlite.close();
    rmSync(made, { force: true });
  }
}

function opened(wanted: string, absent: Absent): { path: string; sqlite: Sqlite; isReadOnly: boolean } {
  try {
    const file = own(wanted);
    const exists = existsSync(file);
    if (!exists && absent === "refuse")
      throw new BadRequest(
        `there is no database at ${file}, so nothing is known of what is stored. Check storage.path and database.path; proxy serve and proxy mirror make one`,
      );
    const path = absent === "forget" && !exists ? ":memory:" : file;
    if (exists && !isWritable(file)) return { path, sqlite: readOnly(path), isReadOnly: true };
    if (path === file) mkdirSync(dirname(path), { recursive: true });
    return { path, sqlite: new Sqlite(path, { create: true }), isReadOnly: false };
  } catch (error) {
    if (error instanceof BadRequest) throw error;
    throw new BadRequest(
      `the database ${wanted} cannot be opened: ${messageOf(error)}. Check storage.path and database.path`,
    );
  }
}

/** SQLite writes beside the file, too. */
function isWritable(file: string): boolean {
  try {
    for (const path of [file, dirname(file)]) accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    if (["EROFS", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Opens a database so that nothing is written, neither to it nor beside it. */
export function readOnly(path: string): Sqlite {
  const journal = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const unchanging = (file: string) =>
    new Sqlite(
      `${pathToFileURL(file).href}?immutable=1`,
      sqliteConstants.SQLITE_OPEN_READONLY | sqliteConstants.SQLITE_OPEN_URI,
    );
  if (!journal?.size) return unchanging(path);
  // Part of it is in the journal, which needs files beside it to be read: those of whoever uses it, or of a copy.
  if (existsSync(`${path}-shm`) && isWritable(path)) return new Sqlite(path, { readonly: true });
  const folder = mkdtempSync(join(tmpdir(), "proxy-database-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const copy = join(folder, "proxy.db");
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  return new Sqlite(copy);
}

function refusing(path: string): Pick<Writer, "write" | "drain"> {
  return {
    write: async () => {
      throw new BadRequest(`the database ${path} is read-only, so nothing can be changed`, 503);
    },
    drain: async () => {},
  };
}

/** SQLite does not wait by itself where two processes turn a new file's journal into a WAL: one of them is refused at once. */
function keepWal(sqlite: Sqlite): void {
  for (const until = performance.now() + LOCKED_MS; ; Bun.sleepSync(5)) {
    try {
      sqlite.run("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      const locked = error instanceof SQLiteError && error.code?.startsWith("SQLITE_BUSY");
      if (!locked || performance.now() > until) throw error;
    }
  }
}

function migrate(sqlite: Sqlite, path: string, isReadOnly: boolean): void {
  if (version(sqlite) === migrations.length) return;
  if (isReadOnly)
    throw new BadRequest(
      `${path} has schema ${version(sqlite)}, this version needs ${migrations.length}, and the file or its folder is read-only. Start this version once where it can be written.`,
    );
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

/** What an operator can do about it, rather than where in SQLite it came up. */
function explained(error: unknown, path: string): unknown {
  if (!(error instanceof SQLiteError)) return error;
  const damaged = /^SQLITE_(CORRUPT|NOTADB)/.test(error.code ?? "");
  const what = damaged
    ? `the database ${path} is damaged (${error.message}). Nothing was changed. Put a backup in its place and run proxy store adopt, or move it away: a new one then begins empty, and what is stored stays`
    : `the database ${path} cannot be used: ${error.message} (${error.code})`;
  return new BadRequest(what);
}

function version(sqlite: Sqlite): number {
  return sqlite.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

/** Where ours is, beside a database of another program. */
export function besideForeign(path: string): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.ours${extension}`;
}

function own(path: string): string {
  if (!isForeign(path)) return path;
  const ours = besideForeign(path);
  if (isForeign(ours))
    throw new BadRequest(`${path} and ${ours} both belong to another program. Set database.path to a file of our own.`);
  log.warn("the database file belongs to another program and is left alone; ours goes beside it", {
    found: path,
    ours,
  });
  return ours;
}

/** The application id stands at byte 68 of an SQLite header (big endian); an empty or absent file belongs to nobody. */
export function isForeign(path: string): boolean {
  if (!existsSync(path)) return false;
  const header = new Uint8Array(72);
  const file = openSync(path, "r");
  const read = readSync(file, header, 0, header.length, 0);
  closeSync(file);
  return read > 0 && (read < header.length || new DataView(header.buffer).getUint32(68) !== APPLICATION_ID);
}
