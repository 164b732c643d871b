/** How upstreams are spared: pauses that they ask for, and no more at once than they can bear. Over real sockets. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import type { Dialer } from "../../src/mounts/mounts.ts";
import { Upstream, type UpstreamSettings } from "../../src/upstream/client.ts";
import { failure } from "../support/engine.ts";
import { delayed, type Fault, failing, firstTimes, redirect } from "../support/faults.ts";
import { passingTime } from "../support/passing-time.ts";
import { text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const registry = await startUpstream();
const storage = await startUpstream();
for (const server of [registry, storage]) for (const path of ["/a", "/b", "/c"]) server.set(path, text("hello"));
const both: Dialer = { name: "m", trusted: new Set([registry.url, storage.url]) };
const client = (settings: Partial<UpstreamSettings> = {}) =>
  new Upstream({ timeout: 2_000, patience: 0, credentials: [], allowPrivate: [], userAgent: "test", ...settings });

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

/** Counts how many requests are answered at once at most. */
function counting(milliseconds: number): { fault: Fault; most: () => number } {
  let now = 0;
  let most = 0;
  const wait = delayed(milliseconds);
  return {
    most: () => most,
    fault: async (reply, request) => {
      most = Math.max(most, ++now);
      const sent = await wait(reply, request);
      now--;
      return sent;
    },
  };
}

