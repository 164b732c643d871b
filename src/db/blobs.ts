import { eq, sql } from "drizzle-orm";
import type { Database } from "./open.ts";
import { placeholdersOf } from "./placeholders.ts";
import { artifacts, blobs, documents, totals } from "./schema.ts";

export interface Totals {
  blobs: number;
  bytes: number;
  artifacts: number;
}

/** Which blobs are on disk, and whether anything still names them. Writes are to be called inside `writer.write`. */
export class Blobs {
  readonly #orm: Database["orm"];
  readonly #totals;
  readonly #add;

  constructor({ orm }: Database) {
    this.#orm = orm;
    this.#totals = orm.select().from(totals).prepare();
    this.#add = orm.insert(blobs).values(placeholdersOf(blobs)).onConflictDoNothing().prepare();
  }

  add(sha256: string, size: number): void {
    this.#add.run({ sha256, size, verifiedAt: null });
  }

  /** Forgets the blob unless an artifact or document still names it; true when its bytes may be deleted. */
  release(sha256: string): boolean {
    const [used] = this.#orm.all<{ used: number }>(
      sql`SELECT EXISTS (SELECT 1 FROM ${artifacts} WHERE ${artifacts.sha256} = ${sha256})
        OR EXISTS (SELECT 1 FROM ${documents} WHERE ${documents.sha256} = ${sha256}) AS used`,
    );
    if (used?.used) return false;
    this.#orm.delete(blobs).where(eq(blobs.sha256, sha256)).run();
    return true;
  }

  /** Blobs that nothing names. */
  unnamed(limit: number): string[] {
    return this.#orm
      .select({ sha256: blobs.sha256 })
      .from(blobs)
      .where(
        sql`NOT EXISTS (SELECT 1 FROM ${artifacts} WHERE ${artifacts.sha256} = ${blobs.sha256})
          AND NOT EXISTS (SELECT 1 FROM ${documents} WHERE ${documents.sha256} = ${blobs.sha256})`,
      )
      .limit(limit)
      .all()
      .map(({ sha256 }) => sha256);
  }

  totals(): Totals {
    return this.#totals.get() ?? { blobs: 0, bytes: 0, artifacts: 0 };
  }
}
