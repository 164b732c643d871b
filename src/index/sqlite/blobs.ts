import { and, count, eq, gt, inArray, isNotNull, isNull, lt, or, type SQL, sql, sum } from "drizzle-orm";
import type { Totals } from "../rows.ts";
import type { Database } from "./open.ts";
import { placeholdersOf } from "./placeholders.ts";
import { artifacts, blobs, documents, totals } from "./schema.ts";

/** Rows read at once. */
const PAGE = 1_000;

/** Which blobs are in the store, whether anything still names them, and which are being removed. */
export class Blobs {
  readonly #orm: Database["orm"];
  readonly #totals;
  readonly #add;
  readonly #release;
  readonly #removingSince;

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
    this.#totals = orm.select().from(totals).prepare();
    const name = sql.placeholder("sha256");
    // Prepared: each file that is stored asks for it.
    this.#removingSince = orm.select({ at: blobs.removingSince }).from(blobs).where(eq(blobs.sha256, name)).prepare();
    this.#release = orm
      .update(blobs)
      .set({ removingSince: sql`${sql.placeholder("now")}` })
      .where(
        and(
          eq(blobs.sha256, name),
          isNull(blobs.removingSince),
          sql`NOT EXISTS (SELECT 1 FROM ${artifacts} WHERE ${artifacts.sha256} = ${name})`,
          sql`NOT EXISTS (SELECT 1 FROM ${documents} WHERE ${documents.sha256} = ${name})`,
        ),
      )
      .returning({ sha256: blobs.sha256 })
      .prepare();
    this.#add = orm.insert(blobs).values(placeholdersOf(blobs)).onConflictDoNothing().prepare();
  }

  /** `removingSince`: of one that is in the store, and about to be removed from it. */
  add(sha256: string, size: number, removingSince: number | null = null): void {
    this.#add.run({ sha256, size, verifiedAt: null, removingSince });
  }

  /** Marks those that neither an artifact nor a document names as being removed; returns them. */
  release(sha256s: readonly string[], now: number): string[] {
    return [...new Set(sha256s)].filter((sha256) => this.#release.all({ sha256, now }).length > 0);
  }

  /** Of these, those that are being removed. */
  removing(sha256s: readonly string[]): string[] {
    return sha256s.filter((sha256) => this.removingSince(sha256) !== undefined);
  }

  /** Since when a blob is being removed; `undefined` where it is not. */
  removingSince(sha256: string): number | undefined {
    return this.#removingSince.get({ sha256 })?.at ?? undefined;
  }

  /** Takes over removals that were begun before a time, or in the future; returns their blobs. */
  resume(before: number, now: number): string[] {
    return this.#orm
      .update(blobs)
      .set({ removingSince: now })
      .where(or(lt(blobs.removingSince, before), gt(blobs.removingSince, now)))
      .returning({ sha256: blobs.sha256 })
      .all()
      .map(({ sha256 }) => sha256);
  }

  /** Their bytes are gone. */
  forget(sha256s: readonly string[]): void {
    this.#orm
      .delete(blobs)
      .where(and(inArray(blobs.sha256, [...sha256s]), isNotNull(blobs.removingSince)))
      .run();
  }

  /** Blobs that nothing names. */
  unnamed(limit: number): string[] {
    return this.#orm
      .select({ sha256: blobs.sha256 })
      .from(blobs)
      .where(
        sql`${blobs.removingSince} IS NULL AND NOT EXISTS (SELECT 1 FROM ${artifacts} WHERE ${artifacts.sha256} = ${blobs.sha256})
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
        page(
          sql`${blobs.removingSince} IS NULL AND ${blobs.verifiedAt} < ${since} AND (${blobs.verifiedAt}, rowid) > (${at}, ${row})`,
        ),
      // By a clock that was ahead.
      (at: number, row: number) =>
        page(
          sql`${blobs.removingSince} IS NULL AND ${blobs.verifiedAt} > ${now} AND (${blobs.verifiedAt}, rowid) > (${at}, ${row})`,
        ),
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
      .where(
        and(
          isNull(blobs.removingSince),
          or(isNull(blobs.verifiedAt), lt(blobs.verifiedAt, since), gt(blobs.verifiedAt, now)),
        ),
      )
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