/** Who serves clients leaves the path alone that was told, who mirrors all of the host. */
describe.each([false, true])("a pause that a host asks for (adaptive: %p)", (adaptive) => {
  const other = adaptive ? "/b" : "/a";
  test.each([429, 503])("with status %i is kept by all who would ask it, and by nobody else", async (status) => {
    const upstream = client({ adaptive, patience: 5_000 });
    registry.fault("/a", firstTimes(1, failing(status, 1)));
    const first = upstream.fetch(both, `${registry.url}/a`);
    while (registry.count("/a") === 0) await Bun.sleep(5);
    await Bun.sleep(20);
    const started = performance.now();
    const others = [other, other].map((path) => upstream.fetch(both, registry.url + path));
    expect((await upstream.fetch(both, `${storage.url}/b`)).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(500);
    expect(registry.requests.map(({ path }) => path)).toEqual(["/a"]);
    for (const response of await Promise.all([first, ...others])) expect(response.status).toBe(200);
    expect(performance.now() - started).toBeWithin(700, 2_500);
  });
  test("is an error with the time to come back for those without that much patience", async () => {
    const upstream = client({ adaptive, patience: 1_000 });
    registry.fault("/a", failing(429, 60));
    expect((await upstream.fetch(both, `${registry.url}/a`)).status).toBe(429);
    const started = performance.now();
    const errors = await Promise.all(
      Array.from({ length: 100 }, () => failure(upstream.fetch(both, registry.url + other))),
    );
    expect(performance.now() - started).toBeLessThan(900);
    for (const error of errors as UpstreamFailed[]) {
      expect(error).toBeInstanceOf(UpstreamFailed);
      expect([error.status, error.retryable]).toEqual([429, true]);
      expect(error.retryAfter).toBeWithin(58_000, 60_001);
      expect(error.message).toContain("answered 429 and asked to be left alone for another 60 s");
    }
    expect(registry.count(other)).toBe(adaptive ? 0 : 1);
  });
  test("is asked for by none of these", async () => {
    const upstream = client({ adaptive });
    for (const fault of [failing(429), failing(503, "soon"), failing(500, 60), failing(404, 60), failing(429, -5)]) {
      registry.heal();
      registry.fault("/a", fault);
      await upstream.fetch(both, `${registry.url}/a`);
      expect((await upstream.fetch(both, `${registry.url}/b`)).status).toBe(200);
    }
  });
  test("of a host that a redirect leads to is its own", async () => {
    const upstream = client({ adaptive });
    registry.fault("/a", redirect(`${storage.url}/a`));
    storage.fault("/a", failing(503, 60));
    expect((await upstream.fetch(both, `${registry.url}/a`)).status).toBe(503);
    expect((await upstream.fetch(both, `${registry.url}/b`)).status).toBe(200);
    expect(((await failure(upstream.fetch(both, storage.url + other))) as UpstreamFailed).retryAfter).toBeNumber();
    await failure(upstream.fetch(both, `${registry.url}/a`));
    expect([registry.count("/a"), storage.count("/a")]).toEqual([2, 1]);
  });
});

test("a pause is no longer than five minutes, whatever a host asks for", async () => {
  const upstream = client();
  registry.fault("/a", failing(503, 10 ** 9));
  await upstream.fetch(both, `${registry.url}/a`);
  const error = (await failure(upstream.fetch(both, `${registry.url}/a`))) as UpstreamFailed;
  expect(error.retryAfter).toBeWithin(299_000, 300_001);
});

describe("for who serves clients", () => {
  const status = async (upstream: Upstream, path: string) => {
    const answer: unknown = await upstream.fetch(both, registry.url + path).catch((error: unknown) => error);
    return answer instanceof Response ? answer.status : "left alone";
  };

  test("a host that is busy for one path is asked for others", async () => {
    const upstream = client();
    registry.fault("/a", failing(429, 3_600));
    expect([await status(upstream, "/a"), await status(upstream, "/b")]).toEqual([429, 200]);
    expect([await status(upstream, "/a"), await status(upstream, "/c")]).toEqual(["left alone", 200]);
    expect(registry.count("/a")).toBe(1);
  });
  test("one that is busy for several is left alone; another path is tried now and then", async () => {
    using time = passingTime();
    const upstream = client();
    registry.fault(/^\/[ab]$/, failing(429, 3_600));
    expect([await status(upstream, "/a"), await status(upstream, "/b")]).toEqual([429, 429]);
    expect(await status(upstream, "/c")).toBe("left alone");
    time.setClock(86_400_000);
    expect(await status(upstream, "/c")).toBe("left alone");
    time.pass(5_000);
    // Its answer shows that the host has room.
    expect([await status(upstream, "/c"), await status(upstream, "/c")]).toEqual([200, 200]);
    expect(await status(upstream, "/a")).toBe("left alone");
    expect(registry.requests.map(({ path }) => path)).toEqual(["/a", "/b", "/c", "/c"]);
  });
  test("paths that fail keep no other from being fetched", async () => {
    const upstream = client();
    for (let name = 0; name < 12; name++) {
      registry.fault(`/bad${name}`, failing(name % 2 === 0 ? 500 : 503));
      await status(upstream, `/bad${name}`);
      expect(await status(upstream, "/b")).toBe(200);
    }
    for (const round of [1, 2])
      expect([
        round,
        ...(await Promise.all(Array.from({ length: 12 }, (_, name) => status(upstream, `/bad${name}`)))),
      ]).toHaveLength(13);
    expect(await status(upstream, "/c")).toBe(200);
  });
});

describe("how many ask a host at once", () => {
  const many = (upstream: Upstream, number: number) =>
    Promise.all(Array.from({ length: number }, () => upstream.fetch(both, `${registry.url}/a`)));

  test("is bounded for mirrors, not for those who serve clients", async () => {
    for (const [adaptive, least, most] of [
      [true, 8, 32],
      [false, 100, 100],
    ] as const) {
      registry.heal();
      const count = counting(30);
      registry.fault("/a", count.fault);
      for (const response of await many(client({ adaptive }), 100)) expect(response.status).toBe(200);
      expect(count.most()).toBeWithin(least, most + 1);
    }
  });
  test("falls to one where the host is crowded, and nothing is lost", async () => {
    const upstream = client({ adaptive: true, patience: 60_000 });
    let now = 0;
    let refused = 0;
    // A host that bears two at a time.
    const crowded: Fault = async (reply, request) => {
      try {
        const isMuch = ++now > 2;
        refused += Number(isMuch);
        await Bun.sleep(5);
        return isMuch ? await failing(429)(reply, request) : reply;
      } finally {
        now--;
      }
    };
    registry.fault("/a", crowded);
    for (const response of await many(upstream, 60)) expect(response.status).toBe(200);
    // Eight at a time from beginning to end would be refused three times out of four.
    expect(refused).toBeLessThan(60);
  });
  test("who waits for a place is as patient afterwards", async () => {
    const upstream = client({ adaptive: true, patience: 400 });
    const slow = delayed(300);
    registry.fault("/b", slow);
    const before = Array.from({ length: 24 }, () => upstream.fetch(both, `${registry.url}/b`));
    registry.fault("/c", firstTimes(1, failing(502)));
    // Behind three rounds of 300 ms, and then a retry.
    expect((await upstream.fetch(both, `${registry.url}/c`)).status).toBe(200);
    await Promise.all(before);
  });
});

test("a host that is left alone for its failures says for how long", async () => {
  const upstream = client();
  registry.fault(/./, failing(500));
  for (const path of ["/a", "/b", "/c", "/d", "/e"]) await upstream.fetch(both, registry.url + path);
  const error = (await failure(upstream.fetch(both, `${registry.url}/a`))) as UpstreamFailed;
  expect(error.retryAfter).toBeWithin(9_000, 10_001);
});
