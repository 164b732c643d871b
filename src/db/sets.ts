import { asc, eq } from "drizzle-orm";
import type { Path } from "../ecosystem.ts";
import type { Database } from "./open.ts";
import { sets } from "./schema.ts";

/** What was asked for while it was recorded, by the name of the recording. Writes are to be called inside `writer.write`. */
export class Sets {
  readonly #orm: Database["orm"];

  constructor({ orm }: Database) {
    this.#orm = orm;
  }

  has(name: string): boolean {
    return this.#orm.select({ name: sets.name }).from(sets).where(eq(sets.name, name)).limit(1).get() !== undefined;
  }

  /** All that a set has. */
  paths(name: string): { mount: string; path: Path }[] {
    return this.#orm
      .select({ mount: sets.mount, path: sets.path })
      .from(sets)
      .where(eq(sets.name, name))
      .orderBy(asc(sets.mount), asc(sets.path))
      .all() as { mount: string; path: Path }[];
  }
}
