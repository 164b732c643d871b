import { and, asc, eq, max, sql } from "drizzle-orm";
import type { Path } from "../../contract/ecosystem.ts";
import type { SetSummary } from "../rows.ts";
import type { Database } from "./open.ts";
import { artifacts, documents, sets } from "./schema.ts";

/** What was asked for while it was recorded, by the name of the recording. Writes are to be called inside `writer.write`. */
export class Sets {
  readonly #orm: Database["orm"];

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
  }

  has(name: string): boolean {
    return this.#orm.select({ name: sets.name }).from(sets).where(eq(sets.name, name)).limit(1).get() !== undefined;
  }

  /** All that a set has. */
  *paths(name: string): Generator<{ mount: string; path: Path }> {
    let last = { mount: "", path: "" };
    for (;;) {
      const page = this.#orm
        .select({ mount: sets.mount, path: sets.path })
        .from(sets)
        .where(and(eq(sets.name, name), sql`(${sets.mount}, ${sets.path}) > (${last.mount}, ${last.path})`))
        .orderBy(asc(sets.mount), asc(sets.path))
        .limit(1_000)
        .all();
      yield* page as { mount: string; path: Path }[];
      const end = page.at(-1);
      if (page.length < 1_000 || !end) return;
      last = end;
    }
  }

  list(): SetSummary[] {
    const size = (table: typeof artifacts | typeof documents) =>
      sql`coalesce((SELECT ${table.size} FROM ${table} WHERE ${table.mount} = ${sets.mount} AND ${table.path} = ${sets.path}), 0)`;
    return this.#orm
      .select({
        name: sets.name,
        paths: sql<number>`count(*)`,
        bytes: sql<number>`sum(${size(artifacts)} + ${size(documents)})`,
        recordedAt: sql<number>`${max(sets.at)}`,
      })
      .from(sets)
      .groupBy(sets.name)
      .orderBy(asc(sets.name))
      .all();
  }

  add(name: string, mount: string, path: string, at: number): void {
    this.#orm.insert(sets).values({ name, mount, path, at }).onConflictDoNothing().run();
  }

  /** How many paths it had. */
  remove(name: string): number {
    return this.#orm.delete(sets).where(eq(sets.name, name)).returning({ path: sets.path }).all().length;
  }
}
