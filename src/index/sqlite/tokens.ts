import { asc, eq, isNull } from "drizzle-orm";
import type { TokenRow } from "../rows.ts";
import type { Database } from "./open.ts";
import { tokens } from "./schema.ts";

/** Who may use the API from elsewhere. Writes are to be called inside `writer.write`. */
export class Tokens {
  readonly #orm: Database["orm"];
  readonly #valid;

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
    this.#valid = orm
      .select({ hash: tokens.hash, scopes: tokens.scopes })
      .from(tokens)
      .where(isNull(tokens.revokedAt))
      .prepare();
  }

  create(row: TokenRow): void {
    this.#orm.insert(tokens).values(row).run();
  }

  list(): TokenRow[] {
    return this.#orm.select().from(tokens).orderBy(asc(tokens.createdAt)).all();
  }

  /** Those that were not revoked. */
  valid(): Pick<TokenRow, "hash" | "scopes">[] {
    return this.#valid.all();
  }

  /** Whether there was such a token that was still valid. */
  revoke(id: string, at: number): boolean {
    const known = this.#orm.select().from(tokens).where(eq(tokens.id, id)).get();
    if (!known || known.revokedAt !== null) return false;
    this.#orm.update(tokens).set({ revokedAt: at }).where(eq(tokens.id, id)).run();
    return true;
  }
}
