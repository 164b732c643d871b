/** Asking upstreams: credentials, redirects, patience. Over real sockets. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import type { Dialer } from "../../src/mounts/mounts.ts";
import { Upstream, type UpstreamSettings } from "../../src/upstream/client.ts";
import { failure } from "../support/engine.ts";
import { delayed, failing, firstTimes, hangUp, redirect, redirectLoop } from "../support/faults.ts";
import { passingTime } from "../support/passing-time.ts";
import { text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const registry = await startUpstream();
const storage = await startUpstream();
for (const server of [registry, storage])
  for (const path of ["/a", "/private/a", "/privately"]) server.set(path, text("hello"));
const trusting = (...urls: string[]): Dialer => ({ name: "m", trusted: new Set(urls) });
const both = trusting(registry.url, storage.url);
const client = (settings: Partial<UpstreamSettings> = {}) =>
  new Upstream({
    timeout: 2_000,
    patience: 0,
    credentials: [],
    allowPrivate: [],
    userAgent: "proxy/test",
    ...settings,
  });
const secret = (scope: string) => ({ scope, header: "authorization", value: "Bearer s3cret" });
const sentTo = (server: typeof registry) =>
  server.requests.map(({ path, headers }) => `${path} ${headers.authorization ?? "-"}`);

beforeEach(() => {
  for (const server of [registry, storage]) {
    server.heal();
    server.forget();
  }
});
afterAll(async () => {
  await registry.close();
  await storage.close();
});

describe("credentials", () => {
  test("are sent where their scope says, by whole segments of the path, and nowhere else", async () => {
    const upstream = client({ credentials: [secret(`${registry.url}/private`)] });
    for (const path of ["/a", "/private/a", "/privately"]) await upstream.fetch(both, registry.url + path);
    await upstream.fetch(both, `${storage.url}/private/a`);
    expect(sentTo(registry)).toEqual(["/a -", "/private/a Bearer s3cret", "/privately -"]);
    expect(sentTo(storage)).toEqual(["/private/a -"]);
  });
  test("the longest scope wins", async () => {
    const upstream = client({
      credentials: [secret(registry.url), { ...secret(`${registry.url}/private`), value: "Basic eDp5" }],
    });
    await upstream.fetch(both, `${registry.url}/private/a`);
    await upstream.fetch(both, `${registry.url}/a`);
    expect(sentTo(registry)).toEqual(["/private/a Basic eDp5", "/a Bearer s3cret"]);
  });
  test("do not follow a redirect to another host, not even to another port of this one", async () => {
    const upstream = client({ credentials: [secret(registry.url)] });
    registry.fault("/a", redirect(`${storage.url}/a`, 307));
    expect(await (await upstream.fetch(both, `${registry.url}/a`)).text()).toBe("hello");
    expect([sentTo(registry), sentTo(storage)]).toEqual([["/a Bearer s3cret"], ["/a -"]]);
  });
  test("do follow one that stays in their scope, and leave where it ends", async () => {
    const upstream = client({ credentials: [secret(`${registry.url}/private`)] });
    registry.fault("/private/a", redirect("/a", 302));
    await upstream.fetch(both, `${registry.url}/private/a`);
    expect(sentTo(registry)).toEqual(["/private/a Bearer s3cret", "/a -"]);
  });
});

describe("redirects", () => {
  test.each([
    ["to a private address", "http://10.0.0.1/x", "10.0.0.1 is a private address"],
    ["to a loopback name", "http://localhost:1/x", "is a private address"],
    ["to the address of cloud metadata", "http://169.254.169.254/latest/meta-data", "is a private address"],
    ["to an IPv6 loopback that looks like IPv4", "http://[::ffff:127.0.0.1]/x", "is a private address"],
    ["to another spelling of loopback", "http://0x7f.1/x", "is a private address"],
    ["to a file", "file:///etc/passwd", "only http and https"],
    ["to data", "data:text/plain,hello", "only http and https"],
  ])("%s is refused", async (_what, to, says) => {
    registry.fault("/a", redirect(to));
    const error = await failure(client({ patience: 2_000 }).fetch(trusting(registry.url), `${registry.url}/a`));
    expect(error).toBeInstanceOf(UpstreamFailed);
    expect(String(error)).toContain(says);
    // Asking again would not help.
    expect(registry.count("/a")).toBe(1);
  });
  test("into a private network is followed where the operator says so", async () => {
    registry.fault("/a", redirect(`${storage.url}/a`));
    for (const allowPrivate of [["127.0.0.1"], ["127.0.0.0/8"]]) {
      const response = await client({ allowPrivate }).fetch(trusting(registry.url), `${registry.url}/a`);
      expect(await response.text()).toBe("hello");
    }
  });
  test("to a path that climbs once it is decoded are not followed: the credential is for what is below its scope", async () => {
    const upstream = client({ credentials: [secret(`${registry.url}/private`)] });
    for (const path of [
      "/private/..%2fa",
      "/private/%2e%2e%2fa",
      "/private/..%252fa",
      "/private/..%5ca",
      "/private/..;/a",
    ]) {
      registry.heal();
      registry.forget();
      registry.fault("/a", redirect(registry.url + path));
      expect(String(await failure(upstream.fetch(both, `${registry.url}/a`)))).toContain("refused to ask");
      expect(sentTo(registry)).toEqual(["/a -"]);
    }
  });
  test("in a circle end", async () => {
    registry.fault("/a", redirectLoop());
    expect(String(await failure(client().fetch(both, `${registry.url}/a`)))).toContain("more than 5 times");
    expect(registry.count("/a")).toBe(6);
  });
});

describe("what may pass is asked again", () => {
  test.each([429, 500, 502, 503])("status %i", async (status) => {
    registry.fault("/a", firstTimes(2, failing(status)));
    const response = await client({ patience: 5_000 }).fetch(both, `${registry.url}/a`);
    expect([response.status, registry.count("/a")]).toEqual([200, 3]);
  });
  test.each([400, 401, 403, 404, 410, 451, 501])("but not status %i", async (status) => {
    registry.fault("/a", failing(status));
    expect((await client({ patience: 5_000 }).fetch(both, `${registry.url}/a`)).status).toBe(status);
    expect(registry.count("/a")).toBe(1);
  });
  test("a connection that is closed without an answer", async () => {
    registry.fault("/a", firstTimes(1, hangUp()));
    expect((await client({ patience: 5_000 }).fetch(both, `${registry.url}/a`)).status).toBe(200);
  });
  test("never what was posted", async () => {
    registry.set("POST /p", text("hello"));
    registry.fault("/p", failing(503));
    const response = await client({ patience: 5_000 }).fetch(both, `${registry.url}/p`, {
      method: "POST",
      body: new Uint8Array(3),
    });
    expect([response.status, registry.count("/p")]).toEqual([503, 1]);
  });
  test.each([
    ["seconds", () => 1],
    ["a date", () => new Date(Date.now() + 2_000).toUTCString()],
  ])("after the time that Retry-After asks for: %s", async (_form, after) => {
    registry.fault("/a", firstTimes(1, failing(429, after())));
    const started = performance.now();
    expect((await client({ patience: 5_000 }).fetch(both, `${registry.url}/a`)).status).toBe(200);
    // A date has whole seconds: between one and two of them are left.
    expect(performance.now() - started).toBeGreaterThan(900);
  });
  test("and where that is longer than the patience, the answer is what it is, at once", async () => {
    registry.fault("/a", failing(429, 60));
    const started = performance.now();
    expect((await client({ patience: 5_000 }).fetch(both, `${registry.url}/a`)).status).toBe(429);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
  test("until patience is over", async () => {
    registry.fault("/a", failing(503));
    const started = performance.now();
    expect((await client({ patience: 700 }).fetch(both, `${registry.url}/a`)).status).toBe(503);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(registry.count("/a")).toBeGreaterThan(1);
  });
});

test("silence is a timeout, told from other failures", async () => {
  registry.fault("/a", delayed(1_000));
  const error = (await failure(client({ timeout: 100 }).fetch(both, `${registry.url}/a`))) as UpstreamFailed;
  expect([error.timeout, error.message]).toEqual([true, `${new URL(registry.url).host} sent no answer within 100 ms`]);
});

describe("a host that fails again and again", () => {
  test("is left alone for a moment, however often it is asked for meanwhile; other hosts are not", async () => {
    const upstream = client();
    const ask = (path = "/a") => upstream.fetch(both, registry.url + path);
    using time = passingTime();
    registry.fault(/./, failing(500));
    for (const path of ["/a", "/b", "/c", "/d", "/e"]) await ask(path);
    registry.heal();
    for (let second = 0; second < 9; second++) {
      time.pass(second === 0 ? 0 : 1_000);
      time.setClock(second % 2 === 0 ? 3_600_000 : -7_200_000);
      const error = (await failure(ask())) as UpstreamFailed;
      expect(error.retryable).toBe(true);
      expect(error.message).toContain("left alone for a moment");
    }
    expect(registry.count("/a")).toBe(1);
    expect((await upstream.fetch(both, `${storage.url}/a`)).status).toBe(200);
    time.pass(3_000);
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(200);
  });
  test("is not one of which a single address fails, though it is retried", async () => {
    const upstream = client({ patience: 3_000 });
    registry.fault("/private/a", failing(500));
    await upstream.fetch(both, `${registry.url}/private/a`);
    expect(registry.count("/private/a")).toBeGreaterThan(3);
    expect((await upstream.fetch(both, `${registry.url}/a`)).status).toBe(200);
  });
});
