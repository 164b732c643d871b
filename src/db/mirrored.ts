import { and, eq, gte, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { Database } from "./open.ts";
import { excludedOf, placeholdersOf } from "./placeholders.ts";
import { mirrored } from "./schema.ts";

export type MirroredRow = typeof mirrored.$inferSelect;

/** What mirrors were asked to hold. Writes are to be called inside `writer.write`. */
export class Mirrored {
  readonly #orm: Database["orm"];
  readonly #settle;
  readonly #isWhole;

  constructor({ orm }: Database) {
    this.#orm = orm;
    const row = placeholdersOf(mirrored);
    const { at, files, failure } = excludedOf(mirrored);
    this.#settle = orm
      .insert(mirrored)
      .values(row)
      .onConflictDoUpdate({
        target: [mirrored.mount, mirrored.purl, mirrored.choice],
        set: { at, files, failure },
      })
      .prepare();
    this.#isWhole = orm
      .select({ files: mirrored.files })
      .from(mirrored)
      .where(
        and(
          eq(mirrored.mount, row.mount),
          eq(mirrored.purl, row.purl),
          eq(mirrored.choice, row.choice),
          isNull(mirrored.failure),
        ),
      )
      .prepare();
  }

  settle(row: MirroredRow): void {
    this.#settle.run(row);
  }

  /** Whether this choice of a PURL is held whole. */
  isWhole(mount: string, purl: string, choice: string): boolean {
    return this.#isWhole.get({ mount, purl, choice }) !== undefined;
  }

  /** A file of a release, or of all of a package's where the PURL has no version, is lost: the next mirror looks again. */
  spoil(mount: string, purl: string, failure: string): void {
    const [whole = purl] = purl.split("@");
    const rest = sql`substr(${mirrored.purl}, ${purl.length + 1}, 1)`;
    // `@` and `?` both sort below `A`: a range of the primary key.
    const below = and(gte(mirrored.purl, purl), lt(mirrored.purl, `${purl}A`), sql`${rest} IN ('', '@', '?')`);
    this.#orm
      .update(mirrored)
      .set({ failure })
      .where(and(eq(mirrored.mount, mount), or(eq(mirrored.purl, whole), below)))
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
