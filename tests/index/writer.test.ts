/** One writer for a thread, several on a file. */
import { Database as Sqlite } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Writer } from "../../src/index/sqlite/writer.ts";
import { failure } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function setUp() {
  const folder = await temporaryFolder();
  const file = join(folder.path, "w.db");
  const sqlite = new Sqlite(file, { create: true });
  sqlite.run("PRAGMA journal_mode = WAL");
  sqlite.run("CREATE TABLE t (v TEXT PRIMARY KEY)");
  const add = sqlite.query("INSERT INTO t VALUES (?)");
  const count = () => sqlite.query<{ n: number }, []>("SELECT count(*) AS n FROM t").get()?.n;
  const dispose = async () => {
    sqlite.close();
    await folder.remove();
  };
  return { file, sqlite, writer: new Writer(sqlite), add, count, [Symbol.asyncDispose]: dispose };
}

test("writes of a moment commit together, and each is told after the commit", async () => {
  await using s = await setUp();
  const other = new Sqlite(s.file, { readonly: true });
  const seen = () => other.query<{ n: number }, []>("SELECT count(*) AS n FROM t").get()?.n;
  const writes = Array.from({ length: 100 }, (_, index) =>
    s.writer.write(() => void s.add.run(`${index}`)).then(() => seen()),
  );
  expect(s.count()).toBe(0);
  expect(new Set(await Promise.all(writes))).toEqual(new Set([100]));
  other.close();
});

test("a write that throws is undone alone", async () => {
  await using s = await setUp();
  const good = s.writer.write(() => void s.add.run("good"));
  const bad = failure(
    s.writer.write(() => {
      s.add.run("bad");
      throw new Error("no");
    }),
  );
  const late = s.writer.write(() => void s.add.run("late"));
  await Promise.all([good, late]);
  expect(String(await bad)).toBe("Error: no");
  expect(s.sqlite.query("SELECT v FROM t ORDER BY v").values().flat()).toEqual(["good", "late"]);
});

test("a full disk fails what is being written, and what comes after it is written", async () => {
  await using s = await setUp();
  await s.writer.write(() => void s.add.run("before"));
  const pages = s.sqlite.query<{ page_count: number }, []>("PRAGMA page_count").get()?.page_count ?? 0;
  s.sqlite.run(`PRAGMA max_page_count = ${pages}`);
  const outcomes = await Promise.all(
    ["x".repeat(100_000), "y".repeat(100_000)].map((value) => failure(s.writer.write(() => void s.add.run(value)))),
  );
  expect(outcomes.map((error) => (error as { code?: string }).code)).toEqual(["SQLITE_FULL", "SQLITE_FULL"]);
  s.sqlite.run("PRAGMA max_page_count = 100000");
  await s.writer.write(() => void s.add.run("after"));
  expect(s.sqlite.query("SELECT v FROM t ORDER BY v").values().flat()).toEqual(["after", "before"]);
});

test("drain waits for what was queued, also by what was queued", async () => {
  await using s = await setUp();
  void s.writer.write(() => void s.add.run("1")).then(() => s.writer.write(() => void s.add.run("2")));
  await s.writer.drain();
  await s.writer.drain();
  expect(s.count()).toBe(2);
});

test("three processes write one file: nothing is lost, and none waits for ever", async () => {
  await using s = await setUp();
  const code = `
    import { Database } from "bun:sqlite";
    import { Writer } from ${JSON.stringify(join(import.meta.dir, "../../src/index/sqlite/writer.ts"))};
    const sqlite = new Database(${JSON.stringify(s.file)});
    const writer = new Writer(sqlite);
    const add = sqlite.query("INSERT INTO t VALUES (?)");
    for (let round = 0; round < 20; round++)
      await Promise.all(Array.from({ length: 10 }, (_, i) => writer.write(() => add.run(process.pid + " " + round + " " + i))));
  `;
  const others = [1, 2].map(() => Bun.spawn([process.execPath, "-e", code], { stdout: "inherit", stderr: "inherit" }));
  for (let round = 0; round < 20; round++)
    await Promise.all(Array.from({ length: 10 }, (_, i) => s.writer.write(() => void s.add.run(`own ${round} ${i}`))));
  expect(await Promise.all(others.map(({ exited }) => exited))).toEqual([0, 0]);
  expect(s.count()).toBe(600);
}, 20_000);
