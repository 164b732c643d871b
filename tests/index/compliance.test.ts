/** What every index does: the port's law. A new driver adds a line to IMPLEMENTATIONS. */
import { describe, expect, test } from "bun:test";
import type { JobSpec, Task } from "../../src/contract/jobs.ts";
import type { Stored } from "../../src/index/commands.ts";
import type { Index } from "../../src/index/port.ts";
import type { ArtifactRow, DocumentRow } from "../../src/index/rows.ts";
import { openDatabase } from "../../src/index/sqlite/open.ts";
import { sqliteIndex } from "../../src/index/sqlite/sqlite-index.ts";
import { EVERYTHING } from "../../src/mirror/plan/choice.ts";
import { delay } from "../support/unreliable.ts";
import { unreliableIndex } from "../support/unreliable-index.ts";

interface Opened {
  index: Index;
  close(): Promise<void>;
}

function inMemory(): Opened {
  const database = openDatabase(":memory:");
  return { index: sqliteIndex(database), close: () => database.close() };
}

const IMPLEMENTATIONS: Record<string, () => Opened> = {
  SQLite: inMemory,
  "an index that answers later": () => {
    const { index, close } = inMemory();
    return { index: unreliableIndex(index, delay), close };
  },
};

const SHA = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");

function artifact(path: string, more: Partial<ArtifactRow> = {}): ArtifactRow {
  return {
    mount: "npm",
    path,
    sha256: SHA(path),
    size: 10,
    mediaType: "application/octet-stream",
    name: "a",
    version: "1.0.0",
    publishedAt: null,
    headers: { digest: "x" },
    fetchedAt: 1_000,
    usedAt: 1_000,
    hits: 0,
    pinned: false,
    verified: null,
    etag: null,
    lastModified: null,
    registry: null,
    checkedAt: null,
    ...more,
  };
}

function document(path: string, more: Partial<DocumentRow> = {}): DocumentRow {
  return {
    mount: "npm",
    path,
    sha256: SHA(`document ${path}`),
    size: 100,
    mediaType: "application/json",
    url: `https://registry.example${path}`,
    registry: null,
    etag: '"1"',
    lastModified: null,
    headers: {},
    revision: null,
    fetchedAt: 1_000,
    checkedAt: 1_000,
    usedAt: 1_000,
    pinned: false,
    ...more,
  };
}

const SPEC: JobSpec = {
  title: "a test",
  runBy: "server",
  choice: EVERYTHING,
  closure: "none",
  concurrency: 2,
  refresh: false,
};

const task = (name: string): Task => ({ mount: "npm", purl: `pkg:npm/${name}`, name });
const NONE = { total: 0, completed: 0, skipped: 0, failed: 0, bytes: 0 };

