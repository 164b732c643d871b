/** What goes out through a forward proxy, over real sockets: one way for every hop, and the guard holds on it. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { Upstream } from "../../src/upstream/client.ts";
import { failure } from "../support/engine.ts";
import { text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const REGISTRY = "http://registry.corp.example";
const direct = await startUpstream();
direct.set("/a", text("direct"));
/** A proxy that alone knows the names: `/to?URL` of the registry redirects there. */
const asked: string[] = [];
let status = 200;
const proxy = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    asked.push(request.url);
    const { pathname, search, origin } = new URL(request.url);
    if (status !== 200) return new Response("", { status });
    if (origin === REGISTRY && pathname === "/to")
      return new Response("", { status: 302, headers: { location: search.slice(1) } });
    return new Response(`proxied ${request.url}`);
  },
});
const PROXY = `http://127.0.0.1:${proxy.port}`;
const NAMES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];
const before = NAMES.map((name) => [name, process.env[name]] as const);
const restore = () => {
  for (const [name, value] of before)
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
};

beforeEach(() => {
  for (const name of NAMES) Reflect.deleteProperty(process.env, name);
  asked.length = 0;
  status = 200;
  direct.forget();
});
afterEach(restore);
afterAll(async () => {
  await proxy.stop(true);
  await direct.close();
});

const get = async (url: string, by?: string, trusted = [REGISTRY]) => {
  const upstream = new Upstream({
    timeout: 2_000,
    patience: 0,
    credentials: [],
    allowPrivate: [],
    userAgent: "test",
  });
  const dialer = { name: "m", trusted: new Set(trusted), ...(by !== undefined && { proxy: by }) };
  return (await upstream.fetch(dialer, url)).text();
};

describe.each([
  ["of the configuration", () => PROXY],
  [
    "of the environment",
    () => {
      process.env["HTTP_PROXY"] = PROXY;
      return undefined;
    },
  ],
])("a proxy %s", (_what, given) => {
  test("reaches what is configured, and what that redirects to", async () => {
    const by = given();
    expect(await get(`${REGISTRY}/a`, by)).toBe(`proxied ${REGISTRY}/a`);
    expect(await get(`${REGISTRY}/to?http://files.corp.example/f`, by)).toBe("proxied http://files.corp.example/f");
  });

  test.each([
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/",
    "http://[fd00::1]/",
    "http://[::ffff:7f00:1]/",
    "http://127.0.0.1:1/",
    "http://localhost/",
    "http://metadata.google.internal/",
    "http://printer/",
  ])("is not asked for %s that upstream names", async (to) => {
    const error = await failure(get(`${REGISTRY}/to?${to}`, given()));
    expect(error).toBeInstanceOf(UpstreamFailed);
    expect(String(error)).toContain("refused to dial");
    expect(asked).toEqual([`${REGISTRY}/to?${to}`]);
  });
});

test("NO_PROXY leads past the environment's", async () => {
  process.env["HTTP_PROXY"] = "http://127.0.0.1:1";
  process.env["NO_PROXY"] = "127.0.0.1";
  expect(await get(`${direct.url}/a`, undefined, [direct.url])).toBe("direct");
});

test.each([
  ["of the configuration", "upstream_proxy"],
  ["of the environment", "HTTP_PROXY"],
])("one %s that is dead is named, with what names it", async (_what, setting) => {
  const dead = "http://user:s3cret@127.0.0.1:1";
  if (setting === "HTTP_PROXY") process.env[setting] = dead;
  const error = await failure(get(`${REGISTRY}/a`, setting === "HTTP_PROXY" ? undefined : dead));
  expect(String(error)).toContain(
    `registry.corp.example cannot be reached: the proxy 127.0.0.1:1 (${setting}) does not answer`,
  );
  expect(String(error)).not.toContain("s3cret");
});

test("one that wants credentials is named, not the registry", async () => {
  status = 407;
  expect(String(await failure(get(`${REGISTRY}/a`, PROXY)))).toContain(
    `the proxy 127.0.0.1:${proxy.port} (upstream_proxy) refuses: 407`,
  );
  const tunnel = createServer((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
  });
  await new Promise<void>((ready) => tunnel.listen(0, "127.0.0.1", ready));
  const { port } = tunnel.address() as { port: number };
  const https = REGISTRY.replace("http:", "https:");
  expect(String(await failure(get(`${https}/a`, `http://127.0.0.1:${port}`, [https])))).toContain("refuses: ");
  tunnel.close();
});
