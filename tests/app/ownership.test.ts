/** Only the database that describes a store removes from it: a stranger, and an older copy, read and add. */
import { afterEach, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { evict } from "../../src/app/housekeeping.ts";
import { placesOf } from "../../src/app/places.ts";
import { profileOf } from "../../src/app/profile.ts";
import { openRuntime, type Runtime } from "../../src/app/runtime.ts";
import { blobHasher } from "../../src/cache/integrity/hash-blobs.ts";
import { removeBlobs } from "../../src/cache/integrity/removal.ts";
import { Scrub } from "../../src/cache/integrity/scrub.ts";
import { loadConfig } from "../../src/config/load.ts";
import { hash } from "../../src/contract/digest.ts";
import { openDatabase } from "../../src/index/sqlite/open.ts";
import { failure } from "../support/engine.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const folders: TemporaryFolder[] = [];
const started = process.cwd();
afterEach(async () => {
  process.chdir(started);
  for (const folder of folders.splice(0)) await folder.remove();
});

/** An empty folder; the process is there. */
async function workIn(): Promise<string> {
  const folder = await temporaryFolder();
  folders.push(folder);
  process.chdir(folder.path);
  return folder.path;
}

function configOf(storage: string, database?: string) {
  const flags = { "storage.path": storage, ...(database !== undefined && { "database.path": database }) };
  return loadConfig({ ecosystems: [], flags }).config;
}

/** As `serve`, `mirror` and `verify` do it. */
function open(storage: string, database?: string): Promise<Runtime> {
  const config = configOf(storage, database);
  return openRuntime({ config, sources: [], profile: profileOf("serve", config) });
}

async function keep({ cache: { context } }: Runtime, text: string): Promise<void> {
  const { storage, commit } = context;
  const sha256 = hash("sha256", text);
  const size = text.length;
  await storage.put(Buffer.from(text), sha256);
  const at = { fetchedAt: 1, usedAt: 1, hits: 0, pinned: false, publishedAt: null };
  await commit("storeArtifact", {
    row: {
      mount: "files",
      path: `/${text}`,
      name: "a",
      version: "1",
      sha256,
      size,
      mediaType: "",
      headers: {},
      verified: null,
      etag: null,
      lastModified: null,
      registry: null,
      checkedAt: null,
      ...at,
    },
  });
}

/** Everything that may remove: eviction, what nothing names, unknown files, and whoever calls `remove`. */
async function tidy({ cache, mounts, ownership }: Runtime): Promise<void> {
  const { storage, commit } = cache.context;
  if (ownership.objection() === undefined) await evict(cache, 1);
  const scrub = new Scrub(cache, {
    mounts,
    hash: blobHasher(storage),
    lanes: 1,
    rate: 0,
    since: Date.now() + 1,
    removeUnknown: 100,
    tell: () => {},
  });
  for (const page of storage.stored()) for (const { sha256 } of page) utimesSync(storage.file(sha256), 1, 1);
  await scrub.run();
  const lost = { sha256: hash("sha256", "one"), artifacts: [{ mount: "files", path: "/one" }], documents: [] };
  await removeBlobs(cache.context, await commit("forgetLost", { ...lost, spoiled: [], packages: [], now: Date.now() }));
}

const blobsIn = (root: string) =>
  readdirSync(join(root, "blobs-v2"), { recursive: true }).filter((name) => /[0-9a-f]{64}$/.test(String(name))).length;

async function filled(storage: string, database?: string): Promise<void> {
  const runtime = await open(storage, database);
  for (const text of ["one", "two", "three"]) await keep(runtime, text);
  await runtime.close();
}

test("the database is inside the store, from whatever folder it is asked", async () => {
  const dir = await workIn();
  await filled(join(dir, "store"));
  expect(existsSync(join(dir, "store/proxy.db"))).toBe(true);
  expect(existsSync(join(dir, "cache"))).toBe(false);
  await workIn();
  const runtime = await open(join(dir, "store"));
  expect(runtime.cache.context.blobs.totals().blobs).toBe(3);
  expect(runtime.ownership.objection()).toBeUndefined();
  await runtime.close();
});

test("its own database removes", async () => {
  const dir = await workIn();
  await filled(join(dir, "store"));
  const runtime = await open(join(dir, "store"));
  await evict(runtime.cache, 1);
  expect(blobsIn(join(dir, "store"))).toBe(0);
  await runtime.close();
});

const others: Record<string, (dir: string) => Promise<string> | string> = {
  "a new database": (dir) => join(dir, "new.db"),
  "the database of another store": async (dir) => {
    await filled(join(dir, "other"), join(dir, "other.db"));
    return join(dir, "other.db");
  },
  "a copy, beside the original": (dir) => {
    cpSync(join(dir, "store/proxy.db"), join(dir, "copy.db"));
    return join(dir, "copy.db");
  },
  "an older copy in its place": async (dir) => {
    cpSync(join(dir, "store/proxy.db"), join(dir, "copy.db"));
    const runtime = await open(join(dir, "store"));
    await keep(runtime, "four");
    await runtime.close();
    for (const end of ["", "-wal", "-shm"]) rmSync(join(dir, `store/proxy.db${end}`), { force: true });
    renameSync(join(dir, "copy.db"), join(dir, "store/proxy.db"));
    return join(dir, "store/proxy.db");
  },
};

for (const [what, make] of Object.entries(others))
  test(`${what} reads and adds, and removes nothing`, async () => {
    const dir = await workIn();
    const root = join(dir, "store");
    await filled(root);
    const database = await make(dir);
    const before = blobsIn(root);
    const runtime = await open(root, database);
    expect(runtime.ownership.objection()).toBeString();
    await keep(runtime, "five");
    await tidy(runtime);
    await runtime.close();
    expect(blobsIn(root)).toBe(before + 1);
  });

test("adopted, it removes, and the database before it does not any more", async () => {
  const dir = await workIn();
  const root = join(dir, "store");
  await filled(root);
  const before = await open(root);
  const runtime = await open(root, join(dir, "new.db"));
  await runtime.ownership.adopt();
  expect(runtime.ownership.objection()).toBeUndefined();
  expect(before.ownership.objection()).toBeString();
  await runtime.close();
  await before.close();
  // The store says where its own one is.
  expect(placesOf(configOf(root)).database).toBe(join(dir, "new.db"));
});

test("a database that was moved with its store stays the owner", async () => {
  const dir = await workIn();
  await filled(join(dir, "store"));
  renameSync(join(dir, "store"), join(dir, "moved"));
  const runtime = await open(join(dir, "moved"));
  expect([runtime.ownership.objection(), runtime.cache.context.blobs.totals().blobs]).toEqual([undefined, 3]);
  await runtime.close();
});

/** As an earlier version left it: a store that names no owner, and a database below the folder in which it was started. */
async function former(dir: string): Promise<void> {
  await filled(join(dir, "store"), join(dir, "cache/proxy.db"));
  rmSync(join(dir, "store/owner.json"));
}

test("the database of an earlier version is found at its old place, and is the owner from then on", async () => {
  const dir = await workIn();
  await former(dir);
  const runtime = await open("store");
  expect(runtime.places).toMatchObject({
    database: join(dir, "cache/proxy.db"),
    because: "an earlier version made it there",
  });
  expect([runtime.ownership.objection(), runtime.cache.context.blobs.totals().blobs]).toEqual([undefined, 3]);
  await runtime.close();
  await workIn();
  expect(placesOf(configOf(join(dir, "store"))).database).toBe(join(dir, "cache/proxy.db"));
});

test("where that is not seen, a new one is made, which removes nothing, and the old one is found again", async () => {
  const dir = await workIn();
  await former(dir);
  await workIn();
  const stranger = await open(join(dir, "store"));
  expect(stranger.ownership.objection()).toContain("names no database as its own");
  await tidy(stranger);
  await stranger.close();
  expect(blobsIn(join(dir, "store"))).toBe(3);
  process.chdir(dir);
  const runtime = await open("store");
  expect([runtime.places.database, runtime.ownership.objection()]).toEqual([join(dir, "cache/proxy.db"), undefined]);
  await runtime.close();
});

test("the old place of another store is not taken for this one's", async () => {
  const dir = await workIn();
  await filled(join(dir, "cache"));
  mkdirSync(join(dir, "second"));
  expect(placesOf(configOf("second")).database).toBe(join(dir, "second/proxy.db"));
  await filled("second");
  expect(placesOf(configOf("second")).database).toBe(join(dir, "second/proxy.db"));
});

test("who only looks makes nothing", async () => {
  const dir = await workIn();
  const config = configOf(join(dir, "store"));
  const looking = openRuntime({ config, sources: [], profile: profileOf("inspect", config) });
  expect(String(await failure(looking))).toContain(`there is no database at ${join(dir, "store/proxy.db")}`);
  expect(readdirSync(dir)).toEqual([]);
});

test("a database that is removed while it is in use is missed", async () => {
  const dir = await workIn();
  const database = openDatabase(join(dir, "proxy.db"));
  database.check();
  rmSync(join(dir, "proxy.db"));
  expect(() => database.check()).toThrow(/removed or replaced/);
  await database.close();
});