for (const [name, open] of Object.entries(IMPLEMENTATIONS))
  describe(name, () => {
    const law = (what: string, run: (index: Index) => Promise<void>) =>
      test(what, async () => {
        const { index, close } = open();
        try {
          await run(index);
        } finally {
          await index.drain();
          await close();
        }
      });
    const all = async <T>(paged: Iterable<T> | AsyncIterable<T>): Promise<T[]> => Array.fromAsync(paged);

    law("a file is found as it was stored, and counted once", async (index) => {
      const row = artifact("/a/-/a-1.0.0.tgz", { verified: "sha512:AA", headers: { etag: "1" } });
      expect(await index.commit("storeArtifact", { row })).toEqual({ status: "stored" });
      expect(await index.commit("storeArtifact", { row: { ...row, hits: 3 } })).toEqual({ status: "stored" });
      expect(await index.artifacts.find("npm", row.path)).toEqual({ ...row, hits: 3 });
      expect(await index.artifacts.find("pypi", row.path)).toBeUndefined();
      expect(await index.blobs.totals()).toMatchObject({ blobs: 1, bytes: 10, artifacts: 1 });
      expect(await index.artifacts.ofPackage("npm", "a")).toMatchObject([{ version: "1.0.0", path: row.path }]);
      expect(await all(index.artifacts.releases("npm"))).toEqual([{ name: "a", version: "1.0.0" }]);
    });

    law("a pin is not lost when the file is stored again", async (index) => {
      const row = artifact("/a");
      await index.commit("storeArtifact", { row });
      const owner = await index.commit("ownPins", { kind: "request", name: "x", title: "x" });
      await index.commit("pin", { owner, mount: "npm", paths: ["/a", "/none"] });
      await index.commit("storeArtifact", { row });
      expect((await index.artifacts.find("npm", "/a"))?.pinned).toBe(true);
      expect(await index.artifacts.find("npm", "/none")).toBeUndefined();
    });

    law("what two owners pin stays until both are forgotten, and only unpinned files are removed", async (index) => {
      const own = (name: string) => index.commit("ownPins", { kind: "request", name, title: name });
      const [one, two] = [await own("one"), await own("two")];
      expect(await own("one")).toBe(one);
      await index.commit("storeArtifact", { row: artifact("/own", { owner: one }) });
      await index.commit("storeArtifact", { row: artifact("/shared", { owner: one }) });
      await index.commit("pin", { owner: two, mount: "npm", paths: ["/shared"] });
      await index.commit("storeDocuments", { documents: [{ row: document("/doc", { owner: two }), pages: [] }] });
      expect((await index.pins.page(one, undefined, 10)).map(({ path, isShared }) => [path, isShared])).toEqual([
        ["/own", false],
        ["/shared", true],
      ]);
      expect((await index.pins.ownersOf("npm", "/shared")).map(({ name }) => name)).toEqual(["one", "two"]);
      const unpin = (owner: number, ...paths: string[]) =>
        index.commit("unpin", {
          owner,
          places: paths.map((path) => ({ mount: "npm", path })),
          spoiled: [],
          packages: [],
          now: 1,
        });
      expect(await unpin(one, "/own", "/shared")).toEqual([SHA("/own")]);
      await index.commit("forgetOwner", { owner: one });
      expect(await index.artifacts.find("npm", "/own")).toBeUndefined();
      expect((await index.artifacts.find("npm", "/shared"))?.pinned).toBe(true);
      expect((await index.documents.find("npm", "/doc"))?.pinned).toBe(true);
      expect((await index.pins.owners()).map(({ name }) => name)).toContain("two");
      expect(await unpin(two, "/shared", "/doc")).toHaveLength(2);
    });

    law("a document replaces all that it stated before", async (index) => {
      const row = document("/a");
      const pages = (...firsts: string[]) => firsts.map((first) => ({ first, page: `page of ${first}` }));
      await index.commit("storeDocuments", { documents: [{ row, pages: pages("/a/1", "/a/5") }] });
      expect(await index.documents.page("npm", "/a", "/a/3")).toBe("page of /a/1");
      expect(await index.documents.page("npm", "/a", "/a/7")).toBe("page of /a/5");
      expect(await index.documents.page("npm", "/a", "/A")).toBeUndefined();
      await index.commit("storeDocuments", { documents: [{ row, pages: pages("/a/2") }] });
      expect(await index.documents.pages("npm", "/a")).toEqual(["page of /a/2"]);
      expect(await all(index.documents.paths("npm"))).toEqual(["/a"]);
    });

    law("documents are stored all or none, and not where another was replaced meanwhile", async (index) => {
      const root = document("/root");
      await index.commit("storeDocuments", { documents: [{ row: root, pages: [] }] });
      const documents = ["/x", "/y"].map((path) => ({ row: document(path), pages: [] }));
      const unless = { mount: "npm", path: "/root", sha256: SHA("another") };
      expect(await index.commit("storeDocuments", { documents, unless })).toEqual({ status: "replaced" });
      expect(await all(index.documents.paths("npm"))).toEqual(["/root"]);
      expect(await index.commit("storeDocuments", { documents, unless: root })).toEqual({ status: "stored" });
      expect(await all(index.documents.paths("npm"))).toEqual(["/root", "/x", "/y"]);
    });

    law("pointers are published together, and none where one was replaced", async (index) => {
      const pending = ["/tag", "/other"].map((path) => ({ row: document(`#${path}`), pages: [] }));
      await index.commit("storeDocuments", { documents: pending });
      expect(await all(index.documents.paths("npm"))).toEqual([]);
      const pointers = pending.map(({ row }) => ({
        path: row.path.slice(1),
        pendingPath: row.path,
        sha256: row.sha256,
      }));
      const wrong = pointers.map((each, i) => (i === 1 ? { ...each, sha256: SHA("other") } : each));
      expect(await index.commit("publishPointers", { mount: "npm", pointers: wrong })).toEqual({
        status: "replaced",
        path: "/other",
      });
      expect(await index.documents.find("npm", "/tag")).toBeUndefined();
      expect(await index.commit("publishPointers", { mount: "npm", owner: 1, pointers })).toEqual({
        status: "published",
      });
      expect(await all(index.documents.paths("npm"))).toEqual(["/other", "/tag"]);
      expect((await index.documents.find("npm", "/tag"))?.pinned).toBe(true);
      // Another job may have published the same.
      expect(await index.commit("publishPointers", { mount: "npm", owner: 1, pointers })).toEqual({
        status: "published",
      });
    });

    law("bytes leave by rows: named, released, being removed, gone", async (index) => {
      const row = artifact("/a");
      await index.commit("storeArtifact", { row });
      expect(await index.commit("releaseBlobs", { sha256s: [row.sha256], now: 5 })).toEqual([]);
      const lost = { artifacts: [row], documents: [], spoiled: [], packages: [], sha256: row.sha256, now: 6 };
      expect(await index.commit("forgetLost", lost)).toEqual([row.sha256]);
      expect(await index.blobs.removingSince(row.sha256)).toBe(6);
      expect(await index.commit("releaseBlobs", { sha256s: [row.sha256], now: 7 })).toEqual([]);
      const refused: Stored = { status: "removing", sha256s: [row.sha256] };
      expect(await index.commit("storeArtifact", { row })).toEqual(refused);
      const documents = [{ row: document("/d", { sha256: row.sha256 }), pages: [] }];
      expect(await index.commit("storeDocuments", { documents })).toEqual(refused);
      expect(await index.documents.find("npm", "/d")).toBeUndefined();
      expect(await index.commit("resumeRemovals", { before: 6, now: 9 })).toEqual([]);
      expect(await index.commit("resumeRemovals", { before: 7, now: 9 })).toEqual([row.sha256]);
      await index.commit("forgetBlobs", { sha256s: [row.sha256] });
      expect([...(await index.blobs.known([row.sha256]))]).toEqual([]);
      expect(await index.commit("storeArtifact", { row })).toEqual({ status: "stored" });
    });

    law("of equal bytes none leaves while one name stays", async (index) => {
      const [first, second] = ["/a", "/b"].map((path) => artifact(path, { sha256: SHA("same") }));
      for (const row of [first!, second!]) await index.commit("storeArtifact", { row });
      const lost = { documents: [], spoiled: [], packages: [], sha256: SHA("same"), now: 1 };
      expect(await index.commit("forgetLost", { ...lost, artifacts: [first!] })).toEqual([]);
      expect(await index.commit("forgetLost", { ...lost, artifacts: [second!] })).toEqual([SHA("same")]);
    });

    law("a removal and a writer of the same bytes: one of them sees the other, in either order", async (index) => {
      for (let i = 0; i < 5; i++) {
        const row = artifact(`/${i}`);
        await index.commit("storeArtifact", { row });
        const lost = { artifacts: [row], documents: [], spoiled: [], packages: [], sha256: row.sha256, now: 1 };
        const other = { ...row, path: `/other/${i}` };
        const [marked, stored] = await Promise.all([
          index.commit("forgetLost", lost),
          index.commit("storeArtifact", { row: other }),
        ]);
        expect([marked.length, stored.status]).toEqual(marked.length > 0 ? [1, "removing"] : [0, "stored"]);
      }
    });

    law("the least recently used go first, and nothing that is pinned", async (index) => {
      for (const [path, usedAt, pinned] of [
        ["/old", 1, false],
        ["/pinned", 0, true],
        ["/new", 9, false],
      ] as const)
        await index.commit("storeArtifact", { row: artifact(path, { usedAt, pinned }) });
      const round = await index.commit("evict", { bytes: 20, now: 10, limit: 10 });
      expect(round).toEqual({ evicted: [{ mount: "npm", path: "/old" }], removing: [SHA("/old")] });
      const rest = await index.commit("evict", { bytes: 0, now: 10, limit: 10 });
      expect(rest.evicted).toEqual([{ mount: "npm", path: "/new" }]);
      expect(await index.artifacts.find("npm", "/pinned")).toBeDefined();
    });

    law("uses are counted, and those of the future become now", async (index) => {
      await index.commit("storeArtifact", { row: artifact("/a") });
      const use = { mount: "npm", path: "/a", hits: 3 };
      await index.commit("countUse", { at: 5_000, artifacts: [use], documents: [] });
      await index.commit("countUse", { at: 9_000, artifacts: [use], documents: [] });
      expect(await index.artifacts.find("npm", "/a")).toMatchObject({ hits: 6, usedAt: 9_000 });
      await index.commit("correctUse", { now: 7_000 });
      expect((await index.artifacts.find("npm", "/a"))?.usedAt).toBe(7_000);
    });

    law("a job's tasks are taken in order, counted when they are settled, and reopened on retry", async (index) => {
      await index.commit("createJob", { id: "j", spec: SPEC, at: 1 });
      expect(await index.jobs.list({ limit: 10 })).toEqual([]);
      const tasks = ["a", "b", "a"].map((each) => ({ key: each, task: task(each) }));
      await index.commit("addTasks", { job: "j", tasks });
      expect(await index.commit("moveJob", { id: "j", from: ["reading"], to: "pending" })).toBe(true);
      expect(await index.commit("moveJob", { id: "j", from: ["reading"], to: "pending" })).toBe(false);
      expect(await index.commit("claimJob", { id: "j", at: 2 })).toBe(true);
      const [first, second, ...more] = await index.tasks.after("j", 0, 10);
      expect([first?.key, second?.key, more.length]).toEqual(["a", "b", 0]);
      const counts = { ...NONE, total: 2, completed: 2, bytes: 7 };
      const settled = { job: "j", state: "complete", counts, failures: [] } as const;
      await index.commit("settleTask", { ...settled, task: { id: first!.id, attempts: 1 } });
      const failure = {
        task: second!.id,
        purl: "pkg:npm/b",
        path: null,
        reason: "gone",
        isPassing: false,
        attempts: 1,
        at: 3,
      };
      await index.commit("settleTask", {
        job: "j",
        state: "failed",
        task: { id: second!.id, attempts: 1 },
        counts: { ...NONE, total: 1, failed: 1 },
        failures: [failure],
      });
      await index.commit("endJob", { id: "j", at: 4 });
      expect(await index.jobs.find("j")).toMatchObject({
        state: "failed",
        total: 3,
        completed: 2,
        failed: 1,
        bytes: 7,
      });
      expect(await index.jobs.failures("j", 0, 10)).toMatchObject([{ purl: "pkg:npm/b", reason: "gone" }]);
      await index.commit("retryJob", { id: "j" });
      expect(await index.jobs.find("j")).toMatchObject({ state: "pending", total: 2, completed: 2, failed: 0 });
      expect(await index.tasks.after("j", 0, 10)).toMatchObject([{ key: "b", state: "pending", attempts: 0 }]);
      expect(await index.commit("claimJob", { id: "none", at: 1 })).toBe(false);
    });

    law("a postponed task is due in its time", async (index) => {
      await index.commit("createJob", { id: "j", spec: SPEC, at: 1 });
      await index.commit("addTasks", { job: "j", tasks: [{ key: "a", task: task("a") }], skipped: 4 });
      const [taken] = await index.tasks.after("j", 0, 1);
      await index.commit("postponeTask", { id: taken!.id, attempts: 1, notBefore: 500 });
      expect(await index.tasks.after("j", 0, 1)).toEqual([]);
      expect(await index.tasks.soonest("j")).toBe(500);
      expect(await index.tasks.due("j", 499, 10, [])).toEqual([]);
      expect(await index.tasks.due("j", 500, 10, [])).toMatchObject([{ key: "a", attempts: 1 }]);
      expect(await index.tasks.due("j", 500, 10, [taken!.id])).toEqual([]);
      expect(await index.jobs.find("j")).toMatchObject({ skipped: 4, total: 4 });
    });

    law("a registry's page, its checkpoint and what is gone are one write", async (index) => {
      const feed = { mount: "npm", filters: "all", isAnew: false, now: 1 };
      expect(await index.commit("beginFeed", feed)).toEqual({ isOther: false });
      expect(await index.commit("beginFeed", { ...feed, filters: "some" })).toEqual({ isOther: true });
      const entry = { version: "", revision: "1", state: "due" } as const;
      const page = { mount: "npm", gone: [], removals: [], policy: "purge", now: 2 } as const;
      const { ids } = await index.commit("recordPage", {
        ...page,
        entries: [
          { ...entry, name: "a" },
          { ...entry, name: "b" },
        ],
        catalog: { checkpoint: "7" },
      });
      expect(ids).toHaveLength(2);
      expect((await index.catalogs.find("npm"))?.checkpoint).toBe("7");
      const [a] = await index.listed.due("npm", 0, 10);
      const settlement = { state: "held", attempts: 1, notBefore: 0, held: "1" } as const;
      // What was said of it meanwhile is news: the settlement of the old revision does nothing.
      await index.commit("recordPage", { ...page, entries: [{ ...entry, name: "a", revision: "2" }] });
      await index.commit("settleListed", { mount: "npm", row: { id: a!.id, revision: "1" }, settlement, now: 3 });
      expect(await index.listed.byState("npm")).toEqual({ due: 2 });
      await index.commit("settleListed", { mount: "npm", row: { id: a!.id, revision: "2" }, settlement, now: 3 });
      expect(await index.listed.byState("npm")).toEqual({ due: 1, held: 1 });
      await index.commit("storeArtifact", { row: artifact("/a") });
      const { removing } = await index.commit("recordPage", {
        ...page,
        entries: [],
        gone: [{ name: "a", version: "", revision: "3" }],
        removals: [{ name: "a", documents: [] }],
      });
      expect(removing).toEqual([SHA("/a")]);
      expect(await index.listed.byState("npm")).toEqual({ due: 1, gone: 1 });
    });

    law("sets, tokens and dates", async (index) => {
      await index.commit("storeArtifact", { row: artifact("/a") });
      await index.commit("recordSets", { at: 5, entries: [{ set: "s", mount: "npm", path: "/a" }] });
      expect([await index.sets.has("s"), await index.sets.has("t")]).toEqual([true, false]);
      expect(await all(index.sets.paths("s"))).toEqual([{ mount: "npm", path: "/a" }]);
      expect((await index.artifacts.find("npm", "/a"))?.pinned).toBe(true);
      expect(await index.commit("removeSet", { name: "s" })).toBe(1);
      const row = { id: "t", name: "ci", hash: "h", scopes: ["mirror"], createdAt: 1, revokedAt: null };
      await index.commit("createToken", { row });
      expect(await index.tokens.valid()).toEqual([{ hash: "h", scopes: ["mirror"] }]);
      expect(await index.commit("revokeToken", { id: "t", at: 2 })).toBe(true);
      expect(await index.commit("revokeToken", { id: "t", at: 3 })).toBe(false);
      expect(await index.tokens.valid()).toEqual([]);
      // The first sighting counts.
      const dates = (at: number) => [["1.0.0", { at, source: "first-seen" }]] as const;
      await index.commit("putDates", { mount: "npm", name: "a", dates: dates(100) });
      await index.commit("putDates", { mount: "npm", name: "a", dates: dates(200) });
      expect((await index.dates.ofPackage("npm", "a")).get("1.0.0")?.at).toBe(100);
    });
  });
