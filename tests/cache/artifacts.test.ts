/** How files come into the store and to those who ask for them: over real sockets, two caches standing for two processes. */
import { describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactRoute } from "../../src/contract/ecosystem.ts";
import { on } from "../../src/contract/events.ts";
import { NotFound } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { descriptors, fileAt, gated, LARGE, OTHER, SMALL, setUp } from "../support/files-cache.ts";
import { files, publish } from "../support/files-ecosystem.ts";
import { binary, json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

describe("a miss", () => {
  test.each(["/f/small", "/f/large", "/raw/small", "/raw/large"] as const)(
    "%s is stored, and then a hit without upstream",
    async (path) => {
      await using s = await setUp();
      const truth = Buffer.from(path.endsWith("small") ? SMALL : LARGE);
      expect((await s.answer(path)).kind).toBe(path.endsWith("small") ? "ready" : "file");
      expect((await s.get(path)).equals(truth)).toBe(true);
      expect(await s.held(path)).toBe(true);
      await s.upstream.down();
      expect((await s.get(path)).equals(truth)).toBe(true);
      expect(s.upstream.count(path)).toBe(1);
      expect(await s.left()).toEqual([]);
      expect(await descriptors(s.dir)).toEqual([]);
    },
  );

  test("its first bytes are sent before upstream has sent the last", async () => {
    await using s = await setUp();
    const gate = gated(2_000_000);
    s.upstream.fault("/f/large", gate.fault);
    const answer = await s.answer("/f/large");
    if (answer.kind !== "file" || answer.file.kind !== "growing") throw new Error(answer.kind);
    const reader = (await answer.file.growing.stream()).getReader();
    expect((await reader.read()).value?.length).toBeGreaterThan(0);
    await reader.cancel();
    gate.open();
    // Its only client has gone; it is stored nevertheless.
    expect(await s.held("/f/large")).toBe(true);
  });

  test("32 ask for one missing file: one request, and all get the same", async () => {
    await using s = await setUp();
    let waited = 0;
    on("waited", () => waited++);
    for (const [path, truth] of [
      ["/f/large", LARGE],
      ["/f/small", SMALL],
    ] as const) {
      const all = await Promise.all(Array.from({ length: 32 }, () => s.get(path)));
      expect(all.every((bytes) => bytes.equals(Buffer.from(truth)))).toBe(true);
      expect(s.upstream.count(path)).toBe(1);
    }
    expect(s.upstream.count("/index.json")).toBe(1);
    expect(waited).toBeGreaterThanOrEqual(62);
  });

  test("another process follows the file while it grows, and asks nobody", async () => {
    await using s = await setUp();
    const second = await engine({}, { dir: s.dir });
    const gate = gated(2_000_000);
    s.upstream.fault("/f/large", gate.fault);
    const first = s.get("/f/large");
    while (s.upstream.count("/f/large") === 0) await Bun.sleep(5);
    const answer = await s.answer("/f/large", second.cache);
    if (answer.kind !== "file" || answer.file.kind !== "growing") throw new Error(answer.kind);
    const followed = bytesOf(second.cache, answer);
    gate.open();
    expect(Buffer.from(await followed).equals(Buffer.from(LARGE))).toBe(true);
    expect((await first).equals(Buffer.from(LARGE))).toBe(true);
    expect(s.upstream.count("/f/large")).toBe(1);
    await second.close();
  });
});

test("a blob that is gone although it is listed is fetched again", async () => {
  await using s = await setUp();
  await s.get("/f/small");
  expect(await s.held("/f/small")).toBe(true);
  await rm(join(s.dir, "blobs-v2"), { recursive: true });
  const restarted = await s.again({});
  expect((await s.get("/f/small", restarted)).equals(Buffer.from(SMALL))).toBe(true);
  await restarted.drain();
  expect(await s.held("/f/small")).toBe(true);
  expect(s.upstream.count("/f/small")).toBe(2);
});

test("clients that come and go leave no descriptor", async () => {
  await using s = await setUp();
  const gate = gated(2_000_000);
  s.upstream.fault("/f/large", gate.fault);
  for (let client = 0; client < 20; client++) {
    const answer = await s.answer("/f/large");
    if (answer.kind !== "file" || answer.file.kind !== "growing") throw new Error(answer.kind);
    const reader = (await answer.file.growing.stream()).getReader();
    await reader.read();
    await reader.cancel();
  }
  // The one that writes.
  expect((await descriptors(s.dir)).length).toBe(1);
  gate.open();
  expect(await s.held("/f/large")).toBe(true);
  expect(await descriptors(s.dir)).toEqual([]);
});

test("an absence is believed for a moment only, for a file may follow its index", async () => {
  await using s = await setUp();
  expect(await failure(s.answer("/raw/none"))).toBeInstanceOf(NotFound);
  expect(await failure(s.answer("/raw/none"))).toBeInstanceOf(NotFound);
  expect(s.upstream.count("/raw/none")).toBe(1);
  s.clock.advance(10_001);
  publish(s.upstream, { none: SMALL });
  expect((await s.get("/raw/none")).equals(Buffer.from(SMALL))).toBe(true);
});

test("an address that a document names is asked first, where its host may be asked", async () => {
  await using s = await setUp({ negativeTtl: 0 });
  const other = await startUpstream();
  other.set("/elsewhere", { body: OTHER });
  s.upstream.set("/index.json", json({ files: [{ path: "/f/a", url: `${other.url}/elsewhere` }] }));
  expect(await failure(s.answer("/f/a"))).toBeInstanceOf(NotFound);
  expect(other.count("/elsewhere")).toBe(0);
  const allowed = makeMount("files", files, {
    upstreams: { default: s.upstream.url },
    ttl: 0,
    allowHosts: [new URL(other.url).host],
  });
  // Allowed to be asked, but not trusted to lie in a private network.
  expect(String(await failure(s.cache.artifacts.hold(fileAt(allowed, "/f/a"))))).toContain("private address");
  await other.close();
});

test("of those who hold a file at once, one has fetched it, over caches that share a store, too", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const other = await all.again({});
  const target = fileAt(all.mount, "/f/large");
  const held = await Promise.all([all.cache, all.cache, other].map((cache) => cache.artifacts.hold(target)));
  expect(held.filter(({ fetched }) => fetched).length).toBe(1);
  expect(new Set(held.map(({ row }) => row?.size))).toEqual(new Set([LARGE.length]));
  expect(all.upstream.count("/f/large")).toBe(1);
});

test("files that only a query tells apart are not taken for each other, from memory either", async () => {
  await using s = await setUp();
  s.upstream.set("/blob", ({ query }) => binary(new TextEncoder().encode(`of ${query.get("id")}`)));
  const blob: ArtifactRoute = { kind: "artifact", match: "/blob", query: ["id"], describedBy: () => [] };
  const ecosystem = { ...files, routes: [blob] };
  const mount = makeMount("blobs", ecosystem, { upstreams: { default: s.upstream.url }, ttl: 1 });
  const get = async (id: string) => {
    const ask = { ...askFor("/blob"), query: new URLSearchParams({ id, other: "1" }) };
    const bytes = s.cache.peek(mount, ask)?.bytes ?? (await bytesOf(s.cache, await s.cache.get(mount, ask)));
    return new TextDecoder().decode(bytes);
  };
  for (const id of ["a", "b", "a", "b"]) expect(await get(id)).toBe(`of ${id}`);
  expect(s.upstream.count("/blob")).toBe(2);
});
