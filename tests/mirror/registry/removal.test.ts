/** Blobs are marked in the write that removes their last row, and unlinked after it: a writer of the same digest keeps its bytes. */
import { Database as Sqlite } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { removeBlobs, resumeRemovals } from "../../../src/cache/integrity/removal.ts";
import type { JobSpec, RegistrySpec } from "../../../src/contract/jobs.ts";
import { RegistryLedger } from "../../../src/mirror/registry/ledger.ts";
import { Recorder } from "../../../src/mirror/registry/record.ts";
import { SMALL, setUp } from "../../support/files-cache.ts";

const spec: RegistrySpec = { mount: "files", include: [], exclude: [], gone: "purge", mayShrink: true };

type All = Awaited<ReturnType<typeof setUp>>;

/** What each way of giving up the package `file`, of which files are stored, works with. */
function parts(all: All) {
  const { cache, database, mount, index } = all;
  const removed: { sha256: string; isInWrite: boolean; isMarked: boolean }[] = [];
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
      removed.push({ sha256, isInWrite: isInWrite(), isMarked: index.blobs.removingSince(sha256) !== undefined });
      cache.context.storage.remove(sha256);
    },
  };
  const context = { ...cache.context, storage };
  return { index, removed, context, mount, database };
}

type Parts = ReturnType<typeof parts>;

function recorder({ mount, index, context }: Parts): Recorder {
  return new Recorder({ mount, spec, index, context });
}

const ways: Record<string, (parts: Parts) => Promise<void>> = {
  "the feed says so": (all) =>
    recorder(all).record([{ type: "gone", package: { name: "file" } }], { silence: "nothing" }),
  "a release is gone": (all) =>
    recorder(all).record([{ type: "gone", package: { name: "file" }, version: "large" }], { silence: "nothing" }),
  "a whole list lacks it": (all) => recorder(all).compare({ has: () => false } as never),
  "its task finds out": async ({ mount, index, context }) => {
    const feed = {
      run: async () => {},
      state: { before: 0, recorded: { seen: 0, news: 0, gone: 0 }, recordedAt: 0, looks: 0 },
    };
    const jobSpec = { title: "", registry: spec } as unknown as JobSpec & { registry: RegistrySpec };
    const ledger = new RegistryLedger({ job: "j", spec: jobSpec, mount, feed: feed as never, index, context });
    const [taken] = await ledger.take(1);
    const counts = { total: 0, completed: 0, skipped: 0, failed: 0, bytes: 0 };
    await ledger.settle(taken!, { kind: "complete", counts, failures: [], isGone: true } as never);
  },
};

for (const [what, giveUp] of Object.entries(ways))
  test(`${what}: the blobs are marked, and go once nothing that may fail follows`, async () => {
    await using all = await setUp();
    for (const path of ["/f/small", "/f/large"] as const) await all.get(path);
    await all.cache.drain();
    const given = parts(all);
    const entry = { name: "file", version: "", revision: "1", state: "due" } as const;
    await given.database.writer.write(() => void all.tables.listed.record("files", [entry]));
    await giveUp(given);
    expect(given.removed.length).toBeGreaterThan(0);
    expect(given.removed.filter(({ isInWrite, isMarked }) => isInWrite || !isMarked)).toEqual([]);
    for (const { sha256 } of given.removed) {
      expect(all.cache.context.storage.has(sha256)).toBe(false);
      expect(all.index.blobs.known([sha256]).size).toBe(0);
    }
  });

test("who stores bytes that are being removed waits until they are gone, and stores them again", async () => {
  await using all = await setUp();
  await all.get("/f/small");
  await all.cache.drain();
  const { storage, commit, artifacts } = all.cache.context;
  const row = artifacts.find("files", "/f/small")!;
  const lost = { sha256: row.sha256, artifacts: [row], documents: [], spoiled: [], packages: [], now: 1 };
  const marked = await commit("forgetLost", lost);
  expect(marked).toEqual([row.sha256]);
  expect(await commit("storeArtifact", { row })).toEqual({ status: "removing", sha256s: marked });
  const again = all.get("/f/small");
  await Bun.sleep(20);
  await removeBlobs(all.cache.context, marked);
  expect((await again).equals(SMALL)).toBe(true);
  await all.cache.drain();
  // What was stored, if anything, is whole: the next request brings the rest.
  expect(artifacts.find("files", "/f/small") === undefined || storage.has(row.sha256, row.size)).toBe(true);
  expect((await all.get("/f/small")).equals(SMALL)).toBe(true);
  await all.cache.drain();
  expect(storage.has(row.sha256, row.size)).toBe(true);
});

test("a removal that a kill interrupted is finished", async () => {
  await using all = await setUp();
  await all.get("/f/small");
  await all.cache.drain();
  const { commit, storage, artifacts } = all.cache.context;
  const row = artifacts.find("files", "/f/small")!;
  const lost = { sha256: row.sha256, artifacts: [row], documents: [], spoiled: [], packages: [] };
  await commit("forgetLost", { ...lost, now: all.cache.context.now() });
  expect(storage.has(row.sha256)).toBe(true);
  all.clock.advance(60_000);
  await resumeRemovals(all.cache.context);
  expect([storage.has(row.sha256), all.index.blobs.known([row.sha256]).size]).toEqual([false, 0]);
});
