import { and, asc, desc, eq, gt, gte, inArray, lt, sql } from "drizzle-orm";
import type { DocumentRow, FactsPage } from "../rows.ts";
import type { Database } from "./open.ts";
import { excludedOf, placeholdersOf } from "./placeholders.ts";
import { documents, facts } from "./schema.ts";

/** The documents that are held and the facts they state. Writes are to be called inside `writer.write`. */
export class Documents {
  readonly #orm: Database["orm"];
  readonly #written: Database["written"];
  readonly #find;
  readonly #among;
  readonly #page;
  readonly #pages;
  readonly #put;
  readonly #putPage;
  readonly #forgetPages;
  /** Counts what is put and removed here. */
  changes = 0;

  constructor({ orm, written }: Pick<Database, "orm" | "written">) {
    this.#orm = orm;
    this.#written = written;
    const [mount, path, document] = [sql.placeholder("mount"), sql.placeholder("path"), sql.placeholder("document")];
    this.#find = orm
      .select()
      .from(documents)
      .where(and(eq(documents.mount, mount), eq(documents.path, path)))
      .prepare();
    this.#among = orm
      .select({ path: documents.path })
      .from(documents)
      .where(
        and(
          eq(documents.mount, mount),
          sql`${documents.path} IN (SELECT value FROM json_each(${sql.placeholder("paths")}))`,
        ),
      )
      .prepare();
    this.#page = orm
      .select({ page: facts.page })
      .from(facts)
      .where(and(eq(facts.mount, mount), eq(facts.document, document), sql`${facts.first} <= ${path}`))
      .orderBy(sql`${facts.first} desc`)
      .limit(1)
      .prepare();
    this.#pages = orm
      .select({ page: facts.page })
      .from(facts)
      .where(and(eq(facts.mount, mount), eq(facts.document, document)))
      .prepare();
    this.#put = orm
      .insert(documents)
      .values(placeholdersOf(documents))
      .onConflictDoUpdate({
        target: [documents.mount, documents.path],
        set: { ...excludedOf(documents), pinned: sql`${documents.pinned} OR excluded.pinned` },
      })
      .prepare();
    this.#putPage = orm.insert(facts).values(placeholdersOf(facts)).prepare();
    this.#forgetPages = orm
      .delete(facts)
      .where(and(eq(facts.mount, mount), eq(facts.document, document)))
      .prepare();
  }

  find(mount: string, path: string): DocumentRow | undefined {
    return this.#find.get({ mount, path });
  }

  /** Those of the paths at which a document is stored. */
  among(mount: string, paths: readonly string[]): string[] {
    if (paths.length === 0) return [];
    return this.#among.all({ mount, paths: JSON.stringify(paths) }).map(({ path }) => path);
  }

  /** What stands behind these blobs. */
  naming(sha256s: readonly string[]): DocumentRow[] {
    return this.#orm
      .select()
      .from(documents)
      .where(inArray(documents.sha256, [...sha256s]))
      .all();
  }

  /** The page of a document's facts in which a path stands, if it stands in any. */
  page(mount: string, document: string, path: string): string | undefined {
    return this.#page.get({ mount, document, path })?.page;
  }

  /** All pages of a document's facts. */
  pages(mount: string, document: string): string[] {
    return this.#pages.all({ mount, document }).map(({ page }) => page);
  }

  /** Documents below a path that state facts, the newest first. `below` ends with a slash. */
  stating(mount: string, below: string, limit: number): string[] {
    return this.#orm
      .select({ path: documents.path })
      .from(documents)
      .where(
        and(
          eq(documents.mount, mount),
          gt(documents.path, below),
          lt(documents.path, `${below.slice(0, -1)}0`),
          sql`EXISTS (SELECT 1 FROM ${facts} WHERE ${facts.mount} = ${documents.mount} AND ${facts.document} = ${documents.path})`,
        ),
      )
      .orderBy(desc(documents.fetchedAt))
      .limit(limit)
      .all()
      .map(({ path }) => path);
  }

  /** Stores a document and all that it states, in place of what it stated before. */
  put(row: DocumentRow, pages: readonly FactsPage[]): void {
    this.changes++;
    const { mount, path: document } = row;
    this.#put.run({ ...row });
    this.#forgetPages.run({ mount, document });
    for (const page of pages) this.#putPage.run({ mount, document, ...page });
  }

  /** Upstream says that what is held is current, by these validators. */
  checked({ mount, path, checkedAt, etag, lastModified, registry }: DocumentRow): void {
    this.#orm.update(documents).set({ checkedAt, etag, lastModified, registry }).where(this.#is(mount, path)).run();
  }

  touch(mount: string, path: string, usedAt: number): void {
    this.#orm.update(documents).set({ usedAt }).where(this.#is(mount, path)).run();
  }

  remove(mount: string, path: string): void {
    this.changes++;
    this.#orm.delete(documents).where(this.#is(mount, path)).run();
    this.#forgetPages.run({ mount, document: path });
  }

  /** Puts a document with its facts in the place of another. */
  move(mount: string, from: string, to: string): void {
    this.remove(mount, to);
    this.#orm.update(documents).set({ path: to }).where(this.#is(mount, from)).run();
    this.#orm
      .update(facts)
      .set({ document: to })
      .where(and(eq(facts.mount, mount), eq(facts.document, from)))
      .run();
  }

  /** Another one where another thread or process has written anything. */
  written(): number {
    return this.#written();
  }

  /** Another one where a document below a path was added, replaced or removed. */
  stateBelow(mount: string, path: string): string {
    const [row] = this.#orm
      .select({ count: sql<number>`count(*)`, last: sql<number | null>`max(${documents.fetchedAt})` })
      .from(documents)
      .where(isBelow(mount, path))
      .all();
    return `${row?.count} ${row?.last}`;
  }

  /** The paths of all held documents of a mount, or of those below a path, in pages. Those that are staged have none yet. */
  *paths(mount: string, below = "/"): Generator<string> {
    for (let last = ""; ; ) {
      const page = this.#orm
        .select({ path: documents.path })
        .from(documents)
        .where(and(isBelow(mount, below), gt(documents.path, last)))
        .orderBy(asc(documents.path))
        .limit(1_000)
        .all();
      for (const { path } of page) yield path;
      const end = page.at(-1);
      if (page.length < 1_000 || !end) return;
      last = end.path;
    }
  }

  /** As `Artifacts.correctUse`. */
  correctUse(now: number): void {
    this.#orm.update(documents).set({ usedAt: now }).where(gt(documents.usedAt, now)).run();
  }

  evictable(before: number, limit: number): Pick<DocumentRow, "mount" | "path" | "sha256" | "size">[] {
    return this.#orm
      .select({ mount: documents.mount, path: documents.path, sha256: documents.sha256, size: documents.size })
      .from(documents)
      .where(and(eq(documents.pinned, false), lt(documents.usedAt, before)))
      .orderBy(asc(documents.usedAt))
      .limit(limit)
      .all();
  }

  #is(mount: string, path: string) {
    return and(eq(documents.mount, mount), eq(documents.path, path));
  }
}

function isBelow(mount: string, path: string) {
  return and(eq(documents.mount, mount), gte(documents.path, path), lt(documents.path, `${path}\u{10ffff}`));
}
