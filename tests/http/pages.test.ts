/** What people and programs see beside packages: the first page, the API's description, health; and errors in each client's words. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { makeApp } from "../../src/http/app.ts";
import { HealthProbe } from "../../src/http/health.ts";
import { type HostSettings, Hosts } from "../../src/http/hosts.ts";
import { Metrics } from "../../src/http/metrics.ts";
import { homePage } from "../../src/http/page.ts";
import { openDatabase } from "../../src/index/sqlite/open.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { ecosystems } from "../../src/registry.generated.ts";
import { setUp } from "../support/files-cache.ts";
import { npmProxy } from "../support/npm-proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { raw, wire } from "./serving.ts";

const mounts = ecosystems.map((ecosystem) => makeMount(ecosystem.id, ecosystem, { ttl: 0 }));

describe("the first page", () => {
  test("has the line of each mount, and no script whatever it is given", async () => {
    const page = await homePage(mounts, 'http://"><script>alert(1)</script>', "<b>1", ({ ecosystem }, address) =>
      ecosystem.setup(address),
    );
    for (const { prefix, ecosystem } of mounts) {
      expect(page).toContain(`<code>${prefix}</code><td>${ecosystem.title.replaceAll("'", "&#39;")}`);
    }
    expect(page).not.toMatch(/<script|<b>|onerror|src=/);
    expect(page).toContain("&#60;script&#62;alert(1)");
  });

  test(
    "names the address that a trusted reverse proxy was asked by, and no other",
    async () => {
      await using behind = await npmProxy({ trusted_proxies: ["127.0.0.1"] });
      await using direct = await npmProxy();
      const forwarded = { "X-Forwarded-Host": "packages.example", "X-Forwarded-Proto": "https" };
      const page = async ({ proxy }: typeof direct) => (await fetch(proxy.url, { headers: forwarded })).text();
      expect(await page(behind)).toContain("https://packages.example/npm");
      expect(await page(direct)).not.toContain("packages.example");
      expect(await page(direct)).toContain(`${direct.proxy.url}/npm`);
      const { answer } = await raw(direct.proxy.port, wire("/", { Host: "a'onload='x" }));
      expect(answer).not.toContain("onload");
    },
    TIMEOUT,
  );
});

test(
  "the API's description is whole: every reference leads somewhere, every answer says what it is",
  async () => {
    await using all = await npmProxy();
    const api = (await (await fetch(`${all.proxy.url}/openapi.json`)).json()) as {
      openapi: string;
      info: { title: string; version: string };
      paths: Record<string, Record<string, { summary: string; responses?: Record<string, Answer> }>>;
    };
    interface Answer {
      content: Record<
        string,
        {
          schema: {
            type: string;
            required: string[];
            properties: Record<string, { type: string; description?: string }>;
          };
        }
      >;
    }
    expect(api.openapi).toMatch(/^3\.1\.\d$/);
    expect(Object.keys(api.paths).sort()).toEqual([
      "/api/mirror",
      "/api/mirror/{id}",
      "/api/mirror/{id}/events",
      "/api/mirror/{id}/failures",
      "/api/mirror/{id}/retry",
      "/health",
      "/metrics",
      "/stats",
    ]);
    for (const methods of Object.values(api.paths))
      for (const { summary } of Object.values(methods)) expect(summary.length).toBeGreaterThan(10);
    const stats = api.paths["/stats"]!["get"]!.responses!["200"]!.content["application/json"]!.schema;
    expect(stats.type).toBe("object");
    expect(stats.properties["cached_artifacts"]).toMatchObject({
      type: "integer",
      description: "Immutable files held",
    });
    // It describes what is answered.
    const answered = (await (await fetch(`${all.proxy.url}/stats`)).json()) as object;
    expect(Object.keys(answered).sort()).toEqual(stats.required.toSorted());
    expect(Object.keys(api.paths["/health"]!["get"]!.responses!)).toEqual(["200", "503"]);
    const events = api.paths["/api/mirror/{id}/events"]!["get"]!;
    expect(Object.keys(events.responses!)).toEqual(["200", "204", "401", "403", "404"]);
    expect(Object.keys(events.responses!["200"]!.content)).toEqual(["text/event-stream"]);
    expect(Object.keys(events.responses!["404"]!.content)).toEqual(["application/problem+json"]);
    expect(JSON.stringify(events)).toContain('"name":"last-event-id"');
    expect(Object.keys(api.paths["/api/mirror"]!["post"]!.responses!)).toContain("409");
    for (const [, reference] of JSON.stringify(api).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = reference!.split("/").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], api);
      expect([reference, typeof found]).toEqual([reference, "object"]);
    }
  },
  TIMEOUT,
);

test(
  "what is nowhere is 404, and a wrong method 405, in plain words",
  async () => {
    await using all = await npmProxy();
    const ask = async (path: string, method: string) => {
      const response = await fetch(`${all.proxy.url}${path}`, { method });
      return [response.status, response.headers.get("allow"), await response.text()];
    };
    expect(await ask("/nowhere/<b>", "GET")).toEqual([
      404,
      null,
      "there is nothing at /nowhere/%3Cb%3E; the page at / lists what is here\n",
    ]);
    for (const path of ["/", "/health", "/stats", "/metrics", "/openapi.json", "/docs"])
      expect(await ask(path, "POST")).toEqual([405, "GET, HEAD", `POST is not allowed for ${path}\n`]);
  },
  TIMEOUT,
);

test(
  "the documentation page asks nobody else",
  async () => {
    await using all = await npmProxy();
    const page = await (await fetch(`${all.proxy.url}/docs`)).text();
    const scripts = Array.from(page.matchAll(/<(?:script|link|img)[^>]*?(?:src|href)="([^"]+)"/g), ([, url]) => url);
    expect(scripts).toEqual(["/docs/scalar.js"]);
    expect(page).toContain('"withDefaultFonts":false');
    expect(page).toContain('"/openapi.json"');
  },
  TIMEOUT,
);

test("a database that does not answer is told, with the reason", async () => {
  await using all = await setUp();
  const database = openDatabase(join(all.dir, "other.db"));
  const probe = new HealthProbe(all.cache, database, 1_000);
  expect(await probe.health(0)).toEqual({
    status: "ok",
    checks: { storage: { status: "ok" }, database: { status: "ok" } },
  });
  await database.close();
  expect((await probe.health(999)).status).toBe("ok");
  expect(await probe.health(1_000)).toEqual({
    status: "error",
    checks: {
      storage: { status: "ok" },
      database: { status: "error", error: expect.stringContaining("closed") as string },
    },
  });
});

describe("an absence, offline", () => {
  const json = (text: string) => JSON.parse(text) as unknown;
  const why = expect.stringContaining("offline") as string;
  test(
    "is told to each client in its own form",
    async () => {
      await using all = await npmProxy({}, { offline: true });
      const told = async (path: string) => {
        const response = await fetch(`${all.proxy.url}${path}`);
        return [response.status, response.headers.get("content-type"), await response.text()] as const;
      };
      const [npm, pypi, cargo] = [
        await told("/npm/absent"),
        await told("/pypi/simple/absent/"),
        await told("/cargo/ab/se/absent"),
      ];
      expect([npm[0], npm[1], json(npm[2])]).toEqual([404, "application/json", { error: why }]);
      expect([pypi[0], pypi[1], json(pypi[2])]).toEqual([
        404,
        "application/problem+json",
        { status: 404, detail: why },
      ]);
      expect([cargo[0], cargo[1], json(cargo[2])]).toEqual([404, "application/json", { errors: [{ detail: why }] }]);
      for (const path of ["/go/absent.example/a/@v/list", "/maven/ex/absent/1.0/absent-1.0.pom"])
        expect(await told(path)).toEqual([404, "text/plain; charset=utf-8", why]);
    },
    TIMEOUT,
  );
});

describe("below a path", () => {
  test("the pages' links begin with it", async () => {
    const page = await homePage(mounts, "https://example.org/packages", "1", () => "");
    expect(page).toContain('href="/packages/docs"');
    expect(page).toContain('href="/packages/health"');
    expect(page).not.toMatch(/href="\/(?!packages\/)/);
  });

  test("so does what the page of the API reads", async () => {
    const metrics = new Metrics([], () => ({ blobs: 0, bytes: 0, artifacts: 0 }));
    const app = makeApp({
      version: "1",
      metrics,
      mounts: [],
      health: () => Promise.reject(new Error("not asked")),
      stats: () => ({}) as never,
      base: () => "https://example.org/packages",
      below: "/packages",
      setup: () => "",
    });
    const answer = await app.handle(new Request("http://127.0.0.1/docs"));
    expect(answer.headers.get("content-security-policy")).toContain("script-src 'self'");
    const docs = await answer.text();
    expect(docs).toContain("/packages/openapi.json");
    expect(docs).toContain('src="/packages/docs/scalar.js"');
  });
});

describe("hosts", () => {
  const baseOf = (settings: Partial<HostSettings>, host: string) =>
    new Hosts({ hosts: [], trustedProxies: [], ...settings }).baseOf(
      new Request(`http://${host}/`),
      `http://${host}`,
      () => "10.0.0.1",
    );
  const baseUrl = "https://packages.example/sub";
  test.each<[string, Partial<HostSettings>, string, string | undefined]>([
    ["base_url alone refuses nobody", { baseUrl }, "10.1.2.3:8080", baseUrl],
    ["… nor its own host", { baseUrl }, "packages.example", baseUrl],
    ["hosts do", { hosts: ["a.example"] }, "b.example", undefined],
    ["… with base_url", { baseUrl, hosts: ["a.example"] }, "b.example", undefined],
    ["… but not that of base_url", { baseUrl, hosts: ["a.example"] }, "packages.example", baseUrl],
    ["… nor themselves", { baseUrl, hosts: ["a.example"] }, "a.example:8080", baseUrl],
    ["neither: any", {}, "b.example:1", "http://b.example:1"],
  ])("%s", (_, settings, host, expected) => expect(baseOf(settings, host)).toBe(expected));
});
