/** A list that is one document is read again only when it is another, and never believed to be the same where that could leave a hole. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import type { Catalog, CatalogEvent } from "../../../src/contract/catalog.ts";
import { Catalogs } from "../../../src/index/sqlite/catalogs.ts";
import { Listed } from "../../../src/index/sqlite/listed.ts";
import { openDatabase } from "../../../src/index/sqlite/open.ts";
import { sqliteIndex } from "../../../src/index/sqlite/sqlite-index.ts";
import { messageOf } from "../../../src/lib/errors.ts";
import { Feed } from "../../../src/mirror/registry/feed.ts";
import { UpstreamReader } from "../../../src/mirror/registry/reader.ts";
import { makeMount } from "../../../src/mounts/mounts.ts";
import { setUp } from "../../support/files-cache.ts";
import { files } from "../../support/files-ecosystem.ts";
import { json } from "../../support/tree.ts";

/** Revisions by name. */
type Packages = Record<string, string | undefined>;

const all = await setUp();
const { upstream, cache } = all;
afterAll(() => all[Symbol.asyncDispose]());

let database: ReturnType<typeof openDatabase>;
let listed: Listed;
/** Pages of the list after which reading it ends in the middle. */
let breaksAfter: number;

beforeEach(() => {
  database = openDatabase(":memory:");
  listed = new Listed(database);
  breaksAfter = Number.POSITIVE_INFINITY;
  upstream.heal();
  upstream.forget();
});

const catalog: Catalog = {
  async *list(reader) {
    const packages = Object.entries(await reader.json<Packages>("/list.json", { isList: true }));
    for (const [at, [name, revision]] of packages.entries()) {
      if (at >= breaksAfter) throw new SyntaxError("it was broken off");
      yield { events: [changed(name, revision || undefined)], checkpoint: `after ${name}` };
    }
  },
  snapshot: {
    what: "names and revisions",
    async *read(bytes) {
      const text = Buffer.concat(await Array.fromAsync(bytes)).toString();
      yield Object.entries(JSON.parse(text) as Packages).map(([name, revision]) => changed(name, revision));
    },
  },
};

function changed(name: string, revision: string | undefined): CatalogEvent {
  return { type: "changed", package: { name }, ...(revision && { revision }) };
}

interface Look {
  /** Whether there is a feed, which starts anew so many times. */
  resyncs?: number;
  options?: Record<string, string[]>;
  snapshot?: string;
  include?: string[];
  isAnew?: boolean;
}

/** One look at upstream. What it fails with, and the statuses of answers to the requests for the list. */
async function look({ resyncs, options = {}, isAnew = false, snapshot, include = [] }: Look = {}) {
  const defaults = { scope: { default: ["all"], help: "Which." } };
  let left = resyncs ?? 0;
  const changes: Catalog["changes"] = async function* () {
    if (left-- > 0) yield { events: [{ type: "resync", reason: "it was reset" }], checkpoint: "" };
  };
  const feeding = resyncs === undefined ? catalog : { ...catalog, changes };
  const ecosystem = { ...files, options: defaults, catalog: feeding };
  const mount = makeMount("files", ecosystem, { upstreams: { default: upstream.url }, ttl: 0, options });
  upstream.forget();
  const feed = new Feed({
    mount,
    spec: { mount: "files", include, exclude: [], gone: "hide", mayShrink: true, ...(snapshot && { snapshot }) },
    filters: include.join(),
    isAnew,
    backoff: 1,
    reader: new UpstreamReader(mount, cache.context.upstream, async () => ({})),
    index: sqliteIndex(database),
    context: cache.context,
  });
  const error = await feed.run().then(() => undefined, messageOf);
  return { statuses: upstream.requests.map(({ status }) => status), error };
}

function publish(packages: Packages, headers: Record<string, string> = {}): void {
  upstream.set("/list.json", json(packages, headers));
}

function revisions(): Packages {
  const rows = listed.page("files", 0, 100).filter(({ state }) => state !== "gone");
  return Object.fromEntries(rows.map(({ name, revision }) => [name, revision ?? ""]));
}

test("the same list is not sent again, another one is; whoever says so reads it anyway", async () => {
  publish({ a: "1", b: "1" });
  expect(await look()).toEqual({ statuses: [200], error: undefined });
  expect(await look()).toEqual({ statuses: [304], error: undefined });
  expect(new Catalogs(database).find("files")).toMatchObject({ size: 2, isListing: false, checkpoint: "after b" });
  publish({ a: "2", c: "1" });
  expect((await look()).statuses).toEqual([200]);
  expect(revisions()).toEqual({ a: "2", c: "1" });
  expect((await look()).statuses).toEqual([304]);
  expect((await look({ isAnew: true })).statuses).toEqual([200]);
});

