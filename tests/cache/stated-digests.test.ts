/** A stored file is what the current index states of it: when it is stored, and each time that the index was replaced since. */
import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { hash } from "../../src/contract/digest.ts";
import type { Digest, Path } from "../../src/contract/ecosystem.ts";
import { DigestMismatch, UpstreamFailed, Withheld } from "../../src/lib/errors.ts";
import { askFor, failure } from "../support/engine.ts";
import { untilClosed } from "../support/faults.ts";
import { fileAt, SMALL, setUp } from "../support/files-cache.ts";
import { type Index, publish } from "../support/files-ecosystem.ts";
import { binary, json } from "../support/tree.ts";

type Stage = Awaited<ReturnType<typeof setUp>>;

const [ONE, TWO] = ["one", "two"].map((text) => new TextEncoder().encode(text.repeat(1_000)));
const PATH: Path = "/f/a";
const PAGE = "<!DOCTYPE html><html><body>Please sign in</body></html>";

const sha256 = (bytes: Uint8Array): Digest => `sha256:${hash("sha256", bytes)}`;
const sha512 = (bytes: Uint8Array): Digest => `sha512:${hash("sha512", bytes)}`;

function list(s: Stage, ...files: Index["files"]): void {
  s.upstream.set("/index.json", json({ files } satisfies Index));
}

/** The index is asked for by a client once it is no longer fresh. */
async function refresh(s: Stage): Promise<void> {
  s.clock.advance(400_000);
  await s.get("/index.json");
  await s.get("/index.json");
}

/** What a client is sent; by then it is stored. */
async function get(s: Stage, path: Path): Promise<Buffer> {
  const bytes = await s.get(path);
  await s.cache.drain();
  return bytes;
}

const now = { staleWhileRevalidate: 0 };

describe("a stored file that the refreshed index contradicts", () => {
  test.each([
    ["sha256", sha256],
    ["another algorithm than before", sha512],
  ] as const)("is fetched again: %s", async (_, digest) => {
    await using s = await setUp(now);
    publish(s.upstream, { a: ONE! });
    expect(await get(s, PATH)).toEqual(Buffer.from(ONE!));
    expect(await get(s, PATH)).toEqual(Buffer.from(ONE!));
    list(s, { path: PATH, digest: digest(TWO!) });
    s.upstream.set(PATH, binary(TWO!));
    await refresh(s);
    expect(await get(s, PATH)).toEqual(Buffer.from(TWO!));
    await s.cache.drain();
    expect(s.cache.artifacts.held(fileAt(s.mount, PATH))?.verified).toBe(digest(TWO!));
    expect(s.upstream.count(PATH)).toBe(2);
    await get(s, PATH);
    expect(s.upstream.count(PATH)).toBe(2);
  });

  test("is withheld where upstream still sends the old bytes, and stays stored", async () => {
    await using s = await setUp(now);
    publish(s.upstream, { a: ONE! });
    await get(s, PATH);
    list(s, { path: PATH, digest: sha256(TWO!) });
    await refresh(s);
    const error = await failure(get(s, PATH));
    expect(error).toBeInstanceOf(DigestMismatch);
    expect(String(error)).toContain(`expected ${sha256(TWO!)}, found ${sha256(ONE!)}`);
    expect(String(error)).toContain("withheld");
    // Nor is it sent from memory to who asks next.
    expect(s.cache.peek(s.mount, askFor(PATH))).toBeUndefined();
    expect(await failure(get(s, PATH))).toBeInstanceOf(DigestMismatch);
    // It may be the index that is wrong for a while.
    list(s, { path: PATH, digest: sha256(ONE!) });
    await refresh(s);
    await s.upstream.down();
    expect(await get(s, PATH)).toEqual(Buffer.from(ONE!));
  });

  test("is withheld offline, with what to do", async () => {
    await using s = await setUp(now);
    publish(s.upstream, { a: ONE! });
    await get(s, PATH);
    list(s, { path: PATH, digest: sha256(TWO!) });
    await refresh(s);
    const error = await failure(s.get(PATH, await s.again({ makesUpstreamRequests: false })));
    expect(error).toBeInstanceOf(Withheld);
    expect(String(error)).toContain(`states ${sha256(TWO!)} by now, and the stored file has ${sha256(ONE!)}`);
  });

  test("is found so by a mirror", async () => {
    await using s = await setUp({ ...now, pinsWhatItFetches: true });
    publish(s.upstream, { a: ONE! });
    await s.cache.artifacts.hold(fileAt(s.mount, PATH));
    list(s, { path: PATH, digest: sha256(TWO!) });
    s.upstream.set(PATH, binary(TWO!));
    await refresh(s);
    const { row, fetched } = await s.cache.artifacts.hold(fileAt(s.mount, PATH));
    expect([row?.sha256, fetched]).toEqual([hash("sha256", TWO!), true]);
  });
});

