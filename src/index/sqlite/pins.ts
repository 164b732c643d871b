import { and, asc, eq, sql } from "drizzle-orm";
import type { PinOwner } from "../../contract/jobs.ts";
import type { PinOwnerRow, PinRow } from "../rows.ts";
import type { Database } from "./open.ts";
import { artifacts, documents, pinOwners, pins } from "./schema.ts";

/** For whom files and documents are pinned. Writes are to be called inside `writer.write`; triggers keep `pinned` of the rows right. */
export class Pins {
  readonly #orm: Database["orm"];
  readonly #has;
  readonly #add;
  readonly #owner;

  constructor({ orm }: Pick<Database, "orm">) {
    this.#orm = orm;
    const [owner, mount, path] = [sql.placeholder("owner"), sql.placeholder("mount"), sql.placeholder("path")];
    this.#has = orm
      .select({ owner: pins.owner })
      .from(pins)
      .where(and(eq(pins.mount, mount), eq(pins.path, path), eq(pins.owner, owner)))
      .prepare();
    this.#add = orm.insert(pins).values({ owner, mount, path }).onConflictDoNothing().prepare();
    this.#owner = orm
      .select({ id: pinOwners.id })
      .from(pinOwners)
      .where(and(eq(pinOwners.kind, sql.placeholder("kind")), eq(pinOwners.name, sql.placeholder("name"))))
      .prepare();
  }

  has(owner: number, mount: string, path: string): boolean {
    return this.#has.get({ owner, mount, path }) !== undefined;
  }

  owners(): PinOwnerRow[] {
    return this.#orm.select().from(pinOwners).orderBy(asc(pinOwners.id)).all();
  }

  ownersOf(mount: string, path: string): PinOwnerRow[] {
    return this.#orm
      .select({ id: pinOwners.id, kind: pinOwners.kind, name: pinOwners.name, title: pinOwners.title })
      .from(pins)
      .innerJoin(pinOwners, eq(pinOwners.id, pins.owner))
      .where(and(eq(pins.mount, mount), eq(pins.path, path)))
      .orderBy(asc(pinOwners.id))
      .all();
  }

  page(owner: number, after: { mount: string; path: string } | undefined, limit: number): PinRow[] {
    const { mount, path } = after ?? { mount: "", path: "" };
    const places = this.#orm
      .select({
        mount: pins.mount,
        path: pins.path,
        isShared: sql<number>`EXISTS (SELECT 1 FROM pins AS other WHERE other.mount = pins.mount AND other.path = pins.path AND other.owner <> ${owner})`,
      })
      .from(pins)
      .where(and(eq(pins.owner, owner), sql`(${pins.mount}, ${pins.path}) > (${mount}, ${path})`))
      .orderBy(asc(pins.mount), asc(pins.path))
      .limit(limit)
      .all();
    return places.map((place) => ({ ...place, isShared: place.isShared !== 0, ...this.#stored(place) }));
  }

  #stored({ mount, path }: { mount: string; path: string }): Pick<PinRow, "stored"> {
    const { sha256, size, name, version } = artifacts;
    const file = this.#orm
      .select({ sha256, size, name, version })
      .from(artifacts)
      .where(and(eq(artifacts.mount, mount), eq(artifacts.path, path)))
      .get();
    if (file) return { stored: { kind: "artifact", ...file } };
    const document = this.#orm
      .select({ sha256: documents.sha256, size: documents.size })
      .from(documents)
      .where(and(eq(documents.mount, mount), eq(documents.path, path)))
      .get();
    return document ? { stored: { kind: "document", ...document, name: "", version: "" } } : {};
  }

  /** The id of an owner, which is created where there is none. */
  own({ kind, name }: PinOwner, title: string): number {
    const known = this.#owner.get({ kind, name })?.id;
    if (known !== undefined) return known;
    return this.#orm.insert(pinOwners).values({ kind, name, title }).returning({ id: pinOwners.id }).get().id;
  }

  disown(owner: number): void {
    this.#orm.delete(pins).where(eq(pins.owner, owner)).run();
    this.#orm.delete(pinOwners).where(eq(pinOwners.id, owner)).run();
  }

  add(owner: number, mount: string, path: string): void {
    this.#add.run({ owner, mount, path });
  }

  /** Pins a row that was just written for its owner, if any. */
  addRow({ owner, mount, path }: { owner?: number | undefined; mount: string; path: string }): void {
    if (owner !== undefined) this.add(owner, mount, path);
  }

  remove(owner: number, mount: string, path: string): void {
    this.#orm
      .delete(pins)
      .where(and(eq(pins.mount, mount), eq(pins.path, path), eq(pins.owner, owner)))
      .run();
  }

  removeAll(mount: string, path: string): void {
    this.#orm
      .delete(pins)
      .where(and(eq(pins.mount, mount), eq(pins.path, path)))
      .run();
  }

  /** Who pins one document pins the one that replaces it. */
  copy(mount: string, from: string, to: string): void {
    for (const { id } of this.ownersOf(mount, from)) this.add(id, mount, to);
  }
}
