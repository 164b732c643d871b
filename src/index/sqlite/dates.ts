import { and, eq, sql } from "drizzle-orm";
import type { KnownDate } from "../rows.ts";
import type { Database } from "./open.ts";
import { releaseDates } from "./schema.ts";

/** Dates of releases whose index has none that policy may trust. Writes are to be called inside `writer.write`. */
export class ReleaseDates {
  readonly #orm: Database["orm"];
  readonly #ofPackage;

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
    this.#ofPackage = orm
      .select({ version: releaseDates.version, at: releaseDates.at, source: releaseDates.source })
      .from(releaseDates)
      .where(and(eq(releaseDates.mount, sql.placeholder("mount")), eq(releaseDates.name, sql.placeholder("name"))))
      .prepare();
  }

  /** By version. */
  ofPackage(mount: string, name: string): Map<string, KnownDate> {
    const rows = this.#ofPackage.all({ mount, name });
    return new Map(rows.map(({ version, at, source }) => [version, { at, source }]));
  }

  /** A date once known stays: the first sighting is the one that counts. An earlier one replaces it: the clock was ahead. */
  put(mount: string, name: string, version: string, { at, source }: KnownDate): void {
    this.#orm
      .insert(releaseDates)
      .values({ mount, name, version, at, source })
      .onConflictDoUpdate({
        target: [releaseDates.mount, releaseDates.name, releaseDates.version],
        set: { at, source },
        setWhere: sql`${releaseDates.source} = 'first-seen' AND ${releaseDates.at} > ${at}`,
      })
      .run();
  }
}
