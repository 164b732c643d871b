/** Generations: whatever upstream does between two requests, a client is shown one of them, whole. */
import { describe, expect, onTestFinished, test } from "bun:test";
import { gzipSync } from "node:zlib";
import type { CacheSettings } from "../../src/cache/context.ts";
import type { Path } from "../../src/contract/ecosystem.ts";
import { on } from "../../src/contract/events.ts";
import { NotFound, UpstreamFailed } from "../../src/lib/errors.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { failing, instead } from "../support/faults.ts";
import { digestOf, publishGeneration, signedMount } from "../support/signed-ecosystem.ts";
import { binary, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const LATE = 400_000;
const OLD = { a: "one", b: "two", c: "three" };
const NEW = { a: "ONE", b: "TWO", c: "THREE" };

const states: string[] = [];
on("generation", ({ mount, state }) => void (mount === "signed" && states.push(state)));

async function setUp(settings: Partial<CacheSettings> = {}) {
  const upstream = await startUpstream();
  publishGeneration(upstream, 1, OLD);
  const started = await engine({ staleWhileRevalidate: 0, ...settings });
  const mount = signedMount(upstream.url);
  states.length = 0;
  const get = async (path: Path, cache = started.cache) =>
    new TextDecoder().decode(await bytesOf(cache, await cache.get(mount, askFor(path))));
  onTestFinished(async () => {
    await started.close();
    await upstream.close();
  });
  const date = async () => (JSON.parse(await get("/root.json")) as { date: number }).date;
  /** Upstream has another generation, and the root that is held is not fresh any more. */
  const publish = (at: number, contents: Record<string, string>) => {
    publishGeneration(upstream, at, contents);
    started.clock.advance(LATE);
  };
  return { ...started, upstream, mount, get, date, publish };
}

test("a name means what the root that is served says, by digest both generations can be read", async () => {
  const { get, publish, date, upstream } = await setUp();
  expect([await date(), await get("/n/a")]).toEqual([1, "one"]);
  publishGeneration(upstream, 2, NEW);
  // The client that was shown the root of the first goes on.
  expect([await get("/n/a"), await get("/n/b"), await get(`/by/${digestOf("three")}`)]).toEqual([
    "one",
    "two",
    "three",
  ]);
  publish(2, NEW);
  expect([await date(), await get("/n/a"), await get("/n/b")]).toEqual([2, "ONE", "TWO"]);
  expect(await get(`/by/${digestOf("one")}`)).toBe("one");
  expect(states).toEqual(["published", "published"]);
});

test("what is in use is fetched before the root, and nothing else is", async () => {
  const { get, publish, date, upstream } = await setUp();
  await date();
  await get("/n/a");
  publish(2, NEW);
  upstream.forget();
  await date();
  expect(upstream.requests.map(({ path }) => path)).toEqual(["/root.json", `/by/${digestOf("ONE")}`]);
  upstream.forget();
  expect(await get("/n/a")).toBe("ONE");
  expect(upstream.requests).toEqual([]);
});

describe("while upstream is being updated, the generation before stays served", () => {
  const torn = {
    "what is listed is missing": (upstream: Awaited<ReturnType<typeof startUpstream>>) => {
      upstream.set(`/by/${digestOf("ONE")}`, undefined);
      upstream.set("/n/a", undefined);
    },
    "what is listed has other bytes": (upstream: Awaited<ReturnType<typeof startUpstream>>) => {
      upstream.set(`/by/${digestOf("ONE")}`, undefined);
      upstream.set("/n/a", text("one"));
    },
    "upstream fails": (upstream: Awaited<ReturnType<typeof startUpstream>>) =>
      upstream.fault(/^\/(by|n)\//, failing(503)),
    "what is beside the root is of another": (upstream: Awaited<ReturnType<typeof startUpstream>>) =>
      upstream.set("/root.txt", text("date 1")),
  };
  test.each(Object.entries(torn))("%s", async (_, tear) => {
    const { get, publish, date, upstream, clock } = await setUp();
    await date();
    expect([await get("/n/a"), await get("/root.txt"), await get("/root.sig")]).toEqual([
      "one",
      "date 1",
      "signature 1",
    ]);
    publish(2, NEW);
    tear(upstream);
    const all = async () => [await date(), await get("/n/a"), await get("/root.txt"), await get("/root.sig")];
    expect(await all()).toEqual([1, "one", "date 1", "signature 1"]);
    expect(states.at(-1)).toBe("kept");
    // Once it is whole, all of it is served.
    upstream.heal();
    publishGeneration(upstream, 2, NEW);
    clock.advance(LATE);
    expect(await all()).toEqual([2, "ONE", "date 2", "signature 2"]);
    expect(states.at(-1)).toBe("published");
  });
});

test("what upstream lists and does not have for an hour keeps nobody from the rest", async () => {
  const { get, publish, date, upstream, clock } = await setUp();
  await date();
  await get("/n/a");
  publish(2, { ...NEW, a: "gone" });
  upstream.set(`/by/${digestOf("gone")}`, undefined);
  upstream.set("/n/a", undefined);
  expect(await date()).toBe(1);
  clock.advance(3_000_000);
  expect(await date()).toBe(1);
  clock.advance(1_000_000);
  expect([await date(), await get("/n/b")]).toEqual([2, "TWO"]);
  expect(await failure(get("/n/a"))).toBeInstanceOf(NotFound);
});

test("an older root than the held one is refused", async () => {
  const { get, publish, date } = await setUp();
  expect([await date(), await get("/n/a")]).toEqual([1, "one"]);
  publish(0, NEW);
  expect([await date(), await get("/n/a")]).toEqual([1, "one"]);
});

describe("what is beside a root", () => {
  test("that upstream has replaced is fetched with it", async () => {
    const { get, date, upstream } = await setUp();
    expect(await date()).toBe(1);
    publishGeneration(upstream, 2, NEW);
    expect([await get("/root.sig"), await date(), await get("/root.txt")]).toEqual(["signature 2", 2, "date 2"]);
  });
  test("is refused where it is of another generation", async () => {
    const { get, date, upstream } = await setUp();
    expect(await date()).toBe(1);
    upstream.set("/root.txt", text("date 3"));
    const error = await failure(get("/root.txt"));
    expect(error).toBeInstanceOf(UpstreamFailed);
    expect(String(error)).toContain("of another generation than /root.json");
    expect(await failure(get("/root.sig"))).toBeUndefined();
  });
  test("is as fresh as the root", async () => {
    const { get, publish, upstream } = await setUp();
    expect([await get("/root.sig"), await get("/root.txt")]).toEqual(["signature 1", "date 1"]);
    publish(2, NEW);
    expect([await get("/root.sig"), await get("/root.txt")]).toEqual(["signature 2", "date 2"]);
    upstream.forget();
    expect([await get("/root.sig"), await get("/root.txt")]).toEqual(["signature 2", "date 2"]);
    expect(upstream.requests).toEqual([]);
  });
});

test("where upstream has names only, what they mean is verified", async () => {
  const { get, upstream } = await setUp();
  publishGeneration(upstream, 1, { x: "names only" }, { by: false });
  expect(await get("/n/x")).toBe("names only");
  publishGeneration(upstream, 2, { x: "another" }, { by: false });
  expect([await get("/n/x"), await get(`/copy/${digestOf("names only")}`)]).toEqual(["names only", "names only"]);
});

test("what no root lists is a document like others", async () => {
  const { get, upstream } = await setUp();
  upstream.set("/n/unlisted", text("as it is"));
  expect(await get("/n/unlisted")).toBe("as it is");
  expect(upstream.count("/root.txt")).toBe(0);
});

test("offline, what is held of the generation is served", async () => {
  const { get, again, upstream } = await setUp();
  await get("/root.json");
  await get("/n/a");
  await upstream.down();
  const offline = await again({ makesUpstreamRequests: false });
  expect([await get("/n/a", offline), await get(`/copy/${digestOf("one")}`, offline)]).toEqual(["one", "one"]);
  expect(await failure(get("/n/b", offline))).toBeInstanceOf(NotFound);
});

test("documents of generations that nobody asks for are forgotten after a while", async () => {
  const { get, publish, date, clock, cache } = await setUp();
  await get("/n/a");
  clock.advance(8 * 86_400_000);
  publish(2, NEW);
  await date();
  await cache.drain();
  expect(cache.context.documents.find("signed", `/by/${digestOf("one")}`)).toBeUndefined();
  expect(cache.context.documents.find("signed", `/by/${digestOf("ONE")}`)).toBeDefined();
  clock.advance(15 * 86_400_000);
  publish(3, OLD);
  await date();
  // Nor is it fetched for ever for nobody.
  expect(cache.context.documents.find("signed", `/by/${digestOf("one")}`)).toBeUndefined();
});

describe("files that documents of a generation list", () => {
  const FILE = "the file";
  const list = (name: string) => `${name} ${digestOf(FILE)}\n`;
  test("are vouched for by whichever document is held, packed or not", async () => {
    const { get, upstream, mount, cache } = await setUp();
    publishGeneration(upstream, 1, { plain: list("plain") });
    const packed = gzipSync(list("packed")) as Uint8Array<ArrayBuffer>;
    const sha256 = new Bun.CryptoHasher("sha256").update(packed).digest("hex");
    upstream.set(`/by/${sha256}`, binary(packed));
    for (const name of ["plain", "packed", "unknown"]) upstream.set(`/f/${name}`, text(FILE));
    await get("/n/plain");
    const answer = await cache.get(mount, askFor(`/by/${sha256}`));
    expect(Buffer.from(await bytesOf(cache, answer))).toEqual(Buffer.from(packed));
    expect([await get("/f/plain"), await get("/f/packed")]).toEqual([FILE, FILE]);
    expect(await failure(get("/f/unknown"))).toBeInstanceOf(NotFound);
    expect(upstream.count("/f/unknown")).toBe(0);
  });
  test("are refused where they have other bytes", async () => {
    const { get, upstream } = await setUp();
    publishGeneration(upstream, 1, { plain: list("plain") });
    upstream.set("/f/plain", text("another file"));
    await get("/n/plain");
    expect(String(await failure(get("/f/plain")))).toContain("expected sha256:");
  });
  test("a packed document that is cut off states nothing, and is not kept", async () => {
    const { get, upstream } = await setUp();
    const cut = gzipSync(list("x").repeat(100)).subarray(0, 60) as Uint8Array<ArrayBuffer>;
    upstream.set("/n/unlisted", binary(cut));
    expect(String(await failure(get("/n/unlisted")))).toContain("/n/unlisted is no whole gzip file");
    upstream.fault("/n/unlisted", instead(text(list("x"))));
    expect(await get("/n/unlisted")).toBe(list("x"));
  });
});
