/** How documents come into the store: once, whole, never older than what is held, and also where there is no room. */
import { describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Path } from "../../src/contract/ecosystem.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { askFor, engine, failure, NOTHING_ELSEWHERE } from "../support/engine.ts";
import { delayed, instead, withHeaders } from "../support/faults.ts";
import { SMALL, setUp } from "../support/files-cache.ts";
import { publish } from "../support/files-ecosystem.ts";
import { json } from "../support/tree.ts";

const INDEX: Path = "/index.json";
const STALE = { staleWhileRevalidate: 0 };
const LATE = 300_001;

test("32 ask at once, here and in another process: one request", async () => {
  await using s = await setUp();
  const second = await engine({}, { dir: s.dir });
  s.upstream.fault(INDEX, delayed(50));
  const caches = Array.from({ length: 32 }, (_, index) => (index % 2 === 0 ? s.cache : second.cache));
  const texts = await Promise.all(caches.map(async (cache) => (await s.get(INDEX, cache)).toString()));
  expect([new Set(texts).size, s.upstream.count(INDEX)]).toEqual([1, 1]);
  expect(await s.left()).toEqual([]);
  await second.close();
});

describe("an older revision than the held one", () => {
  test("is refused, and the held one sent", async () => {
    await using s = await setUp(STALE);
    publish(s.upstream, { small: SMALL }, { revision: 7 });
    const held = (await s.get(INDEX)).toString();
    publish(s.upstream, {}, { revision: 6 });
    s.clock.advance(LATE);
    const answer = await s.answer(INDEX);
    expect([answer.kind, "outcome" in answer && answer.outcome]).toEqual(["ready", "stale"]);
    expect((await s.get(INDEX)).toString()).toBe(held);
    publish(s.upstream, {}, { revision: 8 });
    expect((await s.get(INDEX)).toString()).toContain('"revision":8');
    expect(await s.left()).toEqual([]);
  });
});

test("the same bytes under a new validator: the new one is sent the next time", async () => {
  await using s = await setUp(STALE);
  s.upstream.fault(INDEX, withHeaders({ etag: '"one"' }));
  await s.get(INDEX);
  s.upstream.heal();
  s.upstream.fault(INDEX, withHeaders({ etag: '"two"' }));
  for (const asked of ['"one"', '"two"']) {
    s.clock.advance(LATE);
    await s.get(INDEX);
    expect(s.upstream.requests.at(-1)?.headers["if-none-match"]).toBe(asked);
  }
});

test("one that upstream compresses is held as it is meant", async () => {
  await using s = await setUp({}, {}, { gzip: true });
  const sent = (await s.get(INDEX)).toString();
  expect(s.upstream.requests[0]?.headers["accept-encoding"]).toBe("gzip");
  expect(JSON.parse(sent)).toMatchObject({ files: [{ path: "/f/small" }, { path: "/f/large" }] });
  expect(s.cache.documents.held(s.mount, INDEX)?.size).toBe(sent.length);
});

test("what is in a coding that nobody knows is upstream's failure, the word alone is not", async () => {
  await using s = await setUp();
  const coding = { "content-encoding": "x-unheard-of" };
  s.upstream.fault(INDEX, instead({ body: new Uint8Array([1, 2, 3]), headers: coding }));
  expect(await failure(s.answer(INDEX))).toBeInstanceOf(UpstreamFailed);
  s.upstream.heal();
  s.upstream.fault(INDEX, withHeaders(coding));
  expect(await failure(s.answer(INDEX))).toBeUndefined();
  expect(await s.left()).toEqual([]);
});

test("what is no such document is not kept, and a held one is sent in its place", async () => {
  await using s = await setUp(STALE);
  s.upstream.fault(INDEX, instead({ body: "<h1>Sign in</h1>", headers: { "content-type": "text/html" } }));
  expect(await failure(s.answer(INDEX))).toBeInstanceOf(UpstreamFailed);
  expect([s.cache.documents.held(s.mount, INDEX), await s.left()]).toEqual([undefined, []]);
  s.upstream.heal();
  const good = (await s.get(INDEX)).toString();
  s.upstream.fault(INDEX, instead({ body: "<h1>Sign in</h1>", headers: { "content-type": "text/html" } }));
  s.clock.advance(LATE);
  expect((await s.get(INDEX)).toString()).toBe(good);
});

test("one whose bytes are gone is fetched again, whole", async () => {
  await using s = await setUp();
  const text = (await s.get(INDEX)).toString();
  await rm(join(s.dir, "blobs-v2"), { recursive: true });
  const restarted = await s.again({});
  expect((await s.get(INDEX, restarted)).toString()).toBe(text);
  expect(s.upstream.requests.map(({ status }) => status)).toEqual([200, 200]);
});

test("not kept at all where that is wished: asked for each time", async () => {
  await using s = await setUp({ keepsDocuments: false });
  for (let asked = 1; asked <= 3; asked++) {
    await s.get(INDEX);
    expect(s.upstream.count(INDEX)).toBe(asked);
    expect(s.cache.peek(s.mount, askFor(INDEX))).toBeUndefined();
  }
});

test("large ones are read and rewritten elsewhere, small ones here", async () => {
  const read: string[] = [];
  const rendered: string[] = [];
  await using s = await setUp(
    {},
    {
      offload: (cache) => ({
        ...NOTHING_ELSEWHERE,
        read: async ({ path }) => {
          read.push(path);
          return { pages: [], revision: undefined };
        },
        derive: () => Promise.reject(new Error("nothing is derived")),
        state: () => Promise.reject(new Error("nothing is stated")),
        render: (target, variant, base) => {
          rendered.push(target.path);
          const row = cache().documents.held(target.mount, target.path);
          if (!row) throw new Error("is not held");
          return cache().views.render(target, row, variant, base);
        },
      }),
    },
  );
  await s.get(INDEX);
  expect([read, rendered]).toEqual([[], []]);
  s.upstream.set(INDEX, json({ files: [], filler: "x".repeat(70_000) }));
  s.clock.advance(LATE + 60_000);
  await s.get(INDEX);
  expect([read, rendered]).toEqual([[INDEX], [INDEX]]);
});

test("one that is too large is refused, with the setting that would allow it", async () => {
  await using s = await setUp({ maxDocument: 1_000 });
  s.upstream.set(INDEX, json({ files: [], filler: "x".repeat(70_000) }));
  expect(String(await failure(s.get(INDEX)))).toContain("that are allowed (metadata_max_size)");
});

test("memory is bounded, whatever is asked for", async () => {
  const bound = 200_000;
  await using s = await setUp({}, { memory: bound });
  for (let index = 0; index < 40; index++) {
    s.upstream.set(`/raw/${index}`, { body: new Uint8Array(10_000) });
    await s.get(`/raw/${index}`);
    expect(s.cache.memory.bytes).toBeLessThanOrEqual(bound);
  }
  expect(s.cache.memory.bytes).toBeGreaterThan(bound / 2);
  // The last one is answered without a look at anything; the first one has gone.
  expect(s.cache.peek(s.mount, askFor("/raw/39"))).toBeDefined();
  expect(s.cache.peek(s.mount, askFor("/raw/0"))).toBeUndefined();
});
