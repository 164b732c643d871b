import { and, asc, desc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import type { ArtifactRow, PackageFile as Held } from "../rows.ts";
import type { Database } from "./open.ts";
import { excludedOf, placeholdersOf } from "./placeholders.ts";
import { artifacts } from "./schema.ts";

/** What is told of files in a list of them. */
const NAMED = {
  mount: artifacts.mount,
  path: artifacts.path,
  name: artifacts.name,
  version: artifacts.version,
  hits: artifacts.hits,
  size: artifacts.size,
  fetchedAt: artifacts.fetchedAt,
};
type NamedRow = Pick<ArtifactRow, keyof typeof NAMED>;

/** Which immutable files are held. Reads are prepared once; writes are to be called inside `writer.write`. */
export class Artifacts {
  readonly #orm: Database["orm"];
  readonly #find;
  readonly #ofPackage;
  readonly #releases;
  readonly #releasesOf;
  readonly #put;
  /** Counts what is put and removed here. */
  changes = 0;

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
    const [mount, path, name] = [sql.placeholder("mount"), sql.placeholder("path"), sql.placeholder("name")];
    this.#find = orm
      .select()
      .from(artifacts)
      .where(and(eq(artifacts.mount, mount), eq(artifacts.path, path)))
      .prepare();
    this.#ofPackage = orm
      .select({
        name: artifacts.name,
        version: artifacts.version,
        path: artifacts.path,
        sha256: artifacts.sha256,
        size: artifacts.size,
        pinned: artifacts.pinned,
        verified: artifacts.verified,
      })
      .from(artifacts)
      .where(and(eq(artifacts.mount, mount), eq(artifacts.name, name)))
      .prepare();
    const releases = (of?: SQL) =>
      orm
        .selectDistinct({ name: artifacts.name, version: artifacts.version })
        .from(artifacts)
        .where(
          and(
            eq(artifacts.mount, mount),
            of,
            sql`(${artifacts.name}, ${artifacts.version}) > (${sql.placeholder("lastName")}, ${sql.placeholder("lastVersion")})`,
          ),
        )
        .orderBy(asc(artifacts.name), asc(artifacts.version))
        .limit(1_000)
        .prepare();
    this.#releases = releases();
    this.#releasesOf = releases(eq(artifacts.name, name));
    this.#put = orm
      .insert(artifacts)
      .values(placeholdersOf(artifacts))
      .onConflictDoUpdate({
        target: [artifacts.mount, artifacts.path],
        // A pin is never lost to a later fetch on demand.
        set: { ...excludedOf(artifacts), pinned: sql`${artifacts.pinned} OR excluded.pinned` },
      })
      .prepare();
  }

  find(mount: string, path: string): ArtifactRow | undefined {
    return this.#find.get({ mount, path });
  }

  ofPackage(mount: string, name: string): Held[] {
    return this.#ofPackage.all({ mount, name });
  }

  /** Every release held under a mount, or of one of its packages, in pages: flat memory whatever the number. */
  *releases(mount: string, name?: string): Generator<{ name: string; version: string }> {
    let last = { name: "", version: "" };
    for (;;) {
      const after = { mount, lastName: last.name, lastVersion: last.version };
      const page = name === undefined ? this.#releases.all(after) : this.#releasesOf.all({ ...after, name });
      yield* page;
      const end = page.at(-1);
      if (page.length < 1_000 || !end) return;
      last = end;
    }
  }

  /** What stands behind these blobs. */
  naming(sha256s: readonly string[]): ArtifactRow[] {
    return this.#orm
      .select()
      .from(artifacts)
      .where(inArray(artifacts.sha256, [...sha256s]))
      .all();
  }

  put(row: ArtifactRow): void {
    this.changes++;
    this.#put.run({ ...row });
  }

  /** The file is what is stated of it now, or upstream says that it is current. No other version is touched. */
  confirm({ mount, path, sha256, verified, checkedAt }: ArtifactRow): void {
    this.#orm
      .update(artifacts)
      .set({ verified, checkedAt })
      .where(and(eq(artifacts.mount, mount), eq(artifacts.path, path), eq(artifacts.sha256, sha256)))
      .run();
  }

  /** Adds hits gathered in memory. */
  touch(mount: string, path: string, hits: number, usedAt: number): void {
    this.#orm
      .update(artifacts)
      .set({ hits: sql`${artifacts.hits} + ${hits}`, usedAt })
      .where(and(eq(artifacts.mount, mount), eq(artifacts.path, path)))
      .run();
  }

  /** What was used in the future was used now: by a clock that was ahead it would outlive everything. */
  correctUse(now: number): void {
    this.#orm
      .update(artifacts)
      .set({ usedAt: now })
      .where(and(eq(artifacts.pinned, false), gt(artifacts.usedAt, now)))
      .run();
  }

  /** Those that may go, least recently used first. */
  evictable(limit: number): Pick<ArtifactRow, "mount" | "path" | "sha256" | "size">[] {
    return this.#orm
      .select({ mount: artifacts.mount, path: artifacts.path, sha256: artifacts.sha256, size: artifacts.size })
      .from(artifacts)
      .where(eq(artifacts.pinned, false))
      .orderBy(asc(artifacts.usedAt))
      .limit(limit)
      .all();
  }

  remove(mount: string, path: string): void {
    this.changes++;
    this.#orm
      .delete(artifacts)
      .where(and(eq(artifacts.mount, mount), eq(artifacts.path, path)))
      .run();
  }

  /** Those that clients asked for most. */
  popular(limit: number): NamedRow[] {
    return this.#orm.select(NAMED).from(artifacts).orderBy(desc(artifacts.hits)).limit(limit).all();
  }

  /** Those that were stored last. */
  recent(limit: number): NamedRow[] {
    return this.#orm.select(NAMED).from(artifacts).orderBy(desc(artifacts.fetchedAt)).limit(limit).all();
  }

  /** Number and bytes of held files, by mount. */
  byMount(): { mount: string; artifacts: number; bytes: number }[] {
    return this.#orm
      .select({ mount: artifacts.mount, artifacts: sql<number>`count(*)`, bytes: sql<number>`sum(${artifacts.size})` })
      .from(artifacts)
      .groupBy(artifacts.mount)
      .all();
  }
}
