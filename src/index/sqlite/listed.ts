import { and, asc, eq, gt, inArray, min, notInArray, type SQL, sql } from "drizzle-orm";
import { LONGEST_COOLDOWN, LONGEST_WAIT } from "../../lib/clock.ts";
import type { ListedEntry as Entry, KnownEntry as Known, ListedRow, ListedState, Settlement } from "../rows.ts";
import type { Database } from "./open.ts";
import { listed } from "./schema.ts";

/** Whether a wait is over, or was begun by a clock that was ahead. */
function isOver(now: number, longest: number): SQL {
  return sql`(${listed.notBefore} <= ${now} OR ${listed.notBefore} > ${now + longest})`;
}

/** The packages of registries that are mirrored whole. Writes are to be called inside `writer.write`. */
export class Listed {
  readonly #orm: Database["orm"];

  readonly #settle;

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
    const given = sql.placeholder;
    this.#settle = orm
      .update(listed)
      .set({
        state: sql`coalesce(${given("state")}, ${listed.state})`,
        attempts: sql`${given("attempts")}`,
        notBefore: sql`${given("notBefore")}`,
        held: sql`CASE WHEN ${given("isHeld")} THEN ${given("held")} ELSE ${listed.held} END`,
      })
      .where(and(eq(listed.id, given("id")), sql`${listed.revision} IS ${given("revision")}`))
      .returning({ id: listed.id })
      .prepare();
  }

  /** Of these, those that are known. One look, however many. */
  known(mount: string, entries: readonly Pick<Entry, "name" | "version">[]): Known[] {
    const asked = JSON.stringify(entries.map(({ name, version }) => [name, version]));
    // CROSS: in this order, or SQLite reads the whole table for each of them.
    return this.#orm.all<Known>(
      sql`SELECT l.id, l.name, l.version, l.revision, l.state FROM json_each(${asked}) AS j
        CROSS JOIN ${listed} AS l ON l.mount = ${mount} AND l.name = j.value ->> 0 AND l.version = j.value ->> 1`,
    );
  }

  /** Adds packages, or puts what is news of them in place of what was known. What was not there, and is listed as it was, was
   * waited for. Returns their ids, in any order. */
  record(mount: string, entries: readonly Entry[]): number[] {
    if (entries.length === 0) return [];
    const rows = JSON.stringify(entries.map(({ name, version, revision, state }) => [name, version, revision, state]));
    const found = this.#orm.all<{ id: number }>(
      sql`INSERT INTO ${listed} (mount, name, version, revision, state)
        SELECT ${mount}, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(${rows}) WHERE true
        ON CONFLICT (mount, name, version) DO UPDATE
        SET revision = excluded.revision, state = excluded.state, not_before = 0,
          attempts = CASE WHEN state = 'gone' AND revision IS excluded.revision THEN attempts ELSE 0 END,
          held = CASE excluded.state WHEN 'gone' THEN NULL ELSE held END
        RETURNING id`,
    );
    return found.map(({ id }) => id);
  }

  /** What is to be held and was never put off, in the order in which it was listed, after the one with this id. */
  due(mount: string, after: number, limit: number, underWay: readonly number[] = []): ListedRow[] {
    const where = [eq(listed.notBefore, 0), gt(listed.id, after), notInArray(listed.id, [...underWay])];
    return this.#due(mount, where).orderBy(listed.id).limit(limit).all();
  }

  /** What was put off and is due again. */
  postponed(mount: string, now: number, limit: number, underWay: readonly number[]): ListedRow[] {
    const where = [gt(listed.notBefore, 0), isOver(now, LONGEST_WAIT), notInArray(listed.id, [...underWay])];
    return this.#due(mount, where).orderBy(listed.notBefore).limit(limit).all();
  }

  #due(mount: string, where: readonly SQL[]) {
    return this.#orm
      .select()
      .from(listed)
      .where(and(eq(listed.mount, mount), sql`${listed.state} = 'due'`, ...where));
  }

  /** When the first of those is; `undefined` where nothing was put off. */
  soonest(mount: string): number | undefined {
    const where = and(eq(listed.mount, mount), sql`${listed.state} = 'due'`, gt(listed.notBefore, 0));
    const [found] = this.#orm
      .select({ at: min(listed.notBefore) })
      .from(listed)
      .where(where)
      .all();
    return found?.at ?? undefined;
  }

  /** All of a revision is held, or cannot be: only what nothing was said of meanwhile. False where there is news. */
  settle({ id, revision }: Pick<ListedRow, "id" | "revision">, settlement: Settlement): boolean {
    const { state = null, held = null, ...tried } = settlement;
    const isHeld = settlement.held !== undefined;
    return this.#settle.all({ id, revision, state, ...tried, held, isHeld: Number(isHeld) }).length > 0;
  }

  /** What was too young is looked at again where it may be no longer, and what could not be held is tried again: where it
   * was left alone for long enough, or all of it. What was listed and was not there is tried once more, as often as it was. */
  reopen(mount: string, now: number, { failed }: { failed: "all" | "rested" }): void {
    const isRested = failed === "all" ? sql`true` : isOver(now, LONGEST_WAIT);
    const isOpen = sql`(${listed.state} = 'young' AND ${isOver(now, LONGEST_COOLDOWN)}) OR (${listed.state} = 'failed' AND ${isRested})`;
    this.#orm
      .update(listed)
      .set({ state: "due", attempts: 0, notBefore: 0 })
      .where(and(eq(listed.mount, mount), sql`${listed.state} IN ('failed', 'young')`, sql`(${isOpen})`))
      .run();
    this.#orm.run(
      sql`UPDATE ${listed} SET state = 'due', not_before = 0
        WHERE +mount = ${mount} AND state = 'gone' AND not_before > 0
          AND (not_before <= ${now} OR not_before > ${now + LONGEST_WAIT})`,
    );
  }

  /** One package is to be looked at again, whatever became of it: its files are lost. */
  spoil(mount: string, name: string): void {
    this.#orm
      .update(listed)
      .set({ state: "due", attempts: 0, notBefore: 0 })
      .where(and(eq(listed.mount, mount), eq(listed.name, name), inArray(listed.state, ["held", "young", "failed"])))
      .run();
  }

  /** In the order of their ids, after the one with this id. */
  page(mount: string, after: number, limit: number): Known[] {
    const { id, name, version, revision, state } = listed;
    return (
      this.#orm
        .select({ id, name, version, revision, state })
        .from(listed)
        // With a plus the index of names is no choice: all of it would be sorted for every page.
        .where(and(sql`+${listed.mount} = ${mount}`, gt(listed.id, after)))
        .orderBy(asc(listed.id))
        .limit(limit)
        .all()
    );
  }

  /** What was listed, and not there when it was asked for; in the order of their ids, after the one with this id. */
  absent(mount: string, after: number, limit: number): Known[] {
    return this.#orm.all<Known>(
      sql`SELECT id, name, version, revision, state FROM ${listed}
        WHERE +mount = ${mount} AND id > ${after} AND state = 'gone' AND attempts > 0 ORDER BY id LIMIT ${limit}`,
    );
  }

  /** Entries that make no sense, or those in which a text stands, the first of them. */
  odd(mount: string, limit: number, text = ""): Known[] {
    return this.#orm.all<Known>(
      sql`SELECT id, name, version, revision, state FROM ${listed}
        WHERE +mount = ${mount} AND state = 'odd' AND instr(name, ${text}) > 0 ORDER BY id LIMIT ${limit}`,
    );
  }

  /** Ids of packages that are there, in order, after this one. Releases by name are no part of a list. */
  packages(mount: string, after: number, limit: number): number[] {
    const ids = this.#orm.values<[number]>(
      sql`SELECT id FROM ${listed} WHERE +mount = ${mount} AND id > ${after} AND version = '' AND state NOT IN ('gone', 'odd')
        ORDER BY id LIMIT ${limit}`,
    );
    return ids.map(([id]) => id);
  }

  withIds(ids: readonly number[]): Known[] {
    const { id, name, version, revision, state } = listed;
    return this.#orm
      .select({ id, name, version, revision, state })
      .from(listed)
      .where(inArray(id, [...ids]))
      .all();
  }

  /** Of what is to be held, so many, by chance. Looks at all of it. */
  sample(mount: string, count: number): Known[] {
    return this.#orm.all<Known>(
      sql`SELECT id, name, version, revision, state FROM ${listed}
        WHERE +mount = ${mount} AND state = 'due' ORDER BY random() LIMIT ${count}`,
    );
  }

  move(ids: readonly number[], state: ListedState): void {
    if (ids.length === 0) return;
    this.#orm.run(
      sql`UPDATE ${listed} SET state = ${state}, attempts = 0, not_before = 0
        WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
    );
  }

  /** How many there are in each state. Reads all of them. */
  byState(mount: string): Partial<Record<ListedState, number>> {
    const rows = this.#orm
      .select({ state: listed.state, count: sql<number>`count(*)` })
      .from(listed)
      .where(sql`+${listed.mount} = ${mount}`)
      .groupBy(listed.state)
      .all();
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }
}
