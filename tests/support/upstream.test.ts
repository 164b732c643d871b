/** The fake upstream is what every other test believes: that it serves well, and fails in just the way it is told to. */
import { afterEach, describe, expect, test } from "bun:test";
import { filler } from "./archives/files.ts";
import {
  cutAfter,
  delayed,
  endlessBody,
  type Fault,
  failing,
  firstTimes,
  gzipBomb,
  hangUp,
  htmlErrorPage,
  redirect,
  redirectLoop,
  slowDrip,
  stalledAfter,
  withHeaders,
  withoutLength,
  wrongBytes,
  wrongLength,
} from "./faults.ts";
import { binary, type Content, json, text } from "./tree.ts";
import { startUpstream, type Upstream, type UpstreamOptions } from "./upstream.ts";

const BODY = filler(100_000, "body");
const open: Upstream[] = [];

async function upstreamOf(options: UpstreamOptions = {}) {
  const upstream = await startUpstream(options);
  open.push(upstream);
  const tree = new Map<string, Content>([
    ["/file", binary(BODY)],
    ["/document", json({ text: "a".repeat(1_000) })],
    ["/@scope/name", text("scoped")],
    ["POST /echo", ({ body }) => binary(new Uint8Array(body))],
  ]);
  const base = upstream.mount("/base", () => tree);
  return { upstream, base, get: (path: string, init: BunFetchRequestInit = {}) => fetch(base + path, init) };
}

afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close();
});

