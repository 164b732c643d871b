/** When a document is believed, asked for again, and done without; and who may see which release. In one process, with a clock. */
import { describe, expect, test } from "bun:test";
import { npm } from "../../ecosystems/npm.ts";
import type { Ask } from "../../src/cache/ask.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { NotFound, UpstreamFailed, Withheld } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { engine, failure } from "../support/engine.ts";
import { failing, hangUp } from "../support/faults.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { type Content, json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-06-10T00:00:00Z");
const TTL = 300_000;

async function setUp(settings: Parameters<typeof engine>[0] = {}, etags = true) {
  const upstream = await startUpstream({ etags });
  let tree = new Map<string, Content>();
  const base = upstream.mount("/r", (url) => {
    tree = makeNpm(
      [
        {
          name: "a",
          versions: {
            "1.0.0": { publishedAt: "2020-01-01T00:00:00Z" },
            "2.0.0": { publishedAt: "2026-06-09T00:00:00Z" },
          },
        },
      ],
      url,
    );
    return tree;
  });
  const mount = makeMount("npm", npm, { upstreams: { default: base }, ttl: TTL });
  const started = await engine({ now: NOW, ...settings });
  const ask = (path: Path): Ask => ({
    method: "GET",
    path,
    query: new URLSearchParams(),
    accept: null,
    base: "http://proxy.example",
  });
  const get = (path: Path) => started.cache.get(mount, ask(path));
  const text = async (path: Path) => {
    const answer = await get(path);
    if (answer.kind !== "ready") throw new Error(answer.kind);
    return new TextDecoder().decode(answer.ready.bytes);
  };
  const versions = async () => Object.keys((JSON.parse(await text("/a")) as { versions: object }).versions);
  const close = async () => {
    await started.close();
    await upstream.close();
  };
  return { ...started, upstream, mount, base, get, text, versions, ask, [Symbol.asyncDispose]: close };
}

describe("freshness", () => {
  test("fresh: not asked again; stale: asked with its validator, and 304 makes it fresh again", async () => {
    await using s = await setUp({ staleWhileRevalidate: 0 });
    await s.get("/a");
    s.clock.advance(TTL - 1);
    await s.get("/a");
    expect(s.upstream.count("/r/a")).toBe(1);
    s.clock.advance(2);
    expect((await s.get("/a")) as { outcome?: string }).toMatchObject({ outcome: "hit" });
    expect(s.upstream.requests.at(-1)).toMatchObject({ path: "/r/a", status: 304 });
    s.clock.advance(TTL - 1);
    await s.get("/a");
    expect(s.upstream.count("/r/a")).toBe(2);
  });
  test("upstreams without validators: the same bytes are the same document", async () => {
    await using s = await setUp({ staleWhileRevalidate: 0 }, false);
    const first = await s.get("/a");
    s.clock.advance(TTL + 1);
    const second = await s.get("/a");
    expect(s.upstream.requests.at(-1)?.status).toBe(200);
    expect((second as { ready: unknown }).ready).toBe((first as { ready: unknown }).ready);
  });
  test("a little late: sent at once, and revalidated behind", async () => {
    await using s = await setUp({ staleWhileRevalidate: 60_000 });
    await s.get("/a");
    s.upstream.set("/r/a", json({ name: "a", "dist-tags": {}, versions: {}, time: {} }));
    s.clock.advance(TTL + 1);
    expect(await s.versions()).toEqual(["1.0.0", "2.0.0"]);
    while ((await s.versions()).length > 0) await Bun.sleep(5);
  });
  test("upstream fails: what is held is sent, until it is too old", async () => {
    await using s = await setUp({ staleWhileRevalidate: 0, staleIfError: DAY });
    await s.get("/a");
    s.upstream.fault(/./, hangUp());
    s.clock.advance(TTL + 1);
    expect((await s.get("/a")) as { outcome?: string }).toMatchObject({ outcome: "stale" });
    s.clock.advance(DAY);
    expect(await failure(s.get("/a"))).toBeInstanceOf(UpstreamFailed);
  });
  test("an absence is believed for a while; a failure is not", async () => {
    await using s = await setUp({ negativeTtl: 60_000 });
    expect(await failure(s.get("/b"))).toBeInstanceOf(NotFound);
    await s.get("/b").catch(() => {});
    const asked = s.upstream.count("/r/b");
    await s.get("/b").catch(() => {});
    expect(s.upstream.count("/r/b")).toBe(asked);
    s.clock.advance(60_001);
    await s.get("/b").catch(() => {});
    expect(s.upstream.count("/r/b")).toBe(asked + 1);
    s.upstream.fault(/\/c$/, failing(501));
    await s.get("/c").catch(() => {});
    await s.get("/c").catch(() => {});
    expect(s.upstream.count("/r/c")).toBe(2);
  });
  test("a file that a fresh index does not know makes the index be asked once more", async () => {
    await using s = await setUp();
    await s.get("/a");
    await s.get("/a/-/a-9.9.9.tgz").catch(() => {});
    expect(s.upstream.count("/r/a")).toBe(2);
    await s.get("/a/-/a-9.9.9.tgz").catch(() => {});
    expect(s.upstream.count("/r/a")).toBe(2);
  });
  test("offline: nothing is dialled; only what is held is listed, and latest is one of it", async () => {
    await using s = await setUp();
    await s.get("/a");
    await s.get("/a/-/a-1.0.0.tgz");
    await s.cache.drain();
    const asked = s.upstream.requests.length;
    const offline = await s.again({ makesUpstreamRequests: false });
    const answer = await offline.get(s.mount, s.ask("/a"));
    const shown = JSON.parse(
      new TextDecoder().decode((answer as { ready: { bytes: Uint8Array } }).ready.bytes),
    ) as Record<string, object>;
    expect([Object.keys(shown.versions ?? {}), shown["dist-tags"]]).toEqual([["1.0.0"], { latest: "1.0.0" }]);
    expect(String(await failure(offline.get(s.mount, s.ask("/a/-/a-2.0.0.tgz"))))).toContain("this proxy is offline");
    expect(s.upstream.requests.length).toBe(asked);
  });
});

