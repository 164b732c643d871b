import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { scrubInBackground } from "../../src/app/background-scrub.ts";
import { gentleHasher } from "../../src/cache/integrity/hash-blobs.ts";
import { hash } from "../../src/contract/digest.ts";
import { LARGE, SMALL, setUp } from "../support/files-cache.ts";

const spoil = { spoil: () => {} };

test("a server finds the bit that a disk lost in a large file, and fetches the file anew", async () => {
  await using all = await setUp();
  await all.get("/f/large");
  await all.cache.drain();
  const file = all.cache.context.storage.file(hash("sha256", LARGE));
  const bytes = readFileSync(file);
  bytes[2_000_000]! ^= 1;
  writeFileSync(file, bytes);
  const stopping = new AbortController();
  const parts = { cache: all.cache, mounts: new Map([["files", all.mount]]), mirrored: spoil, registries: spoil };
  const ended = scrubInBackground(parts, { scrub_rate: 1e9, scrub_interval: 1e9 }, stopping.signal, 1);
  // Meanwhile it is away.
  const isRight = () => existsSync(file) && readFileSync(file).equals(LARGE);
  while (!isRight()) await Bun.sleep(5);
  // What was compared is left alone for the interval.
  while (all.cache.context.blobs.countUnverified(1).blobs > 0) await Bun.sleep(5);
  stopping.abort();
  await ended;
  expect(all.upstream.count("/f/large")).toBe(2);
});

test("it keeps to its rate", async () => {
  await using all = await setUp();
  await all.get("/f/large");
  await all.get("/f/small");
  await all.cache.drain();
  const sha256s = [LARGE, SMALL].map((bytes) => hash("sha256", bytes));
  const started = performance.now();
  const found = await gentleHasher(all.cache.context.storage)({ sha256s, rate: 10 * LARGE.length });
  expect(found.map((each) => each.found)).toEqual(sha256s);
  expect(performance.now() - started).toBeGreaterThan(95);
});
