/** How files come into the store and to those who ask for them: over real sockets, two caches standing for two processes. */
import { describe, expect, test } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Cache } from "../../src/cache/cache.ts";
import { matchIn, type Target, targetOf } from "../../src/cache/locate.ts";
import type { ArtifactRoute, Path } from "../../src/ecosystem.ts";
import { DigestMismatch, NotFound, UpstreamFailed } from "../../src/errors.ts";
import { on } from "../../src/events.ts";
import { type Mount, makeMount } from "../../src/mounts.ts";
import { filler } from "../support/archives/files.ts";
import { askFor, bytesOf, engine, failure, type Parts } from "../support/engine.ts";
import { cutAfter, type Fault, failing, firstTimes, withoutLength, wrongBytes } from "../support/faults.ts";
import { files, mountOf, publish } from "../support/files-ecosystem.ts";
import { json } from "../support/tree.ts";
import { startUpstream, type UpstreamOptions } from "../support/upstream.ts";

const SMALL = filler(10_000, "small");
const LARGE = filler(3_000_000, "large");
const OTHER = filler(3_000_000, "other");

type Settings = Parameters<typeof engine>[0];

async function setUp(settings: Settings = {}, parts: Parts = {}, manners: UpstreamOptions = {}) {
  const upstream = await startUpstream(manners);
  publish(upstream, { small: SMALL, large: LARGE });
  const started = await engine(settings, parts);
  const mount = mountOf(upstream.url);
  const answer = (path: Path, cache = started.cache) => cache.get(mount, askFor(path));
  const get = async (path: Path, cache: Cache = started.cache) =>
    Buffer.from(await bytesOf(cache, await answer(path, cache)));
  const held = async (path: Path) => {
    await started.cache.drain();
    return started.cache.artifacts.held({ mount, path }) !== undefined;
  };
  /** What is in the folder of growing files. */
  const left = () => readdir(join(started.dir, "parts-v1"));
  const close = async () => {
    await started.close();
    await upstream.close();
  };
  return { ...started, upstream, mount, answer, get, held, left, [Symbol.asyncDispose]: close };
}

/** The body stops after so many bytes until the gate opens. */
function gated(after: number): { fault: Fault; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const fault: Fault = (reply) => ({ ...reply, body: halted(reply.body, after, promise) });
  return { fault, open: resolve };
}

async function* halted(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, after: number, until: Promise<void>) {
  let sent = 0;
  for await (const bytes of body) {
    const before = Math.max(0, Math.min(bytes.length, after - sent));
    yield bytes.subarray(0, before);
    if (before < bytes.length) await until;
    yield bytes.subarray(before);
    sent += bytes.length;
  }
}

