/** Files that are not what they should be, and disks that have no room for those that are. */
import { describe, expect, test } from "bun:test";
import { on } from "../../src/contract/events.ts";
import { DigestMismatch, UpstreamFailed } from "../../src/lib/errors.ts";
import { failure } from "../support/engine.ts";
import { withoutLength, wrongBytes } from "../support/faults.ts";
import { LARGE, OTHER, outcome, SMALL, setUp } from "../support/files-cache.ts";

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
    const { place: real, put } = disk;
    await s.answer("/index.json");
    Object.assign(disk, { place, put: place });
    expect((await s.get("/f/small")).equals(Buffer.from(SMALL))).toBe(true);
    expect(await outcome(s.get("/f/large"))).toBe("broken off");
    expect([await s.held("/f/small"), await s.held("/f/large"), await s.left()]).toEqual([false, false, []]);
    Object.assign(disk, { place: real, put });
    expect((await s.get("/f/large")).equals(Buffer.from(LARGE))).toBe(true);
  });
});
