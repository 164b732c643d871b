/** A store that can only be read is served and verified; nothing of it is changed, and nothing is written beside it. */
import { expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { guarded, ownership } from "../../src/app/places.ts";
import { openDisk, ReadOnlyStore } from "../../src/blobs/disk/disk.ts";
import { Cache } from "../../src/cache/cache.ts";
import { blobHasher } from "../../src/cache/integrity/hash-blobs.ts";
import { Scrub } from "../../src/cache/integrity/scrub.ts";
import { hash } from "../../src/contract/digest.ts";
import type { ImmediateIndex } from "../../src/index/port.ts";
import { openDatabase, readOnly } from "../../src/index/sqlite/open.ts";
import { withoutNotes } from "../../src/index/sqlite/sqlite-index.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { failure } from "../support/engine.ts";
import { LARGE, SMALL, setUp } from "../support/files-cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type All = Awaited<ReturnType<typeof setUp>>;

/** What is stored already, behind a store and an upstream that may be asked. */
async function readOnlyOf(all: All): Promise<All> {
  await all.get("/f/small");
  await all.get("/f/large");
  await all.cache.drain();
  all.upstream.forget();
  const storage = openDisk(all.dir, { isReadOnly: true });
  const again = await all.again({});
  const context = { ...again.context, ...withoutNotes(refusing(all.index)), storage };
  return { ...all, cache: new Cache(context, 1_000_000) };
}

const refusing = (index: ImmediateIndex): ImmediateIndex => ({
  ...index,
  commit: async (name) => {
    throw new Error(`${name} on a read-only index`);
  },
});

const filesOf = ({ dir }: All) => readdirSync(dir, { recursive: true }).map(String).sort();

test("what is stored is served, and what is not is passed on", async () => {
  await using all = await setUp();
  const { cache } = await readOnlyOf(all);
  const before = filesOf(all);
  expect((await all.get("/f/small", cache)).equals(SMALL)).toBe(true);
  expect((await all.get("/f/large", cache)).equals(LARGE)).toBe(true);
  expect(all.upstream.requests).toHaveLength(0);
  expect((await all.get("/raw/large", cache)).equals(LARGE)).toBe(true);
  // Documents that are due are asked for, and not stored.
  all.clock.advance(86_400_000);
  expect((await all.get("/index.json", cache)).toString()).toContain("/f/small");
  expect(all.upstream.count("/index.json")).toBe(1);
  expect(filesOf(all)).toEqual(before);
});

test("what is damaged is told, stays, and is not sent", async () => {
  await using all = await setUp();
  const { cache } = await readOnlyOf(all);
  truncateSync(cache.context.storage.file(hash("sha256", LARGE)), 1_000);
  const before = filesOf(all);
  const outcomes: Record<string, string> = {};
  const scrub = new Scrub(cache, {
    mounts: new Map([["files", all.mount]]),
    hash: blobHasher(cache.context.storage),
    lanes: 1,
    rate: 0,
    since: cache.context.now() + 1,
    tell: ({ path, outcome }) => {
      outcomes[path] = outcome;
    },
  });
  await scrub.run();
  expect(outcomes).toEqual({ "/f/small": "verified", "/index.json": "verified", "/f/large": "damaged" });
  expect((await all.get("/f/large", cache)).equals(LARGE)).toBe(true);
  expect(filesOf(all)).toEqual(before);
});

test("nothing can be placed in it, nor removed from it", async () => {
  await using all = await setUp();
  await all.get("/f/small");
  await all.cache.drain();
  const storage = openDisk(all.dir, { isReadOnly: true });
  expect(await failure(storage.put(SMALL, hash("sha256", SMALL)))).toBeInstanceOf(ReadOnlyStore);
  expect(() => storage.quarantine(hash("sha256", SMALL))).toThrow(ReadOnlyStore);
  const owner = ownership(all.database, storage);
  expect(owner.objection()).toContain("is read-only");
  guarded(storage, owner).remove(hash("sha256", SMALL));
  expect(storage.has(hash("sha256", SMALL))).toBe(true);
});

for (const isOpen of [false, true])
  test(`a database is read as it is, ${isOpen ? "with what is in its journal" : "without one"}`, async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "proxy.db");
    const database = openDatabase(file);
    await database.writer.write(() => database.orm.run("UPDATE totals SET blobs = 7"));
    if (isOpen) for (const end of ["", "-wal"]) cpSync(`${file}${end}`, join(folder.path, `copy.db${end}`));
    if (!isOpen) database.orm.run("PRAGMA wal_checkpoint(TRUNCATE)");
    await database.close();
    if (!isOpen) cpSync(file, join(folder.path, "copy.db"));
    const before = readdirSync(folder.path).sort();
    using sqlite = readOnly(join(folder.path, "copy.db"));
    expect(sqlite.query("SELECT blobs FROM totals").get()).toEqual({ blobs: 7 });
    expect(readdirSync(folder.path).sort()).toEqual(before);
  });

test("a database that was cut off is refused with what to do", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "proxy.db");
  await openDatabase(file).close();
  truncateSync(file, 20_000);
  expect(() => openDatabase(file)).toThrow(BadRequest);
  expect(() => openDatabase(file)).toThrow(/is damaged .*Put a backup in its place/);
});

test("a folder of downloads that somebody removed is made again; a store that was removed is missed", async () => {
  await using all = await setUp();
  await all.get("/index.json");
  rmSync(join(all.dir, "parts-v1"), { recursive: true });
  expect((await all.get("/f/large")).equals(LARGE)).toBe(true);
  await all.cache.drain();
  rmSync(all.dir, { recursive: true });
  const error = await failure(all.answer("/raw/large"));
  expect(error).toBeInstanceOf(BadRequest);
  expect(error).toMatchObject({ status: 503, message: expect.stringContaining("was removed") as string });
  expect(existsSync(all.dir)).toBe(false);
});
