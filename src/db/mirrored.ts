import { and, eq, inArray } from "drizzle-orm";
import type { Database } from "./open.ts";
import { mirrored } from "./schema.ts";

export type MirroredRow = typeof mirrored.$inferSelect;

/** What mirrors were asked to hold. Writes are to be called inside `writer.write`. */
export class Mirrored {
  readonly #orm: Database["orm"];

  constructor({ orm }: Database) {
    this.#orm = orm;
  }

  settle(mount: string, purl: string, at: number, failure: string | undefined): void {
    const set = { at, failure: failure ?? null };
    this.#orm
      .insert(mirrored)
      .values({ mount, purl, ...set })
      .onConflictDoUpdate({ target: [mirrored.mount, mirrored.purl, mirrored.choice], set })
      .run();
  }

  /** Of these PURLs, those that a mirror was asked for. */
  find(mount: string, purls: readonly string[]): MirroredRow[] {
    return this.#orm
      .select()
      .from(mirrored)
      .where(and(eq(mirrored.mount, mount), inArray(mirrored.purl, [...purls])))
      .all();
  }
}
