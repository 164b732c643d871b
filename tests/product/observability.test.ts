import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delayed, failing, firstTimes, hangUp, slowDrip, wrongBytes } from "../support/faults.ts";
import { BIG, npmProxy, SMALL } from "../support/npm-proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

/** The value of a series summed over its labels; histograms by their count. */
async function series(url: string): Promise<(name: string) => number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return (name) =>
    Array.from(text.matchAll(new RegExp(`^${name}(?:_count)?(?:\\{[^}]*\\})? (\\S+)$`, "gm")), ([, value]) =>
      Number(value),
    ).reduce((a, b) => a + b, 0);
}

test(
  "every series is moved by what it counts",
  async () => {
    await using all = await npmProxy({
      metadata_ttl: "0",
      stale_while_revalidate: "0",
      health: { storage_probe_interval: "0" },
    });
    const { url } = all.proxy;
    const before = await series(url);
    all.upstream.fault(/big-1\.0\.0\.tgz$/, delayed(200));
    await Promise.all([1, 2, 3].map(async () => (await fetch(`${url}${BIG}`)).bytes()));
    await (await fetch(`${url}${BIG}`)).bytes();
    all.upstream.fault(/small-1\.0\.0\.tgz$/, wrongBytes());
    await fetch(`${url}${SMALL}`);
    await (await fetch(`${url}/npm/small`)).bytes();
    const active = fetch(`${url}/npm/big/-/big-2.0.0.tgz`);
    // A breaker counts different paths: one that fails says nothing of the others.
    all.upstream.fault(/\/(?:small|absent-\d)$/, hangUp());
    for (const name of ["small", ...Array.from({ length: 6 }, (_, i) => `absent-${i}`)])
      await fetch(`${url}/npm/${name}`);
    await (await active).bytes();
    const after = await series(url);
    const moved = [
      "proxy_requests_total",
      "proxy_response_bytes_total",
      "proxy_request_duration_seconds",
      "proxy_cache_hits_total",
      "proxy_cache_misses_total",
      "proxy_cache_stale_total",
      "proxy_single_flight_waits_total",
      "proxy_upstream_fetch_duration_seconds",
      "proxy_upstream_errors_total",
      "proxy_upstream_bytes_total",
      "proxy_integrity_failures_total",
      "proxy_storage_operation_duration_seconds",
      "proxy_cache_size_bytes",
      "proxy_cached_artifacts_total",
      "proxy_circuit_breaker_trips_total",
      "proxy_circuit_breaker_state",
    ];
    const text = await (await fetch(`${url}/metrics`)).text();
    // By the labels and values that alerts of the Go peer have.
    expect(text).toMatch(/^proxy_circuit_breaker_state\{registry="[^"]+"\} 2$/m);
    expect(text).toMatch(/^proxy_request_duration_seconds_count\{ecosystem="npm",mount="npm",status="200"\} /m);
    for (const name of moved) expect([name, after(name) > before(name)]).toEqual([name, true]);
    // The scrape itself is the one that is being answered.
    expect(after("proxy_active_requests")).toBe(1);
  },
  TIMEOUT,
);

test(
  "/health uses the store, keeps its answer for an interval, and fails with the reason",
  async () => {
    await using all = await npmProxy({ health: { storage_probe_interval: "300ms" } });
    const { url } = all.proxy;
    const before = (await series(url))("proxy_storage_operation_duration_seconds");
    for (let i = 0; i < 5; i++)
      expect(await (await fetch(`${url}/health`)).json()).toEqual({
        status: "ok",
        checks: { storage: { status: "ok" }, database: { status: "ok" } },
      });
    expect((await series(url))("proxy_storage_operation_duration_seconds") - before).toBeLessThanOrEqual(1);
    const parts = Array.from(new Bun.Glob("**/parts-v1").scanSync({ cwd: all.dir, onlyFiles: false }))[0] ?? "";
    await Bun.$`rm -rf ${join(all.dir, parts)} && touch ${join(all.dir, parts)}`.quiet();
    await Bun.sleep(350);
    const failing = await fetch(`${url}/health`);
    expect([failing.status, await failing.json()]).toEqual([
      503,
      {
        status: "error",
        checks: {
          storage: { status: "error", error: expect.any(String) as string, step: expect.any(String) as string },
          database: { status: "ok" },
        },
      },
    ]);
    const after = await series(url);
    expect([after("proxy_health_probe_failures_total"), after("proxy_storage_errors_total")]).toEqual([1, 1]);
  },
  TIMEOUT,
);

test(
  "the access log: requests and what they asked of upstream share an id; no query, one line each",
  async () => {
    const path = join(tmpdir(), `access-${crypto.randomUUID()}.jsonl`);
    await using all = await npmProxy({ access_log: { path } });
    await fetch(`${all.proxy.url}/npm/small?token=secret`);
    await fetch(`${all.proxy.url}/npm/missing%0Aname`);
    await Bun.sleep(500);
    const lines = (await Bun.file(path).text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const request = lines.find((line) => line.event === "request" && line.path === "/npm/small");
    expect(request).toMatchObject({
      method: "GET",
      status_code: 200,
      remote_addr: "127.0.0.1",
      remote_ip: "127.0.0.1",
      ecosystem: "npm",
      bytes: expect.any(Number),
      user_agent: expect.stringContaining("Bun"),
      duration_ms: expect.any(Number),
      time: expect.any(String),
    });
    expect(lines.find((line) => line.event === "upstream" && line.request_id === request?.request_id)).toMatchObject({
      method: "GET",
      status_code: 200,
      url: `${all.registry}/small`,
    });
    expect(JSON.stringify(lines)).not.toContain("secret");
    await Bun.file(path).delete();
  },
  TIMEOUT,
);

describe("pages", () => {
  test(
    "the first page: every mount with its line, no scripts; the API page needs no other host",
    async () => {
      await using all = await npmProxy();
      const { url } = all.proxy;
      const home = await (await fetch(`${url}/`)).text();
      for (const mount of ["npm", "pypi", "cargo", "go", "maven"]) expect(home).toContain(`${url}/${mount}`);
      // What configurations name is an example; the page itself loads nothing.
      expect(home).not.toMatch(/<script|https:\/\/(?![\w.]+\.example\b)|src=|@import/);
      const docs = await (await fetch(`${url}/docs`)).text();
      expect(docs).toContain("/docs/scalar.js");
      expect(docs).not.toMatch(/(?:src|href)="https?:/);
      expect(
        Number((await fetch(`${url}/docs/scalar.js`, { method: "HEAD" })).headers.get("content-length")),
      ).toBeGreaterThan(1_000_000);
      const api = (await (await fetch(`${url}/openapi.json`)).json()) as {
        openapi: string;
        paths: Record<string, object>;
      };
      expect(api.openapi).toStartWith("3.");
      expect(Object.keys(api.paths)).toEqual(expect.arrayContaining(["/health", "/stats", "/metrics"]) as string[]);
      expect(JSON.stringify(api.paths["/stats"])).toContain("total_size_bytes");
    },
    TIMEOUT,
  );
});

test(
  "told to stop, it finishes what it is sending",
  async () => {
    await using all = await npmProxy();
    all.upstream.fault(/big-1\.0\.0\.tgz$/, slowDrip(5_000_000));
    const sending = fetch(`${all.proxy.url}${BIG}`).then((response) => response.bytes());
    await Bun.sleep(400);
    const stopping = all.proxy.stop();
    expect((await sending).length).toBeGreaterThan(1_000_000);
    expect(await stopping).toBe(0);
  },
  TIMEOUT,
);

test(
  "an upstream that recovers within patience is no error",
  async () => {
    await using all = await npmProxy();
    all.upstream.fault(/\/small$/, firstTimes(1, failing(503)));
    expect((await fetch(`${all.proxy.url}/npm/small`)).status).toBe(200);
  },
  TIMEOUT,
);
