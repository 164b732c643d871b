import { eq } from "drizzle-orm";
import type { CatalogRow } from "../rows.ts";
import type { Database } from "./open.ts";
import { catalogs } from "./schema.ts";

/** How far what registries say of themselves was read. Writes are to be called inside `writer.write`. */
export class Catalogs {
  readonly #orm: Database["orm"];

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
  }

  find(mount: string): CatalogRow | undefined {
    return this.#orm.select().from(catalogs).where(eq(catalogs.mount, mount)).get();
  }

  /** Those that were ever mirrored. */
  list(): CatalogRow[] {
    return this.#orm.select().from(catalogs).orderBy(catalogs.mount).all();
  }

  create(row: typeof catalogs.$inferInsert): void {
    this.#orm.insert(catalogs).values(row).onConflictDoNothing().run();
  }

  update(mount: string, set: Partial<Omit<CatalogRow, "mount">>): void {
    this.#orm.update(catalogs).set(set).where(eq(catalogs.mount, mount)).run();
  }
}