describe("a good upstream", () => {
  test("serves GET and HEAD with length and a strong ETag, and 304 for it", async () => {
    const { get } = await upstreamOf();
    const response = await get("/file");
    const etag = response.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[^"]+"$/);
    expect(Buffer.from(await response.arrayBuffer()).equals(BODY)).toBe(true);
    const head = await get("/file", { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "100000", ""]);
    expect((await get("/file", { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await get("/file", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  test("serves ranges, and the whole when If-Range does not hold", async () => {
    const { get } = await upstreamOf();
    const etag = (await get("/file")).headers.get("etag") ?? "";
    const part = await get("/file", { headers: { range: "bytes=99990-", "if-range": etag } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 99990-99999/100000"]);
    expect(Buffer.from(await part.arrayBuffer()).equals(BODY.subarray(99_990))).toBe(true);
    expect((await get("/file", { headers: { range: "bytes=5-9" } })).headers.get("content-length")).toBe("5");
    expect((await get("/file", { headers: { range: "bytes=-7" } })).headers.get("content-length")).toBe("7");
    expect((await get("/file", { headers: { range: "bytes=5-", "if-range": '"other"' } })).status).toBe(200);
    expect((await get("/file", { headers: { range: "bytes=100000-" } })).status).toBe(416);
  });

  test("can do without ETags, without ranges, and with gzip for documents only", async () => {
    const { get } = await upstreamOf({ etags: false, ranges: false, gzip: true });
    const file = await get("/file", { headers: { range: "bytes=5-", "accept-encoding": "gzip" } });
    expect([file.status, file.headers.get("etag"), file.headers.get("content-encoding")]).toEqual([200, null, null]);
    const document = await get("/document", { headers: { "accept-encoding": "gzip" } });
    expect(document.headers.get("content-encoding")).toBe("gzip");
    expect(await document.json()).toEqual({ text: "a".repeat(1_000) });
  });

  test("takes encoded paths, posted bodies and changes while it runs", async () => {
    const { upstream, get, base } = await upstreamOf();
    expect(await (await get("/@scope%2fname?write=true")).text()).toBe("scoped");
    expect(await (await get("/echo", { method: "POST", body: "posted" })).text()).toBe("posted");
    const before = (await get("/document")).headers.get("etag") ?? "";
    upstream.set("/base/document", text("changed"));
    const after = await get("/document", { headers: { "if-none-match": before } });
    expect([after.status, await after.text()]).toEqual([200, "changed"]);
    upstream.set("/base/document", undefined);
    expect((await get("/document")).status).toBe(404);
    expect(base).toBe(`${upstream.url}/base`);
  });

  test("keeps requests, and tells what it was wrongly and never asked for", async () => {
    const { upstream, get } = await upstreamOf({ expectedMissing: /^\/base\/probe$/ });
    for (const path of ["/file", "/file", "/probe", "/surprise"]) await get(path);
    await get("/file", { method: "HEAD" });
    expect(upstream.requests.map(({ method, path, status }) => `${method} ${path} ${status}`).slice(1)).toEqual([
      "GET /base/file 200",
      "GET /base/probe 404",
      "GET /base/surprise 404",
      "HEAD /base/file 200",
    ]);
    expect([upstream.count("/base/file"), upstream.count(/file$/, "GET")]).toEqual([3, 2]);
    expect(upstream.unexpected).toEqual(["GET /base/surprise"]);
    expect(upstream.unused()).toEqual(["/base/document", "/base/@scope/name", "POST /base/echo"]);
    upstream.forget();
    expect([upstream.requests.length, upstream.unexpected.length]).toEqual([0, 0]);
  });

  test("when strict, does not close in silence over a surprise", async () => {
    const upstream = await startUpstream({ strict: true });
    await fetch(`${upstream.url}/surprise`);
    const failure = await upstream.close().catch((error: unknown) => error);
    expect(String(failure)).toContain("GET /surprise");
  });

  test("goes down and comes up at the same address", async () => {
    const { upstream, get } = await upstreamOf();
    await get("/file");
    await upstream.down();
    const failure = await get("/file").catch((error: unknown) => error);
    expect(failure).toHaveProperty("code", "ECONNREFUSED");
    await upstream.up();
    expect((await get("/file")).status).toBe(200);
  });
});

/** What a client sees of one request for /file: the status and how the body went. */
async function seen(fault: Fault, milliseconds = 5_000): Promise<{ status: number; length: number; error?: string }> {
  const { upstream, get } = await upstreamOf();
  upstream.fault("/base/file", fault);
  let status = 0;
  let length = 0;
  try {
    const response = await get("/file", { redirect: "manual", signal: AbortSignal.timeout(milliseconds) });
    status = response.status;
    for await (const bytes of response.body ?? []) {
      length += bytes.length;
      if (length > 10_000_000) return { status, length, error: "too long" };
    }
    return { status, length };
  } catch (error) {
    const { code, name } = error as Error & { code?: unknown };
    return { status, length, error: typeof code === "string" ? code : name };
  }
}

describe("faults", () => {
  const whole = { status: 200, length: BODY.length };
  const page = { status: 200, length: 76 };
  const cases: [string, Fault, object, milliseconds: number][] = [
    ["cutAfter", cutAfter(30_000), { status: 200, error: "ECONNRESET" }, 5_000],
    ["wrongLength, too long", wrongLength(10), { status: 200, error: "ECONNRESET" }, 5_000],
    ["wrongLength, too short", wrongLength(-10), { status: 200, length: BODY.length - 10 }, 5_000],
    ["withoutLength", withoutLength(), whole, 5_000],
    ["htmlErrorPage", htmlErrorPage(), page, 5_000],
    ["endlessBody", endlessBody(), { error: "too long" }, 5_000],
    ["gzipBomb", gzipBomb(), { error: "too long" }, 5_000],
    ["redirect", redirect("http://127.0.0.1:1/"), { status: 302 }, 5_000],
    ["redirectLoop", redirectLoop(), { status: 302 }, 5_000],
    ["slowDrip", slowDrip(1_000), { status: 200, error: "TimeoutError" }, 500],
    ["stalledAfter", stalledAfter(30_000, 10_000), { status: 200, error: "TimeoutError" }, 500],
    ["delayed", delayed(10_000), { status: 0, error: "TimeoutError" }, 500],
    ["failing", failing(503), { status: 503 }, 5_000],
    ["hangUp", hangUp(), { status: 0, error: "ECONNRESET" }, 5_000],
    ["firstTimes", firstTimes(0, failing(500)), whole, 5_000],
  ];
  test.each(cases)("%s", async (_name, fault, expected, milliseconds) => {
    expect(await seen(fault, milliseconds)).toMatchObject(expected);
  });

  test("wrongBytes keeps the length and leaves the entry alone", async () => {
    const { upstream, get } = await upstreamOf();
    upstream.fault(/file/, firstTimes(1, wrongBytes()));
    const wrong = Buffer.from(await (await get("/file")).arrayBuffer());
    expect([wrong.length, wrong.equals(BODY)]).toEqual([BODY.length, false]);
    expect(Buffer.from(await (await get("/file")).arrayBuffer()).equals(BODY)).toBe(true);
  });

  test("headers can be set, Retry-After among them, and all heals", async () => {
    const { upstream, get } = await upstreamOf();
    upstream.fault("/base/file", failing(429, 7));
    upstream.fault("/base/file", withHeaders({ "x-more": "1" }));
    const { status, headers } = await get("/file");
    expect([status, headers.get("retry-after"), headers.get("x-more")]).toEqual([429, "7", "1"]);
    upstream.heal();
    expect((await get("/file")).status).toBe(200);
  });
});
