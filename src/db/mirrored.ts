import { and, eq, inArray, isNull } from "drizzle-orm";
import type { Database } from "./open.ts";
import { mirrored } from "./schema.ts";

export type MirroredRow = typeof mirrored.$inferSelect;

/** What mirrors were asked to hold. Writes are to be called inside `writer.write`. */
export class Mirrored {
  readonly #orm: Database["orm"];

  constructor({ orm }: Database) {
    this.#orm = orm;
  }

  settle(row: MirroredRow): void {
    const { at, files, failure } = row;
    this.#orm
      .insert(mirrored)
      .values(row)
      .onConflictDoUpdate({
        target: [mirrored.mount, mirrored.purl, mirrored.choice],
        set: { at, files, failure },
      })
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

  /** Of these PURLs, those of which a choice, or all, is held whole; with the number of their files. */
  whole(
    mount: string,
    purls: readonly string[],
    choices: readonly string[],
  ): Pick<MirroredRow, "purl" | "choice" | "files">[] {
    return this.#orm
      .select({ purl: mirrored.purl, choice: mirrored.choice, files: mirrored.files })
      .from(mirrored)
      .where(
        and(
          eq(mirrored.mount, mount),
          inArray(mirrored.purl, [...purls]),
          inArray(mirrored.choice, [...new Set(["", ...choices])]),
          isNull(mirrored.failure),
        ),
      )
      .all();
  }
}
