/** What happens on one connection: silence, haste, and requests that are none. */
import { describe, expect, test } from "bun:test";
import { delayed, stalledAfter } from "../support/faults.ts";
import { LARGE, SMALL } from "../support/files-cache.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { serving, wire } from "./serving.ts";

/** Milliseconds. Bun closes what is idle after four to eight seconds, whatever less is set. */
const PAUSE = 9_000;
const CLOSED = PAUSE + 9_000;

test(
  "a connection is not cut while upstream pauses, and not kept for ever afterwards",
  async () => {
    await using all = await serving({ idleSeconds: 1, patience: 2 * PAUSE });
    all.upstream.fault("/f/large", stalledAfter(1_500_000, PAUSE));
    all.upstream.fault("/f/small", delayed(PAUSE));
    const answers = await Promise.all(
      ["large", "small"].map((name) => all.raw(wire(`/files/f/${name}`, {}, { more: true }), CLOSED + 2_000)),
    );
    for (const [index, body] of [LARGE, SMALL].entries()) {
      const { answer, closed } = answers[index]!;
      expect(answer).toStartWith("HTTP/1.1 200 ");
      expect(answer.length).toBeGreaterThan(body.length);
      expect(closed).toBeLessThan(CLOSED);
    }
  },
  TIMEOUT,
);

describe("requests that do not wait for the answer to the one before", () => {
  test("are answered in order when what they ask for is at hand", async () => {
    await using all = await serving();
    await (await fetch(`${all.url}/f/small`)).bytes();
    const head = wire("/files/f/small", {}, { method: "HEAD", more: true });
    const { answer } = await all.raw(head + head + wire("/files/f/small", { Range: "bytes=0-3" }));
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 206"]);
    expect(answer.slice(-4)).toBe(Buffer.from(SMALL.subarray(0, 4)).toString("latin1"));
  });

  // What Bun does: see server.ts. That it closes is what tells a client to ask again.
  test("end the connection, unanswered, when the first is a miss; what was asked for comes all the same", async () => {
    await using all = await serving();
    all.upstream.fault("/f/small", delayed(300));
    const first = wire("/files/f/small", {}, { more: true });
    const { answer, closed } = await all.raw(first + first + wire("/files/index.json"));
    expect(answer).toBe("");
    expect(closed).toBeLessThan(250);
    expect((await (await fetch(`${all.url}/f/small`)).bytes()).length).toBe(SMALL.length);
    expect(all.upstream.count("/f/small")).toBe(1);
  });
});

test("slashes that a client's base address ends with are one", async () => {
  await using all = await serving();
  for (const path of ["//f/small", "/f//small", "///f///small"]) expect((await fetch(all.url + path)).status).toBe(200);
  expect(all.upstream.count("/f/small")).toBe(1);
});

describe("what is no request of ours", () => {
  test.each([
    ["no Host", "GET /files/f/small HTTP/1.0\r\n\r\n", 400],
    ["a Host that is none", wire("/files/f/small", { Host: 'a"><script>alert(1)</script>' }), 400],
    ["a Host with a user", wire("/files/f/small", { Host: "user:secret@files.example" }), 400],
    ["a whole address, of which the path counts", wire("http://evil.example/files/f/nothing"), 404],
    ["an empty first part", wire("//evil.example/files/f/small"), 404],
    ["too many header bytes", wire("/files/f/small", { "X-Long": "a".repeat(40_000) }), 431],
    [
      "a body that is longer than may be",
      `POST /files/f/small HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n`,
      413,
    ],
    ["a length that is none", "POST /files/f/small HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400],
    [
      "two lengths",
      "POST /files/f/small HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
  ])("%s", async (_what, request, status) => {
    await using all = await serving({ app: () => new Response("nothing here", { status: 404 }) });
    const { answer } = await all.raw(request, 1_000);
    expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    expect(answer).not.toMatch(/<script|node_modules|at \w+ \(/);
    expect(all.upstream.requests.filter(({ path }) => path !== "/f/nothing" && path !== "/index.json")).toEqual([]);
    expect(await all.left()).toEqual([]);
  });

  test("a probe of HTTP/1.0 without a Host learns how it is", async () => {
    await using all = await serving({ app: ({ url }) => new Response(url) });
    expect((await all.raw("GET /health HTTP/1.0\r\n\r\n")).answer).toEndWith("http://localhost/health");
  });
});

test("what the app throws is a 500 without its insides, and counted as answered", async () => {
  await using all = await serving({
    app: () => {
      throw new Error("the insides");
    },
  });
  const { answer } = await all.raw(wire("/elsewhere"));
  expect(answer).toStartWith("HTTP/1.1 500 ");
  expect(answer).not.toContain("the insides");
});
