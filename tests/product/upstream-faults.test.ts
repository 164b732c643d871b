/** Upstreams that lie, stall or break: a clear error in the client's format, nothing stored, and never a wrong byte. */
import { describe, expect, test } from "bun:test";
import { hash } from "../../src/contract/digest.ts";
import { failure } from "../support/engine.ts";
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
  withoutLength,
  wrongBytes,
  wrongLength,
} from "../support/faults.ts";
import { BIG, npmProxy, SMALL } from "../support/npm-proxy.ts";
import { TIMEOUT } from "../support/time-limits.ts";

interface Case {
  what: string;
  fault: Fault;
  status: number;
  says: string;
}

describe("a document", () => {
  const cases: Case[] = [
    {
      what: "is an HTML page with status 200",
      fault: htmlErrorPage(),
      status: 502,
      says: "an HTML page in place of the document",
    },
    { what: "never ends", fault: endlessBody(), status: 502, says: "more than the 5000000 bytes" },
    { what: "is a gzip bomb", fault: gzipBomb(), status: 502, says: "more than the 5000000 bytes" },
    { what: "is redirected in a circle", fault: redirectLoop(), status: 502, says: "redirected more than 5 times" },
    {
      what: "is redirected to a private address",
      fault: redirect("http://10.1.2.3/x"),
      status: 502,
      says: "private address",
    },
    {
      what: "is redirected to a file",
      fault: redirect("file:///etc/passwd"),
      status: 502,
      says: "only http and https",
    },
    { what: "drips", fault: slowDrip(10), status: 504, says: "less than 512 bytes a second" },
    {
      what: "stops in the middle",
      fault: stalledAfter(100, 20_000),
      status: 504,
      says: "less than 512 bytes a second",
    },
    { what: "does not come", fault: delayed(20_000), status: 504, says: "no answer within 1000 ms" },
    { what: "fails", fault: failing(500), status: 502, says: "answered 500" },
    { what: "is refused for a while", fault: failing(429, 60), status: 429, says: "answered 429" },
    { what: "is denied", fault: failing(403), status: 403, says: "answered 403" },
    { what: "is gone", fault: failing(410), status: 404, says: "status 410" },
    { what: "breaks off at once", fault: hangUp(), status: 502, says: "cannot be reached" },
  ];
  test.each(cases)(
    "that $what: $status",
    async ({ fault, status, says }) => {
      await using all = await npmProxy();
      all.upstream.fault(/\/small$/, fault);
      const response = await fetch(`${all.proxy.url}/npm/small`);
      expect(response.status).toBe(status);
      expect(((await response.json()) as { error: string }).error).toContain(says);
      expect(await (await fetch(`${all.proxy.url}/stats`)).json()).toMatchObject({ total_size_bytes: 0 });
    },
    TIMEOUT,
  );
});

describe("an artifact", () => {
  const cases: Case[] = [
    { what: "has other bytes than the index promises", fault: wrongBytes(), status: 502, says: "expected sha512:" },
    { what: "is an HTML page with status 200", fault: htmlErrorPage(), status: 502, says: "expected sha512:" },
    { what: "announces too many bytes", fault: wrongLength(100), status: 502, says: "broke off" },
    { what: "announces too few", fault: wrongLength(-100), status: 502, says: "expected sha512:" },
    { what: "drips", fault: slowDrip(10), status: 504, says: "less than 512 bytes a second" },
    { what: "is missing", fault: failing(404), status: 404, says: "does not exist" },
  ];
  test.each(cases)(
    "that $what: $status, and right when upstream is",
    async ({ fault, status, says }) => {
      await using all = await npmProxy({ negative_ttl: "0" });
      all.upstream.fault(/small-1\.0\.0\.tgz$/, fault);
      const response = await fetch(`${all.proxy.url}${SMALL}`);
      expect(response.status).toBe(status);
      expect(((await response.json()) as { error: string }).error).toContain(says);
      expect(await (await fetch(`${all.proxy.url}/stats`)).json()).toMatchObject({ cached_artifacts: 0 });
      all.upstream.heal();
      const healed = await fetch(`${all.proxy.url}${SMALL}`);
      const truth = await fetch(`${all.registry}/small/-/small-1.0.0.tgz`);
      expect(hash("sha256", await healed.bytes())).toBe(hash("sha256", await truth.bytes()));
    },
    TIMEOUT,
  );

  test(
    "of unknown length is verified before the first byte",
    async () => {
      await using all = await npmProxy();
      all.upstream.fault(/small-1\.0\.0\.tgz$/, withoutLength());
      expect((await fetch(`${all.proxy.url}${SMALL}`)).status).toBe(200);
    },
    TIMEOUT,
  );

  test(
    "that breaks twice is continued where it broke",
    async () => {
      await using all = await npmProxy();
      const truth = await (await fetch(`${all.registry}/big/-/big-1.0.0.tgz`)).bytes();
      all.upstream.forget();
      all.upstream.fault(/big-1\.0\.0\.tgz$/, firstTimes(2, cutAfter(2_000_000)));
      const response = await fetch(`${all.proxy.url}${BIG}`);
      expect(hash("sha256", await response.bytes())).toBe(hash("sha256", truth));
      const asked = all.upstream.requests.filter(({ path }) => path.endsWith("big-1.0.0.tgz"));
      expect(asked.map(({ status }) => status)).toEqual([200, 206, 206]);
      // What was read before the break is not asked for again; how much that was is the network's business.
      const [, second = 0, third = 0] = asked.map(({ headers }) =>
        Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1]),
      );
      expect([second > 1_000_000, third > second + 1_000_000]).toEqual([true, true]);
    },
    TIMEOUT,
  );

  test(
    "too large to be held back, with wrong bytes: the answer is cut off, and nothing is stored",
    async () => {
      await using all = await npmProxy();
      all.upstream.fault(/big-1\.0\.0\.tgz$/, wrongBytes());
      expect(await failure(fetch(`${all.proxy.url}${BIG}`).then((response) => response.bytes()))).toBeInstanceOf(Error);
      await Bun.sleep(300);
      expect(await (await fetch(`${all.proxy.url}/stats`)).json()).toMatchObject({ cached_artifacts: 0 });
    },
    TIMEOUT,
  );

  test(
    "that never ends is cut off at the bound",
    async () => {
      await using all = await npmProxy();
      all.upstream.fault(/big-1\.0\.0\.tgz$/, endlessBody());
      expect(await failure(fetch(`${all.proxy.url}${BIG}`).then((response) => response.bytes()))).toBeInstanceOf(Error);
      await Bun.sleep(500);
      expect(await (await fetch(`${all.proxy.url}/stats`)).json()).toMatchObject({ cached_artifacts: 0 });
    },
    TIMEOUT,
  );
});

test(
  "stale rather than nothing: a document is sent when upstream is down, and a restart does not forget it",
  async () => {
    await using all = await npmProxy({ metadata_ttl: "0", stale_while_revalidate: "0" });
    const fresh = await (await fetch(`${all.proxy.url}/npm/small`)).text();
    await all.upstream.down();
    const stale = await fetch(`${all.proxy.url}/npm/small`);
    expect([stale.status, stale.headers.get("x-cache")]).toEqual([200, "stale"]);
    expect(await stale.text()).toBe(fresh);
  },
  TIMEOUT,
);
