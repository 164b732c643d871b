/** HTTP as clients rely on it: validators, ranges, codings, hosts, methods, and paths that mean harm. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { delayed } from "../support/faults.ts";
import { BIG, type NpmProxy, npmProxy, SMALL } from "../support/npm-proxy.ts";

let all: NpmProxy;
beforeAll(async () => {
  all = await npmProxy();
});
afterAll(() => all[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(`${all.proxy.url}${path}`, { headers, method, decompress: false } as RequestInit);

/** What a raw request is answered with, head and all: paths that `fetch` would mend, and several requests on one connection. */
function raw(request: string, milliseconds = 2_000): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect(all.proxy.port, "127.0.0.1", () => socket.write(request));
  const done = () => {
    socket.destroy();
    resolve(answer);
  };
  socket.on("data", (data) => {
    answer += data.toString("latin1");
  });
  socket.on("close", done).on("error", done);
  setTimeout(done, milliseconds);
  return promise;
}

describe("validators and methods", () => {
  test.each(["/npm/small", SMALL, BIG, "/npm/small/latest"])(
    "%s: 304 for its own ETag, HEAD as GET without a body",
    async (path) => {
      await (await get(path)).bytes();
      const response = await get(path);
      const body = await response.bytes();
      const etag = response.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[^"]+"$/);
      expect((await get(path, { "if-none-match": etag })).status).toBe(304);
      expect((await get(path, { "if-none-match": `W/"other", ${etag}` })).status).toBe(304);
      expect((await get(path, { "if-none-match": '"other"' })).status).toBe(200);
      const head = await get(path, {}, "HEAD");
      expect([head.status, head.headers.get("content-length"), head.headers.get("etag")]).toEqual([
        200,
        String(body.length),
        etag,
      ]);
      expect((await head.bytes()).length).toBe(0);
    },
  );
  test("two variants of a document have two ETags", async () => {
    const [full, short] = [
      await get("/npm/small"),
      await get("/npm/small", { accept: "application/vnd.npm.install-v1+json" }),
    ];
    expect(full.headers.get("etag")).not.toBe(short.headers.get("etag"));
    expect(short.headers.get("content-type")).toContain("vnd.npm.install-v1+json");
    expect(full.headers.get("vary")).toContain("accept");
  });
  test("gzip for those who take it, with an ETag of its own", async () => {
    const [plain, zipped] = [await get("/npm/many"), await get("/npm/many", { "accept-encoding": "br, gzip" })];
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(await zipped.bytes()).toString()).toBe(await plain.text());
    expect((await get("/npm/many", { "accept-encoding": "gzip;q=0" })).headers.get("content-encoding")).toBeNull();
    expect(
      (await get("/npm/many", { "accept-encoding": "gzip", "if-none-match": zipped.headers.get("etag") ?? "" })).status,
    ).toBe(304);
    expect((await get(SMALL, { "accept-encoding": "gzip" })).headers.get("content-encoding")).toBeNull();
  });
  test.each([
    ["PUT", "/npm/small", 405],
    ["DELETE", SMALL, 405],
    ["POST", "/npm/small", 405],
    ["GET", "/nowhere/small", 404],
    ["GET", "/npm/-/user/me", 404],
  ])("%s %s: %d", async (method, path, status) => expect((await get(path, {}, method)).status).toBe(status));
});

describe("ranges", () => {
  test.each([SMALL, BIG])("of %s", async (path) => {
    const whole = await (await get(path)).bytes();
    const etag = (await get(path, {}, "HEAD")).headers.get("etag") ?? "";
    const cases: [range: string, status: number, from: number, to: number][] = [
      ["bytes=0-0", 206, 0, 1],
      ["bytes=100-199", 206, 100, 200],
      ["bytes=-50", 206, whole.length - 50, whole.length],
      [`bytes=${whole.length - 5}-`, 206, whole.length - 5, whole.length],
      ["bytes=5-99999999", 206, 5, whole.length],
      ["bytes=0-1,5-6", 200, 0, whole.length],
      ["lines=1-2", 200, 0, whole.length],
    ];
    for (const [range, status, from, to] of cases) {
      const part = await get(path, { range });
      expect([range, part.status]).toEqual([range, status]);
      expect(Buffer.compare(await part.bytes(), whole.subarray(from, to))).toBe(0);
      if (status === 206) expect(part.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/${whole.length}`);
    }
    const beyond = await get(path, { range: `bytes=${whole.length}-` });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${whole.length}`]);
    expect((await get(path, { range: "bytes=0-1", "if-range": etag })).status).toBe(206);
    expect((await get(path, { range: "bytes=0-1", "if-range": '"old"' })).status).toBe(200);
  });
  test("of a file that is still arriving", async () => {
    const part = await get("/npm/big/-/big-2.0.0.tgz", { range: "bytes=1000-1999" });
    expect([part.status, (await part.bytes()).length]).toEqual([206, 1_000]);
  });
});