test("other filters choose from what is known, without the list", async () => {
  publish({ a: "1", b: "1" });
  await look({ include: ["a"] });
  expect(listed.byState("files")).toEqual({ due: 1, left: 1 });
  expect((await look({ include: ["b", "a"] })).statuses).toEqual([304]);
  expect(listed.byState("files")).toEqual({ due: 2 });
});

test("a list that was broken off is not the one that is known, nor is the one before it", async () => {
  publish({ a: "1", b: "1", c: "1" });
  breaksAfter = 2;
  expect((await look()).error).toContain("it was broken off");
  breaksAfter = Number.POSITIVE_INFINITY;
  // It is read from its beginning, and compared: what was listed at first may be gone since.
  publish({ b: "1", c: "1" });
  expect((await look()).statuses).toEqual([200]);
  expect(listed.byState("files")).toEqual({ due: 2, gone: 1 });
  expect((await look()).statuses).toEqual([304]);

  publish({ a: "2", b: "2", c: "2" });
  breaksAfter = 2;
  expect((await look()).statuses).toEqual([200, 200, 200]);
  breaksAfter = Number.POSITIVE_INFINITY;
  // Upstream takes it back: of what is known, part is of a list that no longer exists.
  publish({ a: "1", b: "1", c: "1" });
  expect((await look()).statuses).toEqual([200]);
  expect(revisions()).toEqual({ a: "1", b: "1", c: "1" });
});

test("a list that does not say of each package when it changed may be the same although they are not", async () => {
  publish({ a: "1", b: "" });
  await look();
  expect((await look()).statuses).toEqual([200]);
});

test.each<[string, () => Promise<unknown>]>([
  ["was replaced by a snapshot", snapshotted],
  ["was chosen by other options", () => look({ options: { scope: ["some"] } })],
])("a list that %s is read again", async (_, change) => {
  publish({ a: "1", b: "1" });
  await look();
  await change();
  expect((await look()).statuses).toEqual([200]);
  expect(revisions()).toEqual({ a: "1", b: "1" });
});

test("a list that a feed needs to go on from is read again", async () => {
  publish({ a: "1", b: "1" });
  expect((await look({ resyncs: 0 })).statuses).toEqual([200]);
  expect((await look({ resyncs: 0 })).statuses).toEqual([]);
  expect((await look({ resyncs: 1 })).statuses).toEqual([200]);
  expect(new Catalogs(database).find("files")).toMatchObject({ isListing: false, checkpoint: "after b" });
});

async function snapshotted(): Promise<void> {
  const file = `${all.dir}/snapshot.json`;
  await Bun.write(file, JSON.stringify({ a: "0" }));
  await look({ snapshot: file });
  expect(revisions()).toEqual({ a: "0" });
}

test("what the list has, and upstream did not when it was asked for, is asked for again", async () => {
  publish({ a: "1", b: "1" });
  await look();
  const [row] = listed.due("files", 0, 1);
  listed.settle(row!, { state: "gone", attempts: 1, notBefore: 0, held: null });
  expect((await look()).statuses).toEqual([304]);
  expect(listed.due("files", 0, 10).map(({ name }) => name)).toEqual(["a", "b"]);
  // It has not become another list by that.
  expect((await look()).statuses).toEqual([304]);
});

test.each<[string, number, () => Record<string, string>]>([
  ["an ETag that is another each time", 200, () => ({ etag: `"${crypto.randomUUID()}"` })],
  ["a day of its last change", 304, () => dated(86_400_000)],
  ["a second of its last change in which it may change again", 200, () => dated(0)],
  ["nothing", 200, () => ({})],
])("upstream names it by %s", async (_, status, headersOf) => {
  publish({ a: "1" });
  upstream.fault("/list.json", ({ headers: { etag: _etag, ...headers }, body }, { headers: asked }) => {
    const sent: Record<string, string> = { ...headers, date: new Date().toUTCString(), ...headersOf() };
    const since = asked["if-modified-since"];
    if (since !== undefined && since === sent["last-modified"]) return { status: 304, headers: sent, body: [] };
    return { status: 200, headers: sent, body };
  });
  await look();
  expect((await look()).statuses).toEqual([status]);
});

const NOW = Date.now();

function dated(before: number): Record<string, string> {
  return { "last-modified": new Date(NOW - before).toUTCString() };
}
