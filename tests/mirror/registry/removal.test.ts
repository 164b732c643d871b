/** Bytes are unlinked inside the write that removes their last row: a writer of the same digest must not lose its bytes. */
import { Database as Sqlite } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { JobSpec, RegistrySpec } from "../../../src/contract/jobs.ts";
import { Catalogs } from "../../../src/index/sqlite/catalogs.ts";
import { Jobs } from "../../../src/index/sqlite/jobs.ts";
import { Listed } from "../../../src/index/sqlite/listed.ts";
import { RegistryLedger } from "../../../src/mirror/registry/ledger.ts";
import { Recorder } from "../../../src/mirror/registry/record.ts";
import { setUp } from "../../support/files-cache.ts";

const spec: RegistrySpec = { mount: "files", include: [], exclude: [], gone: "purge", mayShrink: true };

type All = Awaited<ReturnType<typeof setUp>>;

/** What each way of giving up the package `file`, of which files are stored, works with. */
function parts(all: All) {
  const { cache, database, mount } = all;
  const listed = new Listed(database);
  const removed: { sha256: string; isInWrite: boolean }[] = [];
  const other = new Sqlite(join(all.dir, "proxy.db"));
  other.run("PRAGMA busy_timeout = 0");
  const isInWrite = () => {
    try {
      other.run("BEGIN IMMEDIATE");
    } catch {
      return true;
    }
    other.run("ROLLBACK");
    return false;
  };
  const storage = {
    ...cache.context.storage,
    remove: (sha256: string) => {
      removed.push({ sha256, isInWrite: isInWrite() });
      cache.context.storage.remove(sha256);
    },
  };
  const context = { ...cache.context, storage };
  return { listed, removed, context, mount, database, catalogs: new Catalogs(database) };
}

type Parts = ReturnType<typeof parts>;

function recorder({ mount, listed, catalogs, context }: Parts): Recorder {
  return new Recorder({ mount, spec, listed, catalogs, context });
}

const ways: Record<string, (parts: Parts) => Promise<void>> = {
  "the feed says so": (all) =>
    recorder(all).record([{ type: "gone", package: { name: "file" } }], { silence: "nothing" }),
  "a release is gone": (all) =>
    recorder(all).record([{ type: "gone", package: { name: "file" }, version: "large" }], { silence: "nothing" }),
  "a whole list lacks it": (all) => recorder(all).compare({ has: () => false } as never),
  "its task finds out": async ({ mount, listed, context, database }) => {
    const feed = {
      run: async () => {},
      state: { before: 0, recorded: { seen: 0, news: 0, gone: 0 }, recordedAt: 0, looks: 0 },
    };
    const jobSpec = { title: "", registry: spec } as unknown as JobSpec & { registry: RegistrySpec };
    const jobs = new Jobs(database);
    const ledger = new RegistryLedger({ job: "j", spec: jobSpec, mount, feed: feed as never, listed, jobs, context });
    const [taken] = ledger.take(1);
    const counts = { total: 0, completed: 0, skipped: 0, failed: 0, bytes: 0 };
    await ledger.settle(taken!, { kind: "complete", counts, failures: [], isGone: true } as never);
  },
};

for (const [what, giveUp] of Object.entries(ways))
  test(`${what}: the blobs go in the transaction that forgets them`, async () => {
    await using all = await setUp();
    for (const path of ["/f/small", "/f/large"] as const) await all.get(path);
    await all.cache.drain();
    const given = parts(all);
    const entry = { name: "file", version: "", revision: "1", state: "due" } as const;
    await given.database.writer.write(() => void given.listed.record("files", [entry]));
    await giveUp(given);
    expect(given.removed.length).toBeGreaterThan(0);
    expect(given.removed.filter(({ isInWrite }) => !isInWrite)).toEqual([]);
    for (const { sha256 } of given.removed) expect(all.cache.context.storage.has(sha256)).toBe(false);
  });
