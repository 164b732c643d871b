import { and, eq, gte, inArray, isNull, lt, or } from "drizzle-orm";
import type { MirroredRow } from "../rows.ts";
import type { Database } from "./open.ts";
import { excludedOf, placeholdersOf } from "./placeholders.ts";
import { mirrored } from "./schema.ts";

/** What mirrors were asked to hold. Writes are to be called inside `writer.write`. */
export class Mirrored {
  readonly #orm: Database["orm"];
  readonly #settle;
  readonly #isWhole;

  constructor({ orm }: Pick<Database, "orm">) {
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
    this.#settle.run({ ...row });
  }

  /** Whether this choice of a PURL is held whole. */
  isWhole(mount: string, purl: string, choice: string): boolean {
    return this.#isWhole.get({ mount, purl, choice }) !== undefined;
  }

  /** A file of a release, or of all of a package's where the PURL has no version, is lost: the next mirror looks again. */
  spoil(mount: string, purl: string, failure: string): void {
    for (const row of this.about(mount, purl)) this.settle({ ...row, failure });
  }

  /**
   * What of a release mirrors were asked for: by this PURL or its package's, with whatever qualifiers.
   * Of a PURL without version: also what was asked for of each of its releases.
   */
  about(mount: string, purl: string): MirroredRow[] {
    const [release = purl] = purl.split("?");
    const [whole = release] = release.split("@");
    const row = mirrored.purl;
    // `?` sorts before `@`, and that before `A`: ranges of the primary key.
    return this.#orm
      .select()
      .from(mirrored)
      .where(
        and(
          eq(mirrored.mount, mount),
          or(
            inArray(row, [whole, release]),
            and(gte(row, `${whole}?`), lt(row, `${whole}@`)),
            and(gte(row, `${release}?`), lt(row, `${release}A`)),
          ),
        ),
      )
      .all()
      .filter((found) => repositoryOf(found.purl) === repositoryOf(purl));
  }

  /** Of these PURLs, those of which a choice, or all, is held whole; with the number of their files. */
  whole(
    mount: string,
    purls: readonly string[],
    choices: readonly string[],
  ): Pick<MirroredRow, "purl" | "choice" | "files" | "at">[] {
    return this.#orm
      .select({ purl: mirrored.purl, choice: mirrored.choice, files: mirrored.files, at: mirrored.at })
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

/** Names of one spelling are other packages in another registry. */
function repositoryOf(purl: string): string | null {
  return new URLSearchParams(purl.split("?")[1]).get("repository_url");
}
