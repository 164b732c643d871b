/** What answers without the wanted body mean. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { request } from "../../src/cache/request.ts";
import type { NotFound, UpstreamFailed } from "../../src/errors.ts";
import { Upstream } from "../../src/upstream/client.ts";
import { failure } from "../support/engine.ts";
import { failing } from "../support/faults.ts";
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
        urls: [[`${server.url}/a`]],
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
  [403, true, "NotFound"],
  [403, false, "UpstreamFailed"],
])("%i (of a file: %p) is %s", async (status, raw, name) => {
  server.fault("/a", failing(status));
  expect(((await ask(raw)) as NotFound | UpstreamFailed).name).toBe(name as "NotFound");
});
