import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { evict } from "../../src/app/housekeeping.ts";
import { LARGE, OTHER, SMALL, setUp } from "../support/files-cache.ts";
import { publish } from "../support/files-ecosystem.ts";

/** Bytes: one of the large files fits, with the small ones and the index. */
const BOUND = 4_000_000;

async function full() {
  const all = await setUp();
  publish(all.upstream, { small: SMALL, large: LARGE, other: OTHER });
  for (const name of ["large", "other", "small"] as const) {
    await all.get(`/f/${name}`);
    await all.cache.drain();
    all.clock.advance(60_000);
  }
  return all;
}

test("what was used last stays; the bytes of what goes are gone", async () => {
  await using all = await full();
  const { storage, blobs } = all.cache.context;
  const files = ["large", "other"].map((name) => storage.file(sha256(all, `/f/${name}`)));
  // A hit that is not written yet counts.
  await all.get("/f/large");
  await evict(all.cache, BOUND);
  expect(await Promise.all((["/f/large", "/f/other", "/f/small"] as const).map(all.held))).toEqual([true, false, true]);
  expect(files.map((file) => existsSync(file))).toEqual([true, false]);
  expect(blobs.totals()).toMatchObject({ artifacts: 2 });
  expect(blobs.totals().bytes).toBeLessThan(BOUND);
  // It comes again when it is asked for.
  expect((await all.get("/f/other")).equals(OTHER)).toBe(true);
});

test("below the bound, and without one, nothing goes", async () => {
  await using all = await full();
  await evict(all.cache, 0);
  await evict(all.cache, 7_000_000);
  expect(all.cache.context.blobs.totals()).toMatchObject({ artifacts: 3 });
});

test("what a mirror holds stays, though it be the oldest and the store be above its bound", async () => {
  await using all = await full();
  const owner = await all.index.commit("ownPins", { kind: "request", name: "test", title: "a test" });
  await all.index.commit("pin", { owner, mount: "files", paths: ["/f/large", "/f/other"] });
  await evict(all.cache, BOUND);
  expect(await Promise.all((["/f/large", "/f/other", "/f/small"] as const).map(all.held))).toEqual([true, true, false]);
  expect(all.cache.context.blobs.totals().bytes).toBeGreaterThan(BOUND);
});

test("bytes that two paths have stay as long as one of them does", async () => {
  await using all = await full();
  await all.get("/raw/large");
  await all.cache.drain();
  await evict(all.cache, BOUND);
  expect([await all.held("/f/large"), await all.held("/raw/large"), await all.held("/f/other")]).toEqual([
    false,
    true,
    false,
  ]);
  expect((await all.get("/raw/large")).equals(LARGE)).toBe(true);
});

test("documents go when all files have gone", async () => {
  await using all = await full();
  all.clock.advance(60_000);
  await evict(all.cache, 1);
  expect(all.cache.context.blobs.totals()).toMatchObject({ blobs: 0, bytes: 0, artifacts: 0 });
});

function sha256({ cache, mount }: Awaited<ReturnType<typeof setUp>>, path: `/${string}`): string {
  return cache.artifacts.held({ mount, path })!.sha256;
}
