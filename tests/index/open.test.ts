/** Whose file it is: ours is brought up to date, a newer one refused, another program's left alone. */
import { Database as Sqlite } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { hash } from "../../src/contract/digest.ts";
import { migrations } from "../../src/index/sqlite/migrations/index.ts";
import { openDatabase } from "../../src/index/sqlite/open.ts";
import { sqliteIndex } from "../../src/index/sqlite/sqlite-index.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const sumOf = async (file: string) => hash("sha256", await Bun.file(file).bytes());

/** What another program keeps under the same name. */
function makeForeign(file: string): void {
  const sqlite = new Sqlite(file, { create: true });
  sqlite.run("CREATE TABLE packages (id INTEGER PRIMARY KEY, purl TEXT)");
  sqlite.run("INSERT INTO packages (purl) VALUES ('pkg:npm/left-pad')");
  sqlite.close();
}

test("a new file, also where its folder is missing, is ours when it is opened again", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "deep", "proxy.db");
  for (let opened = 0; opened < 2; opened++) {
    const database = openDatabase(file);
    database.check();
    expect(database.path).toBe(file);
    await database.close();
  }
});

test("an empty file belongs to nobody", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "proxy.db");
  await Bun.write(file, "");
  const database = openDatabase(file);
  expect(database.path).toBe(file);
  await database.close();
});

test("another program's is left alone, to the byte, and ours goes beside it", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "proxy.db");
  makeForeign(file);
  const before = await sumOf(file);
  for (let opened = 0; opened < 2; opened++) {
    const database = openDatabase(file);
    expect(database.path).toBe(join(folder.path, "proxy.ours.db"));
    await database.close();
  }
  expect(await sumOf(file)).toBe(before);
  expect([existsSync(`${file}-wal`), existsSync(`${file}-journal`)]).toEqual([false, false]);
});

test("what is no database at all is left alone too", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "proxy.db");
  await Bun.write(file, "notes of mine\n");
  const database = openDatabase(file);
  expect(database.path).toBe(join(folder.path, "proxy.ours.db"));
  await database.close();
  expect(await Bun.file(file).text()).toBe("notes of mine\n");
});

test("where both places are taken, it is said which", async () => {
  await using folder = await temporaryFolder();
  for (const name of ["proxy.db", "proxy.ours.db"]) makeForeign(join(folder.path, name));
  expect(() => openDatabase(join(folder.path, "proxy.db"))).toThrow(/both belong to another program/);
});

test("a newer version's is refused and not changed", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "proxy.db");
  await openDatabase(file).close();
  const newer = new Sqlite(file);
  newer.run("PRAGMA user_version = 999");
  newer.run("PRAGMA wal_checkpoint(TRUNCATE)");
  newer.close();
  const before = await sumOf(file);
  expect(() => openDatabase(file)).toThrow(BadRequest);
  expect(() => openDatabase(file)).toThrow(/newer version \(schema 999/);
  expect(await sumOf(file)).toBe(before);
});

test("processes that start at the same moment on no file at all get along", async () => {
  await using folder = await temporaryFolder();
  const files = Array.from({ length: 60 }, (_, index) => join(folder.path, String(index), "proxy.db"));
  const code = `
    import { openDatabase } from ${JSON.stringify(join(import.meta.dir, "../../src/index/sqlite/open.ts"))};
    for (const [index, file] of ${JSON.stringify(files)}.entries()) {
      while (Date.now() < ${Date.now() + 1000} + index * 40);
      const database = openDatabase(file);
      database.check();
      await database.close();
    }
  `;
  const starting = Array.from({ length: 6 }, () =>
    Bun.spawn([process.execPath, "-e", code], { stdout: "inherit", stderr: "inherit" }),
  );
  expect(await Promise.all(starting.map(({ exited }) => exited))).toEqual([0, 0, 0, 0, 0, 0]);
  expect(files.filter((file) => existsSync(join(dirname(file), "proxy.ours.db")))).toEqual([]);
}, 20_000);

test("a folder in which no database can be made is named, with the settings that choose it", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "file");
  await Bun.write(file, "");
  expect(() => openDatabase(join(file, "proxy.db"))).toThrow(
    /file\/proxy\.db cannot be opened: .*Check storage\.path and database\.path/,
  );
});

test("pins from before they had owners belong to `legacy`, and those of recorded sets to these, too", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "proxy.db");
  const created = openDatabase(file);
  await created.close();
  // The header is ours; the tables become those of the schema before.
  const old = new Sqlite(file);
  for (const { name, type } of old
    .query<{ name: string; type: string }, []>(
      "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'trigger') AND name NOT LIKE 'sqlite_%' ORDER BY type DESC",
    )
    .all())
    old.run(`DROP ${type} \`${name}\``);
  for (const migration of migrations.slice(0, 10))
    for (const statement of migration.split("--> statement-breakpoint")) old.run(statement);
  old.run("PRAGMA user_version = 10");
  for (const [path, pinned] of Object.entries({ "/pinned": 1, "/recorded": 1, "/free": 0 }))
    old.run(
      `INSERT INTO artifacts (mount, path, sha256, size, media_type, name, version, headers, fetched_at, used_at, pinned)
       VALUES ('npm', ?, ?, 1, '', 'a', '1', '{}', 1, 1, ?)`,
      [path, path, pinned],
    );
  old.run("INSERT INTO sets VALUES ('build', 'npm', '/recorded', 1)");
  old.close();

  const database = openDatabase(file);
  const { pins, artifacts, commit } = sqliteIndex(database);
  const ownersOf = (path: string) => pins.ownersOf("npm", path).map(({ kind, name }) => `${kind} ${name}`);
  expect(["/pinned", "/recorded", "/free"].map(ownersOf)).toEqual([
    ["legacy legacy"],
    ["legacy legacy", "set build"],
    [],
  ]);
  const [legacy] = pins.owners();
  await commit("forgetOwner", { owner: legacy!.id });
  expect(["/pinned", "/recorded", "/free"].map((path) => artifacts.find("npm", path)?.pinned)).toEqual([
    false,
    true,
    false,
  ]);
  await database.close();
});