describe("paths that mean harm", () => {
  test.each([
    "/npm/../../etc/passwd",
    "/npm/%2e%2e/%2e%2e/etc/passwd",
    "/npm/..%2f..%2fetc%2fpasswd",
    "/npm/a%00b",
    "/npm/a\\..\\..\\..\\b",
    "/npm/a%5c..%5cb",
    "/npm/%zz",
    `/npm/${"a".repeat(5_000)}`,
    "/npm/a%252e%252e/b",
  ])("%s: 4xx, and upstream hears nothing", async (path) => {
    const before = all.upstream.requests.length;
    const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(all.upstream.requests.length).toBe(before);
  });
});

test("requests on one connection before their answers are all answered, in order, when they are ready", async () => {
  await (await get(SMALL)).bytes();
  const one = `HEAD ${SMALL} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
  const answer = await raw(one + one + one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  expect(answer.match(/HTTP\/1\.1 200/g)?.length).toBe(3);
});

test("a client that goes away does not end the download", async () => {
  await using other = await npmProxy();
  other.upstream.fault(/big-1\.0\.0\.tgz$/, delayed(300));
  const abort = new AbortController();
  const left = fetch(`${other.proxy.url}${BIG}`, { signal: abort.signal }).then((response) => response.bytes());
  setTimeout(() => abort.abort(), 350);
  await left.catch(() => {});
  const stored = async () =>
    ((await (await fetch(`${other.proxy.url}/stats`)).json()) as { cached_artifacts: number }).cached_artifacts;
  while ((await stored()) !== 1) await Bun.sleep(100);
});

describe("hosts and links", () => {
  const tarball = async (url: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/npm/small`, { headers });
    const { versions } = (await response.json()) as { versions: Record<string, { dist: { tarball: string } }> };
    return versions["1.0.0"]?.dist.tarball;
  };
  test("links are built from the request's host; forwarded ones are not believed", async () => {
    expect(await tarball(all.proxy.url)).toBe(`${all.proxy.url}${SMALL}`);
    expect(await tarball(all.proxy.url, { host: "mirror.example:81" })).toBe(`http://mirror.example:81${SMALL}`);
    expect(await tarball(all.proxy.url, { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" })).toBe(
      `${all.proxy.url}${SMALL}`,
    );
  });
  test("a trusted reverse proxy is believed", async () => {
    await using behind = await npmProxy({ trusted_proxies: ["127.0.0.0/8"] });
    expect(await tarball(behind.proxy.url, { "x-forwarded-host": "pkg.example", "x-forwarded-proto": "https" })).toBe(
      `https://pkg.example${SMALL}`,
    );
  });
  test("with base_url, links start with it and other hosts are refused", async () => {
    await using based = await npmProxy({ base_url: "https://pkg.example/", hosts: ["127.0.0.1"] });
    expect(await tarball(based.proxy.url)).toBe(`https://pkg.example${SMALL}`);
    expect((await fetch(`${based.proxy.url}/npm/small`, { headers: { host: "evil.example" } })).status).toBe(421);
    expect((await fetch(`${based.proxy.url}/npm/small`, { headers: { host: "pkg.example" } })).status).toBe(200);
  });
});

test("an address that is taken: one line says so, exit 2", async () => {
  const run = await all.proxy.run(["serve", "--listen", `127.0.0.1:${all.proxy.port}`]);
  expect([run.code, run.stderr.trim().split("\n").at(-1)]).toEqual([
    2,
    expect.stringMatching(/^proxy: cannot listen: .*in use/) as string,
  ]);
});
