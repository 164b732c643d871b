import { count, eq, gt, inArray, isNull, lt, or, type SQL, sql, sum } from "drizzle-orm";
import type { Database } from "./open.ts";
import { placeholdersOf } from "./placeholders.ts";
import { artifacts, blobs, documents, totals } from "./schema.ts";

export interface Totals {
  blobs: number;
  bytes: number;
  artifacts: number;
}

/** Rows read at once. */
const PAGE = 1_000;

/** Which blobs are on disk, and whether anything still names them. Writes are to be called inside `writer.write`. */
export class Blobs {
  readonly #orm: Database["orm"];
  readonly #totals;
  readonly #add;

  constructor({ orm }: Database) {
    this.#orm = orm;
    this.#totals = orm.select().from(totals).prepare();
    this.#add = orm.insert(blobs).values(placeholdersOf(blobs)).onConflictDoNothing().prepare();
  }

  add(sha256: string, size: number): void {
    this.#add.run({ sha256, size, verifiedAt: null });
  }

  /** Forgets the blob unless an artifact or document still names it; true when its bytes may be deleted. */
  release(sha256: string): boolean {
    const [used] = this.#orm.all<{ used: number }>(
      sql`SELECT EXISTS (SELECT 1 FROM ${artifacts} WHERE ${artifacts.sha256} = ${sha256})
        OR EXISTS (SELECT 1 FROM ${documents} WHERE ${documents.sha256} = ${sha256}) AS used`,
    );
    if (used?.used) return false;
    this.#orm.delete(blobs).where(eq(blobs.sha256, sha256)).run();
    return true;
  }

  /** Blobs that nothing names. */
  unnamed(limit: number): string[] {
    return this.#orm
      .select({ sha256: blobs.sha256 })
      .from(blobs)
      .where(
        sql`NOT EXISTS (SELECT 1 FROM ${artifacts} WHERE ${artifacts.sha256} = ${blobs.sha256})
          AND NOT EXISTS (SELECT 1 FROM ${documents} WHERE ${documents.sha256} = ${blobs.sha256})`,
      )
      .limit(limit)
      .all()
      .map(({ sha256 }) => sha256);
  }

  /** Bytes that it had when it was stored; `undefined` where it is not known. */
  sizeOf(sha256: string): number | undefined {
    return this.#orm.select({ size: blobs.size }).from(blobs).where(eq(blobs.sha256, sha256)).get()?.size;
  }

  /** Of these, those that are known. */
  known(sha256s: readonly string[]): Set<string> {
    const found = this.#orm
      .select({ sha256: blobs.sha256 })
      .from(blobs)
      .where(inArray(blobs.sha256, [...sha256s]));
    return new Set(found.all().map(({ sha256 }) => sha256));
  }

  /** Those that nobody has verified since: first the ones that never were, then by the time of it. In pages: flat memory. */
  *unverified(since: number, now = Date.now()): Generator<{ sha256: string; size: number }> {
    const page = (where: SQL) =>
      this.#orm
        .select({ sha256: blobs.sha256, size: blobs.size, verifiedAt: blobs.verifiedAt, row: sql<number>`rowid` })
        .from(blobs)
        .where(where)
        .orderBy(blobs.verifiedAt, sql`rowid`)
        .limit(PAGE)
        .all();
    const pages = [
      (_at: number, row: number) => page(sql`${blobs.verifiedAt} IS NULL AND rowid > ${row}`),
      (at: number, row: number) =>
        page(sql`${blobs.verifiedAt} < ${since} AND (${blobs.verifiedAt}, rowid) > (${at}, ${row})`),
      // By a clock that was ahead.
      (at: number, row: number) =>
        page(sql`${blobs.verifiedAt} > ${now} AND (${blobs.verifiedAt}, rowid) > (${at}, ${row})`),
    ];
    for (const after of pages)
      for (let rows = after(-1, -1); rows.length > 0; ) {
        yield* rows;
        const { verifiedAt, row } = rows.at(-1)!;
        rows = after(verifiedAt ?? -1, row);
      }
  }

  /** How many these are. */
  countUnverified(since: number, now = Date.now()): { blobs: number; bytes: number } {
    const found = this.#orm
      .select({ blobs: count(), bytes: sum(blobs.size) })
      .from(blobs)
      .where(or(isNull(blobs.verifiedAt), lt(blobs.verifiedAt, since), gt(blobs.verifiedAt, now)))
      .get();
    return { blobs: found?.blobs ?? 0, bytes: Number(found?.bytes ?? 0) };
  }

  /** Their bytes were read and are right. */
  verify(sha256s: readonly string[], at: number): void {
    this.#orm
      .update(blobs)
      .set({ verifiedAt: at })
      .where(inArray(blobs.sha256, [...sha256s]))
      .run();
  }

  totals(): Totals {
    return this.#totals.get() ?? { blobs: 0, bytes: 0, artifacts: 0 };
  }
}
