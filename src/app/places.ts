/** Where the store and its database are, and which database may remove anything from the store. */
import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { blobPath, formatPath } from "../blobs/disk/layout.ts";
import { databaseInside, ownerOf, setOwner } from "../blobs/disk/owner.ts";
import type { Storage } from "../blobs/storage.ts";
import type { Config } from "../config/schema.ts";
import { advance, type Glimpse, glimpse, identityOf, latestBlobs } from "../index/sqlite/identity.ts";
import { besideForeign, type Database, isForeign } from "../index/sqlite/open.ts";
import { BadRequest } from "../lib/errors.ts";

export interface Places {
  /** Absolute. */
  storage: string;
  database: string;
  /** Why the database is there. */
  because: string;
}

const READ_ONLY = "is read-only";

/** Where earlier versions had the database, whatever `storage.path` said. */
const FORMER = "./cache/proxy.db";

/**
 * The database is where `database.path` says; else where the store says that its own one is; else inside the store, but for an
 * installation of an earlier version, whose database stays where it was.
 */
export function placesOf({ storage, database }: Pick<Config, "storage" | "database">): Places {
  const root = resolve(storage.path);
  if (database.path !== undefined) return { storage: root, database: resolve(database.path), because: "database.path" };
  const inside = ownAt(databaseInside(root));
  const owner = ownerOf(root);
  if (owner && owner !== "unreadable" && glimpse(owner.path)?.id === owner.database)
    return {
      storage: root,
      database: owner.path,
      because: owner.path === inside ? "inside the store" : "the store says so",
    };
  const former = ownAt(resolve(FORMER));
  if (!owner && former !== inside && isFormer(former, inside, root))
    return { storage: root, database: former, because: "an earlier version made it there" };
  return { storage: root, database: inside, because: "inside the store" };
}

/** Whether a store that names no owner is described by the database that earlier versions made, rather than by the one inside. */
function isFormer(former: string, inside: string, root: string): boolean {
  const found = existsSync(formatPath(root)) ? glimpse(former) : undefined;
  if (!found) return false;
  // One that has stored nothing yet may have tokens and jobs.
  return found.blobs.length === 0 ? !existsSync(inside) : describes(found, root) && !describes(glimpse(inside), root);
}

/** A file of another program has ours beside it. */
function ownAt(path: string): string {
  return isForeign(path) ? besideForeign(path) : path;
}

/** Whether a database knows some of the blobs of a store. */
function describes(found: Glimpse | undefined, root: string): boolean {
  return found?.blobs.some((sha256) => existsSync(blobPath(root, sha256))) ?? false;
}

/** What a database may do with a store. */
export interface Ownership {
  /** Why this database must not remove anything from the store; `undefined` where it may. Looks at the files. */
  objection(): string | undefined;
  /**
   * Makes the database the owner of a store that has none, where it describes it, or advances the epoch of its own one. Otherwise
   * nothing is done.
   */
  claim(): Promise<void>;
  /** Makes it the owner whatever the store says. Throws BadRequest where nothing can be written. */
  adopt(): Promise<void>;
}

export function ownership(database: Database, storage: Storage): Ownership {
  const { root } = storage;
  const path = database.path === ":memory:" ? database.path : realpathSync(database.path);
  const isSame = (other: string) => other === path || (existsSync(other) && realpathSync(other) === path);

  /** `isMoved`: whether a database that is no longer where the store last saw it may be the same one. */
  const objection = ({ isMoved }: { isMoved: boolean }) => {
    if (path === ":memory:") return "there is no database";
    if (database.isReadOnly || storage.isReadOnly) return `${storage.isReadOnly ? root : path} ${READ_ONLY}`;
    const owner = ownerOf(root);
    if (owner === undefined)
      return isMoved && (isEmpty(storage) || latestBlobs(database).some((sha256) => storage.has(sha256)))
        ? undefined
        : `the store ${root} names no database as its own, and ${path} knows none of its files`;
    if (owner === "unreadable") return `owner.json in the store ${root} cannot be read`;
    const { id, epoch } = identityOf(database);
    if (owner.database !== id) return `the store ${root} belongs to the database ${owner.path}`;
    if (epoch < owner.epoch)
      return `${path} is an older copy of the store's database (epoch ${epoch}; the store ${root} is at ${owner.epoch})`;
    if (isSame(owner.path) || (isMoved && glimpse(owner.path)?.id !== id)) return undefined;
    return `${path} is a copy of the store's database ${owner.path}`;
  };
  const take = async (beyond?: number) => {
    const { id, epoch } = await advance(database, beyond);
    setOwner(root, { database: id, epoch, path });
  };

  return {
    objection: () => objection({ isMoved: false }),
    claim: async () => {
      if (objection({ isMoved: true }) === undefined) await take();
    },
    adopt: async () => {
      if (database.isReadOnly || storage.isReadOnly)
        throw new BadRequest(`${storage.isReadOnly ? root : path} is read-only, so nothing can be changed`);
      const owner = ownerOf(root);
      await take(owner && owner !== "unreadable" ? owner.epoch : 0);
    },
  };
}

function isEmpty(storage: Storage): boolean {
  for (const page of storage.stored()) if (page.length > 0) return false;
  return true;
}

/** What follows from an objection, for people. */
export function remarkOn(objection: string): string {
  if (objection.endsWith(READ_ONLY)) return `${objection}; so nothing is stored, repaired or removed`;
  return `${objection}; so nothing is removed from the store. If this database is to be its own from now on, run proxy store adopt`;
}

/** A store from which only its own database removes. */
export function guarded(storage: Storage, { objection }: Pick<Ownership, "objection">): Storage {
  return {
    ...storage,
    remove: (sha256) => {
      if (objection() === undefined) storage.remove(sha256);
    },
  };
}