describe("cooldown", () => {
  const cooldown = (more: object = {}) => ({
    cooldown: { default: 7 * DAY, ecosystems: {}, packages: {}, unknown: "withhold" as const, ...more },
  });
  test("a young release is in no list and is refused when pinned; when it is old enough it is there", async () => {
    await using s = await setUp(cooldown());
    expect(await s.versions()).toEqual(["1.0.0"]);
    expect(await s.text("/a")).not.toContain("2.0.0");
    expect(await failure(s.get("/a/-/a-2.0.0.tgz"))).toBeInstanceOf(Withheld);
    expect(await failure(s.get("/a/2.0.0"))).toBeInstanceOf(NotFound);
    await s.get("/a/-/a-1.0.0.tgz");
    // The document itself is still fresh by then: only the clock has moved.
    s.clock.advance(6 * DAY + 1);
    s.upstream.fault(/\/a$/, hangUp());
    expect(await s.versions()).toEqual(["1.0.0", "2.0.0"]);
  });
  test.each([
    [{ packages: { "pkg:npm/a": 0 } }, 2],
    [{ ecosystems: { npm: 0 } }, 2],
    [{ ecosystems: { npm: 0 }, packages: { "pkg:npm/a": 7 * DAY } }, 1],
    [{ default: 0, ecosystems: { cargo: 7 * DAY } }, 2],
  ])("the most specific threshold wins: %j", async (more, shown) => {
    await using s = await setUp(cooldown(more));
    expect((await s.versions()).length).toBe(shown);
  });
  test("a document that cannot be read is no answer", async () => {
    await using s = await setUp(cooldown());
    s.upstream.set("/r/a", json({ name: "a", versions: { "1.0.0": {} } }));
    expect(await failure(s.get("/a"))).toBeInstanceOf(UpstreamFailed);
  });
  test("what nothing dates counts from its first sighting, or is admitted where that is wished", async () => {
    const undated = (url: string) =>
      json({
        name: "a",
        "dist-tags": {},
        versions: { "1.0.0": { name: "a", version: "1.0.0", dist: { tarball: `${url}/a/-/a-1.0.0.tgz` } } },
      });
    await using s = await setUp(cooldown());
    s.upstream.set("/r/a", undated(s.base));
    expect(await s.versions()).toEqual([]);
    s.clock.advance(7 * DAY + 1);
    expect(await s.versions()).toEqual(["1.0.0"]);
    await using open = await setUp(cooldown({ unknown: "admit" }));
    open.upstream.set("/r/a", undated(open.base));
    expect(await open.versions()).toEqual(["1.0.0"]);
  });
});
