/** What answers without the wanted body mean. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { request } from "../../src/cache/transfer/request.ts";
import { isRefusal, type NotFound, type UpstreamFailed } from "../../src/lib/errors.ts";
import { Upstream } from "../../src/upstream/client.ts";
import { failure } from "../support/engine.ts";
import { failing, instead, stalledAfter } from "../support/faults.ts";
import { startUpstream } from "../support/upstream.ts";

const server = await startUpstream();
beforeEach(() => server.heal());
afterAll(() => server.close());

/** Each time as a process that asks for the first time. */
const ask = (raw: boolean) =>
  failure(
    request(
      new Upstream({ timeout: 1_000, patience: 0, credentials: [], allowPrivate: [], userAgent: "test" }),
      {
        mount: { name: "m", trusted: new Set([server.url]) },
        path: "/a",
        kind: "artifact",
        sources: [{ registry: server.url, urls: [`${server.url}/a`] }],
        algorithms: [],
        keepHeaders: [],
        maximum: 1_000,
        raw,
      },
      0,
      undefined,
    ),
  );

test.each([
  [429, 7, 7_000],
  [503, 7, 7_000],
  [503, undefined, undefined],
  [429, 10 ** 9, 3_600_000],
])("%i with Retry-After %p is worth another try in %p ms", async (status, seconds, retryAfter) => {
  server.fault("/a", failing(status, seconds));
  const error = (await ask(true)) as UpstreamFailed;
  expect([error.name, error.status, error.retryable, error.retryAfter]).toEqual([
    "UpstreamFailed",
    status,
    true,
    retryAfter,
  ]);
});

test("what upstream refuses for good has no time to come back", async () => {
  server.fault("/a", failing(401, 7));
  const error = (await ask(true)) as UpstreamFailed;
  expect([error.status, error.retryable, error.retryAfter]).toEqual([401, false, undefined]);
});

test.each([
  [404, false, "NotFound"],
  [410, false, "NotFound"],
  ...[401, 403, 429, 451].flatMap((status) => [true, false].map((raw) => [status, raw, "UpstreamFailed"] as const)),
])("%i (of a file: %p) is %s", async (status, raw, name) => {
  server.fault("/a", failing(status));
  expect(((await ask(raw)) as NotFound | UpstreamFailed).name).toBe(name as "NotFound");
});

const OF_JSON = { "content-type": "application/json" };
test.each([
  [
    403,
    { "content-type": "text/plain" },
    "Requested item\nis quarantined\u001b[31m",
    "Requested item is quarantined [31m",
  ],
  [429, OF_JSON, '{"errors":[{"code":"TOOMANYREQUESTS","message":"pay first"}]}', "pay first"],
  [403, OF_JSON, '{"error":"malware"}', "malware"],
  [401, { "content-type": "application/problem+json" }, '{"title":"no","detail":"bring a token"}', "bring a token"],
  [403, { "content-type": "application/xml" }, "<Error><Message>Access Denied</Message></Error>", "Access Denied"],
  [403, OF_JSON, "{", undefined],
  [451, { "content-type": "text/html" }, "<h1>no</h1>", undefined],
  [451, {}, "", undefined],
  [403, { "content-type": "text/plain" }, "x".repeat(100_000), `${"x".repeat(500)}…`],
])("%i with %j and %s is passed on with the reason", async (status, headers, body, reason) => {
  server.fault("/a", instead({ status, headers, body }));
  const error = (await ask(true)) as UpstreamFailed;
  expect([isRefusal(error), error.status]).toEqual([true, status]);
  expect(error.message.replace(/^\S+ /, "")).toBe(`answered ${status} for /a${reason ? `: ${reason}` : ""}`);
});

test("a reason that does not come is not waited for", async () => {
  server.fault("/a", instead({ status: 403, headers: { "content-type": "text/plain" }, body: "x".repeat(4_000) }));
  server.fault("/a", stalledAfter(10, 20_000));
  expect(String(await ask(true))).toContain("answered 403 for /a: xxxxxxxxxx");
});
