/** Downloads that break off, and those who take them up again. */
import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { bytesOf, engine } from "../support/engine.ts";
import { cutAfter, type Fault, failing, firstTimes } from "../support/faults.ts";
import { fileAt, gated, LARGE, OTHER, outcome, setUp } from "../support/files-cache.ts";

/** The first answer breaks off in the middle, and then upstream is out of order. */
function cutAndDown(): Fault {
  let asked = 0;
  return (reply, request) => (asked++ === 0 ? cutAfter(1_500_000) : failing(503))(reply, request);
}

test("a download is continued with the validator, several times", async () => {
  await using s = await setUp();
  s.upstream.fault("/raw/large", firstTimes(2, cutAfter(1_500_000)));
  expect((await s.get("/raw/large")).equals(Buffer.from(LARGE))).toBe(true);
  const asked = s.upstream.requests.filter(({ path }) => path === "/raw/large");
  expect(asked.map(({ status }) => status)).toEqual([200, 206, ...asked.slice(2).map(() => 206)]);
  expect(asked[1]?.headers["if-range"]).toMatch(/^"\w+"$/);
});

test("a download is continued without a validator where a digest will tell", async () => {
  await using s = await setUp({}, {}, { etags: false });
  s.upstream.fault("/f/large", firstTimes(1, cutAfter(1_500_000)));
  expect((await s.get("/f/large")).equals(Buffer.from(LARGE))).toBe(true);
  const [, second] = s.upstream.requests.filter(({ path }) => path === "/f/large");
  expect([second?.status, second?.headers["if-range"]]).toEqual([206, undefined]);
});

test("a download with nothing to continue it by is broken off for who has read of it, begun anew where nobody has", async () => {
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

test("a file that changes meanwhile: nothing of it is stored, and the next gets the new file", async () => {
  await using s = await setUp();
  s.upstream.fault("/raw/large", (reply, request) => {
    s.upstream.set("/raw/large", { body: OTHER });
    return cutAfter(1_500_000)(reply, request);
  });
  const all = outcome(s.get("/raw/large"));
  while (s.upstream.count("/raw/large") === 0) await Bun.sleep(1);
  s.upstream.heal();
  expect(await all).toBe("broken off");
  expect(await s.held("/raw/large")).toBe(false);
  expect((await s.get("/raw/large")).equals(Buffer.from(OTHER))).toBe(true);
});

test("an upstream that always breaks off at the same byte is not asked for ever", async () => {
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
  while ((await s.left()).length < 3) await Bun.sleep(5);
  // What others do who have seen no sign of life for long.
  const lease = (await s.left()).find((name) => name.endsWith(".lease")) ?? "";
  await rm(join(s.dir, "parts-v1", lease));
  expect((await s.get("/raw/large", second.cache)).equals(Buffer.from(LARGE))).toBe(true);
  gate.open();
  expect(["broken off", LARGE.length]).toContain(await first);
  expect((await s.get("/raw/large")).equals(Buffer.from(LARGE))).toBe(true);
  await second.close();
});

/** Answers to requests for a rest, as an upstream gives them that has another file by now, or does not heed what was asked. */
const lies: Record<string, (headers: Record<string, string>) => Record<string, string>> = {
  "another validator": (headers) => ({ ...headers, etag: '"other"' }),
  "another length of the whole": (headers) => ({
    ...headers,
    "content-range": headers["content-range"]!.replace(/\d+$/, (total) => String(Number(total) + 7)),
  }),
  "no more than a part of the rest": (headers) => ({
    ...headers,
    "content-range": headers["content-range"]!.replace(/-\d+/, "-1999999"),
  }),
};

for (const [what, lie] of Object.entries(lies))
  for (const path of ["/raw/large", "/f/large"] as const)
    test(`${path}: a rest with ${what} is not joined to what is here`, async () => {
      await using s = await setUp();
      let asked = 0;
      s.upstream.fault(path, (reply, request) => {
        if (asked++ === 0) return cutAfter(1_500_000)(reply, request);
        if (reply.status !== 206) return reply;
        const other = Buffer.alloc(LARGE.length - 1_500_000, "x");
        return { ...reply, headers: lie(reply.headers), body: [other] };
      });
      const { row } = await s.cache.artifacts.hold(fileAt(s.mount, path));
      await s.cache.drain();
      expect(row?.size).toBe(LARGE.length);
      expect((await s.get(path)).equals(Buffer.from(LARGE))).toBe(true);
    });