test("an index that is old is asked for again before wrong bytes are a failure, once", async () => {
  await using s = await setUp(now);
  publish(s.upstream, { a: ONE! });
  await s.get("/index.json");
  publish(s.upstream, { a: TWO! });
  s.clock.advance(1_000);
  expect(await get(s, PATH)).toEqual(Buffer.from(TWO!));
  expect(s.upstream.count("/index.json")).toBe(2);
  list(s, { path: "/f/b", digest: sha256(ONE!) });
  s.upstream.set("/f/b", binary(TWO!));
  expect(await failure(get(s, "/f/b"))).toBeInstanceOf(DigestMismatch);
  expect(s.upstream.count("/f/b")).toBeLessThanOrEqual(2);
});

describe("a file that nothing lists yet", () => {
  test("is compared as soon as its index states its digest", async () => {
    await using s = await setUp(now);
    list(s);
    s.upstream.set(PATH, binary(ONE!));
    expect(await get(s, PATH)).toEqual(Buffer.from(ONE!));
    await s.cache.drain();
    expect(s.cache.artifacts.held(fileAt(s.mount, PATH))?.verified).toBeNull();
    publish(s.upstream, { a: TWO! });
    await refresh(s);
    expect(await get(s, PATH)).toEqual(Buffer.from(TWO!));
  });

  test("is verified where it has the digest that is stated later, and costs no further request", async () => {
    await using s = await setUp(now);
    list(s);
    s.upstream.set(PATH, binary(ONE!));
    await get(s, PATH);
    publish(s.upstream, { a: ONE! });
    await refresh(s);
    expect(await get(s, PATH)).toEqual(Buffer.from(ONE!));
    await s.cache.drain();
    expect(s.cache.artifacts.held(fileAt(s.mount, PATH))?.verified).toBe(sha256(ONE!));
    expect(s.upstream.count(PATH)).toBe(1);
  });
});

describe("a file that nothing vouches for", () => {
  test("is asked for again by its validators when it is due, and replaced where upstream has another", async () => {
    await using s = await setUp(now);
    await get(s, "/raw/small");
    s.clock.advance(200_000);
    await get(s, "/raw/small");
    expect(s.upstream.count("/raw/small")).toBe(1);
    s.clock.advance(200_000);
    await get(s, "/raw/small");
    expect(s.upstream.requests.filter(({ path }) => path === "/raw/small").map(({ status }) => status)).toEqual([
      200, 304,
    ]);
    s.upstream.set("/raw/small", binary(ONE!));
    s.clock.advance(400_000);
    expect(await get(s, "/raw/small")).toEqual(Buffer.from(ONE!));
  });

  test("is served while upstream is down", async () => {
    await using s = await setUp(now);
    await get(s, "/raw/small");
    s.clock.advance(400_000);
    await s.upstream.down();
    expect(await get(s, "/raw/small")).toEqual(Buffer.from(SMALL));
  });

  test("is asked for again by a mirror that is told to", async () => {
    await using s = await setUp({ pinsWhatItFetches: true });
    const target = fileAt(s.mount, "/raw/small");
    await s.cache.artifacts.hold(target);
    s.upstream.set("/raw/small", binary(ONE!));
    expect((await s.cache.artifacts.hold(target)).fetched).toBe(false);
    const { row, fetched } = await s.cache.artifacts.hold(target, { refresh: true });
    expect([row?.sha256, fetched]).toEqual([hash("sha256", ONE!), true]);
  });

  test.each([
    ["a page", "/raw/a.jar", PAGE, "text/html"],
    ["a page of another type", "/raw/a.jar", PAGE, "application/octet-stream"],
    ["a page behind a byte order mark", "/raw/a", `\ufeff\n${PAGE}`, "application/octet-stream"],
    ["what calls itself a page", "/raw/a.bin", "Please sign in", "text/html; charset=utf-8"],
    ["an error of an API", "/raw/a.jar", '{"error":"not found"}', "application/json"],
    ["a part of an archive", "/raw/a.zip", "PK\u0003\u0004 and so on", "application/zip"],
    ["what is not compressed", "/raw/a.tgz", "hello".repeat(200), "application/gzip"],
    ["what is compressed, and no archive", "/raw/a.tgz", gzipSync("hello".repeat(200)), "application/gzip"],
    ["what is no archive", "/raw/a.gem", "hello".repeat(200), "application/octet-stream"],
    ["what is no signature", "/raw/a.jar.asc", "Service unavailable", "text/plain"],
  ])("is not stored where it is not what it is named: %s", async (_, path, body, type) => {
    await using s = await setUp();
    s.upstream.set(path, { body, headers: { "content-type": type } });
    const error = await failure(s.get(path as Path));
    expect(error).toBeInstanceOf(UpstreamFailed);
    expect(String(error)).toContain("nothing states its digest, so it was not stored");
    expect(await s.held(path as Path)).toBe(false);
  });

  test("is what it is by its digest where one is stated", async () => {
    await using s = await setUp();
    const page = new TextEncoder().encode(PAGE);
    publish(s.upstream, { "a.jar": page });
    expect(await get(s, "/f/a.jar")).toEqual(Buffer.from(page));
  });

  test("is sent and not stored where only the end of the connection ends it", async () => {
    await using s = await setUp();
    s.upstream.fault("/raw/small", untilClosed());
    expect(await get(s, "/raw/small")).toEqual(Buffer.from(SMALL));
    expect(await s.held("/raw/small")).toBe(false);
  });
});