/** Open descriptors of this process below a folder. */
async function descriptors(folder: string): Promise<string[]> {
  const { readlink } = await import("node:fs/promises");
  const links = await readdir("/proc/self/fd");
  const targets = await Promise.all(links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return targets.filter((target) => target.startsWith(join(folder, "parts-v1")));
}

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
    for (let waited = 0; waited < 200 && s.upstream.count("/f/large") === 0; waited++) await Bun.sleep(5);
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

describe("wrong bytes", () => {
  test("small: an error before the first byte, counted, and nothing is kept", async () => {
    await using s = await setUp();
    const seen: string[] = [];
    on("mismatch", ({ path, expected, found }) => seen.push(`${path} ${expected === found}`));
    s.upstream.fault("/f/small", wrongBytes());
    expect(await failure(s.answer("/f/small"))).toBeInstanceOf(DigestMismatch);
    expect(seen).toEqual(["/f/small false"]);
    expect([await s.held("/f/small"), await s.left()]).toEqual([false, []]);
  });

  test("large: the answer is broken off; the repeat gets the error at once, and the file once it is right", async () => {
    await using s = await setUp();
    s.upstream.fault("/f/large", wrongBytes());
    expect(await outcome(s.get("/f/large"))).toBe("broken off");
    expect([await s.held("/f/large"), await s.left()]).toEqual([false, []]);
    expect(await failure(s.answer("/f/large"))).toBeInstanceOf(DigestMismatch);
    s.upstream.heal();
    expect((await s.get("/f/large")).equals(Buffer.from(LARGE))).toBe(true);
    expect(await s.held("/f/large")).toBe(true);
  });

  test("a length that is not the promised one is refused before a byte is read", async () => {
    await using s = await setUp();
    s.upstream.set("/f/large", { body: OTHER.slice(0, 2_000_000) });
    expect(String(await failure(s.answer("/f/large")))).toContain("expected 3000000 bytes, found 2000000 bytes");
    expect(await s.left()).toEqual([]);
  });

  test("no promise of the index lifts the bound", async () => {
    await using s = await setUp({ maxArtifact: 2_000_000 });
    s.upstream.fault("/f/large", withoutLength());
    expect(await outcome(s.get("/f/large"))).toBe("broken off");
    expect([await s.held("/f/large"), await s.left()]).toEqual([false, []]);
  });

  test("a status 304 that nobody asked for is upstream's failure", async () => {
    await using s = await setUp();
    s.upstream.set("/f/small", { status: 304, body: "" });
    expect(await failure(s.answer("/f/small"))).toBeInstanceOf(UpstreamFailed);
    await using fresh = await setUp();
    fresh.upstream.set("/index.json", { status: 304, body: "" });
    expect(await failure(fresh.answer("/index.json"))).toBeInstanceOf(UpstreamFailed);
  });
});

/** How a download ends for a client whose answer has begun. Broken ones have no reason: Bun would print it. */
const outcome = (bytes: Promise<Uint8Array>) =>
  bytes.then(
    (all) => all.length,
    () => "broken off",
  );

/** The first answer breaks off in the middle, and then upstream is out of order. */
function cutAndDown(): Fault {
  let asked = 0;
  return (reply, request) => (asked++ === 0 ? cutAfter(1_500_000) : failing(503))(reply, request);
}

describe("a download that breaks off", () => {
  test("is continued with the validator, several times", async () => {
    await using s = await setUp();
    s.upstream.fault("/raw/large", firstTimes(2, cutAfter(1_500_000)));
    expect((await s.get("/raw/large")).equals(Buffer.from(LARGE))).toBe(true);
    const asked = s.upstream.requests.filter(({ path }) => path === "/raw/large");
    expect(asked.map(({ status }) => status)).toEqual([200, 206, ...asked.slice(2).map(() => 206)]);
    expect(asked[1]?.headers["if-range"]).toMatch(/^"\w+"$/);
  });

  test("is continued without a validator where a digest will tell", async () => {
    await using s = await setUp({}, {}, { etags: false });
    s.upstream.fault("/f/large", firstTimes(1, cutAfter(1_500_000)));
    expect((await s.get("/f/large")).equals(Buffer.from(LARGE))).toBe(true);
    const [, second] = s.upstream.requests.filter(({ path }) => path === "/f/large");
    expect([second?.status, second?.headers["if-range"]]).toEqual([206, undefined]);
  });

  test("with nothing to tell by: broken off for who has read of it, begun anew where nobody has", async () => {
    await using s = await setUp({}, {}, { etags: false });
    s.upstream.fault("/raw/large", firstTimes(1, cutAfter(1_500_000)));
    expect(await outcome(s.get("/raw/large"))).toBe("broken off");
    expect([await s.held("/raw/large"), await s.left()]).toEqual([false, []]);
    s.upstream.heal();
    s.upstream.fault("/raw/large", firstTimes(1, cutAfter(1_500_000)));
    const target = fileAt(s.mount, "/raw/large");
    expect((await s.cache.artifacts.hold(target)).row?.size).toBe(LARGE.length);
    expect((await s.get("/raw/large")).equals(Buffer.from(LARGE))).toBe(true);
  });

  test("changed meanwhile: nothing of it is stored, and the next gets the new file", async () => {
    await using s = await setUp();
    s.upstream.fault("/raw/large", (reply, request) => {
      s.upstream.set("/raw/large", { body: OTHER });
      return cutAfter(1_500_000)(reply, request);
    });
    const all = outcome(s.get("/raw/large"));
    for (let waited = 0; waited < 200 && s.upstream.count("/raw/large") === 0; waited++) await Bun.sleep(1);
    s.upstream.heal();
    expect(await all).toBe("broken off");
    expect(await s.held("/raw/large")).toBe(false);
    expect((await s.get("/raw/large")).equals(Buffer.from(OTHER))).toBe(true);
  });

  test("always at the same byte, and cannot be continued: the end is near", async () => {
    await using s = await setUp({}, {}, { ranges: false });
    for (const path of ["/f/small", "/f/large"] as const) {
      s.upstream.fault(path, cutAfter(5_000));
      expect(await outcome(s.get(path))).toBe("broken off");
      expect(s.upstream.count(path)).toBeLessThan(12);
      expect(await s.held(path)).toBe(false);
    }
  });

  test("a part that is left is continued by the next, who sends it from its first byte on", async () => {
    await using s = await setUp();
    const gate = gated(2_000_000);
    s.upstream.fault("/raw/large", cutAndDown());
    expect(await outcome(s.get("/raw/large"))).toBe("broken off");
    expect((await s.left()).length).toBe(2);
    s.upstream.heal();
    s.upstream.forget();
    s.upstream.fault("/raw/large", gate.fault);
    const answer = await s.answer("/raw/large");
    if (answer.kind !== "file" || answer.file.kind !== "growing") throw new Error("is not sent while it grows");
    gate.open();
    expect(Buffer.from(await bytesOf(s.cache, answer)).equals(Buffer.from(LARGE))).toBe(true);
    expect(s.upstream.requests.map(({ status }) => status)).toEqual([206]);
    expect(await s.held("/raw/large")).toBe(true);
    expect(await s.left()).toEqual([]);
  });

  test("a part that is left of another version is begun anew without an error", async () => {
    await using s = await setUp();
    s.upstream.fault("/raw/large", cutAndDown());
    expect(await outcome(s.get("/raw/large"))).toBe("broken off");
    s.upstream.heal();
    s.upstream.set("/raw/large", { body: OTHER });
    expect((await s.get("/raw/large")).equals(Buffer.from(OTHER))).toBe(true);
  });

  test("a suspended owner that wakes up harms neither the file of its successor nor its own clients", async () => {
    await using s = await setUp();
    const second = await engine({}, { dir: s.dir });
    const gate = gated(2_000_000);
    s.upstream.fault("/raw/large", firstTimes(1, gate.fault));
    const first = outcome(s.get("/raw/large"));
    for (let waited = 0; waited < 200 && (await s.left()).length < 3; waited++) await Bun.sleep(5);
    // What others do who have seen no sign of life for long.
    const lease = (await s.left()).find((name) => name.endsWith(".lease")) ?? "";
    await rm(join(s.dir, "parts-v1", lease));
    expect((await s.get("/raw/large", second.cache)).equals(Buffer.from(LARGE))).toBe(true);
    gate.open();
    expect(["broken off", LARGE.length]).toContain(await first);
    expect((await s.get("/raw/large")).equals(Buffer.from(LARGE))).toBe(true);
    await second.close();
  });
});

describe("no room", () => {
  const full = { hasRoom: async () => false };
  test("files go through, verified, and nothing is kept", async () => {
    await using s = await setUp({}, { storage: full });
    for (const [path, truth] of [
      ["/f/large", LARGE],
      ["/f/small", SMALL],
      ["/raw/large", LARGE],
    ] as const) {
      expect((await s.get(path)).equals(Buffer.from(truth))).toBe(true);
      expect([await s.held(path), await s.left()]).toEqual([false, []]);
    }
    s.upstream.fault(/^\/f\//, wrongBytes());
    expect(await outcome(s.get("/f/large"))).toBe("broken off");
    expect(await outcome(s.get("/f/small"))).toBe("broken off");
  });

  test("for one whose size only upstream tells: decided before its first byte", async () => {
    await using s = await setUp({}, { storage: { hasRoom: async (bytes) => bytes < 2_000_000 } });
    expect((await s.get("/raw/large")).equals(Buffer.from(LARGE))).toBe(true);
    expect([await s.held("/raw/large"), await s.left()]).toEqual([false, []]);
    expect((await s.get("/raw/small")).equals(Buffer.from(SMALL))).toBe(true);
    expect(await s.held("/raw/small")).toBe(true);
  });

  test("the disk turns out to be full: small ones are served, large ones broken off, nothing is listed", async () => {
    const place = async () => {
      throw Object.assign(new Error("ENOSPC: no space left on device, fsync"), { code: "ENOSPC" });
    };
    await using s = await setUp();
    const disk = s.cache.context.storage;
    const { place: real } = disk;
    await s.answer("/index.json");
    Object.assign(disk, { place });
    expect((await s.get("/f/small")).equals(Buffer.from(SMALL))).toBe(true);
    expect(await outcome(s.get("/f/large"))).toBe("broken off");
    expect([await s.held("/f/small"), await s.held("/f/large"), await s.left()]).toEqual([false, false, []]);
    Object.assign(disk, { place: real });
    expect((await s.get("/f/large")).equals(Buffer.from(LARGE))).toBe(true);
  });
});

test("a blob that is gone although it is listed is fetched again", async () => {
  await using s = await setUp();
  await s.get("/f/small");
  expect(await s.held("/f/small")).toBe(true);
  await rm(join(s.dir, "blobs-v1"), { recursive: true });
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

function fileAt(mount: Mount, path: Path): Target<ArtifactRoute> {
  const match = matchIn(mount, "GET", path);
  if (typeof match === "number" || match.route.kind !== "artifact") throw new Error(path);
  return targetOf(mount, match.route, match.params, path);
}
