/** What is derived of a document that upstream does not have: the original, where an older registry has that alone. */
import { expect, onTestFinished, test } from "bun:test";
import { gem } from "../../ecosystems/gem.ts";
import { messageOf } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { failing } from "../support/faults.ts";
import { binary, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const SPECS = "/specs.4.8.gz";
const BYTES = Bun.gzipSync("the list of an old server");

async function setUp() {
  const [upstream, started] = await Promise.all([startUpstream(), engine()]);
  onTestFinished(async () => {
    await started.close();
    await upstream.close();
  });
  const mount = makeMount("gem", gem, { upstreams: { default: upstream.url }, ttl: 300_000 });
  const get = async (cache = started.cache) => Buffer.from(await bytesOf(cache, await cache.get(mount, askFor(SPECS))));
  return { ...started, upstream, mount, get };
}

test("a gem server without a compact index has its lists served, also offline", async () => {
  const { upstream, get, again } = await setUp();
  upstream.set(SPECS, binary(BYTES));
  expect(await get()).toEqual(Buffer.from(BYTES));
  expect(await get(await again({ makesUpstreamRequests: false }))).toEqual(Buffer.from(BYTES));
});

test("where there is a compact index, the lists are made of it", async () => {
  const { upstream, get } = await setUp();
  upstream.set(SPECS, binary(BYTES));
  upstream.set("/versions", text(`created_at: 2026-01-01T00:00:00Z\n---\nfx 1.0.0 ${"ab".repeat(16)}\n`));
  expect(await get()).not.toEqual(Buffer.from(BYTES));
  expect(upstream.count(SPECS)).toBe(0);
});

test("a compact index that fails is no reason to take another list", async () => {
  const { upstream, cache, mount } = await setUp();
  upstream.set(SPECS, binary(BYTES));
  upstream.fault("/versions", failing(503));
  expect(messageOf(await failure(cache.get(mount, askFor(SPECS))))).toContain("503");
  expect(upstream.count(SPECS)).toBe(0);
});
