/** Documents to which upstream appends: the rest is fetched, and joined only where it is the rest of what is held. */
import { describe, expect, test } from "bun:test";
import { hash } from "../../src/contract/digest.ts";
import type { Ecosystem, MetadataRoute, Path } from "../../src/contract/ecosystem.ts";
import { respondReady } from "../../src/http/respond.ts";
import { log } from "../../src/lib/log.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, engine } from "../support/engine.ts";
import { type Fault, firstTimes } from "../support/faults.ts";
import { files } from "../support/files-ecosystem.ts";
import { text } from "../support/tree.ts";
import { startUpstream, type UpstreamOptions } from "../support/upstream.ts";

const LOG: Path = "/log.txt";
const TTL = 300_000;
const START = Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join("");
const MORE = "one more\n";

const base64 = (body: string) => Buffer.from(hash("sha256", body), "hex").toString("base64");
/** With the digest of the whole. */
const stated = (body: string) => {
  const entry = text(body);
  return { ...entry, headers: { ...entry.headers, "repr-digest": `sha-256=:${base64(body)}:` } };
};
const ecosystem: Ecosystem = {
  ...files,
  digestHeaders: {
    sha256: {
      name: "repr-digest",
      value: (hex) => `sha-256=:${Buffer.from(hex, "hex").toString("base64")}:`,
    },
    md5: { name: "etag", value: (hex) => `"${hex}"` },
  },
};

async function setUp(manners: UpstreamOptions = {}, grows: MetadataRoute["grows"] = true) {
  const upstream = await startUpstream(manners);
  const routes = [{ kind: "metadata" as const, match: LOG, grows }];
  const mount = makeMount("files", { ...ecosystem, routes }, { upstreams: { default: upstream.url }, ttl: TTL });
  const { cache, clock, close } = await engine({ staleWhileRevalidate: 0 });
  upstream.set(LOG, text(START));
  const ready = async () => {
    const answer = await cache.get(mount, askFor(LOG));
    if (answer.kind !== "ready") throw new Error(answer.kind);
    return answer.ready;
  };
  /** What is sent once the held one is no longer fresh. */
  const renewed = async () => {
    clock.advance(TTL + 1);
    return new TextDecoder().decode((await ready()).bytes);
  };
  await ready();
  return {
    upstream,
    ready,
    renewed,
    asked: () => upstream.requests.slice(1).map(({ status, headers }) => `${status} ${headers["range"] ?? "whole"}`),
    async [Symbol.asyncDispose]() {
      await close();
      await upstream.close();
    },
  };
}

const from = `bytes=${START.length - 1_024}-`;

test("of a trailer that is made anew each time, the old one goes", async () => {
  await using s = await setUp({}, { trailer: 100 });
  const grown = `${START.slice(0, -100)}${MORE}${"an end of another kind ".repeat(3)}`;
  s.upstream.set(LOG, stated(grown));
  expect(await s.renewed()).toBe(grown);
  expect(s.asked()).toEqual([`206 bytes=${START.length - 100 - 1_024}-`]);
  // Short of the old one: the list may have become shorter than its trailer was.
  const shorter = START.slice(0, -100);
  s.upstream.set(LOG, stated(shorter));
  expect(await s.renewed()).toBe(shorter);
});

describe("what upstream appended", () => {
  test("is joined to what is held; nothing appended costs nothing", async () => {
    await using s = await setUp();
    expect(await s.renewed()).toBe(START);
    s.upstream.set(LOG, stated(START + MORE));
    expect(await s.renewed()).toBe(START + MORE);
    expect(s.asked()).toEqual([`304 ${from}`, `206 ${from}`]);
  });
  test("is noticed where upstream has no validators", async () => {
    await using s = await setUp({ etags: false });
    s.upstream.set(LOG, stated(START));
    expect(await s.renewed()).toBe(START);
    s.upstream.set(LOG, stated(START + MORE));
    expect(await s.renewed()).toBe(START + MORE);
    expect(s.asked()).toEqual([`206 ${from}`, `206 ${from}`]);
  });
  test("is fetched whole where upstream states no digest of the whole: an equal end says nothing of the middle", async () => {
    await using s = await setUp();
    const body = START.replace("line 7\n", "LINE 7\n") + MORE;
    s.upstream.set(LOG, text(body));
    expect(await s.renewed()).toBe(body);
    expect(s.asked()).toEqual([`206 ${from}`, "200 whole"]);
  });
  test.each([
    ["nothing", ""],
    ["lines", MORE],
  ])(
    "is joined where its validator is the digest of the whole, and not where the middle changed: %s added",
    async (_, more) => {
      await using s = await setUp();
      const set = (body: string) => s.upstream.set(LOG, { ...text(body), headers: { etag: `"${hash("md5", body)}"` } });
      set(START);
      await s.renewed();
      const body = START.replace("line 7\n", "LINE 7\n") + more;
      set(body);
      expect(await s.renewed()).toBe(body);
      set(body + MORE);
      expect(await s.renewed()).toBe(body + MORE);
      expect(
        s
          .asked()
          .map((each) => each.slice(0, 3))
          .slice(-3),
      ).toEqual(["206", "200", "206"]);
    },
  );
  test("is sent with the digests of the whole, also where a client asks for a part", async () => {
    await using s = await setUp();
    s.upstream.set(LOG, text(START + MORE));
    await s.renewed();
    const request = new Request("http://proxy.example/files/log.txt", {
      headers: { range: `bytes=${START.length - 1}-`, "if-none-match": `"${hash("md5", START)}"` },
    });
    const response = respondReady(request, await s.ready(), "hit");
    expect([response.status, await response.text()]).toEqual([206, `\n${MORE}`]);
    expect(response.headers.get("etag")).toBe(`"${hash("md5", START + MORE)}"`);
    expect(response.headers.get("repr-digest")).toBe(`sha-256=:${base64(START + MORE)}:`);
  });
  test("zipped, it has the same validator, weak", async () => {
    await using s = await setUp();
    const zipped = (more: Record<string, string> = {}) =>
      new Request("http://proxy.example/files/log.txt", { headers: { "accept-encoding": "gzip", ...more } });
    const response = respondReady(zipped(), await s.ready(), "hit");
    const etag = response.headers.get("etag") ?? "";
    expect([response.headers.get("content-encoding"), etag]).toEqual(["gzip", `W/"${hash("md5", START)}"`]);
    expect(respondReady(zipped({ "if-none-match": etag }), await s.ready(), "hit").status).toBe(304);
  });
});

const stating =
  (body: string, header: string): Fault =>
  (reply) => ({ ...reply, headers: { ...reply.headers, [header]: `sha-256=${base64(body)}` } });

describe("is taken whole, with one reason in the log", () => {
  const REBUILT = START.replace("line 7\n", "line seven\n");
  test.each<[string, string, { fault?: Fault; manners?: UpstreamOptions }, string | undefined, string[]]>([
    ["one that shrank", START.slice(0, 500), {}, "it is shorter than what is held", [`416 ${from}`, "200 whole"]],
    ["one made anew", `new\n${START}`, {}, "it differs where the held one ends", [`206 ${from}`, "200 whole"]],
    [
      "one whose end is the same, where upstream states its digest",
      REBUILT.replace("line 8\n", "l8\n").padStart(START.length, "#"),
      { fault: stating("another", "digest") },
      "the whole has another digest than upstream states",
      [`206 ${from}`, "200 whole"],
    ],
    [
      "one whose end does not come",
      START + MORE,
      {
        fault: firstTimes(1, (reply) => ({
          ...reply,
          headers: { ...reply.headers, "content-range": `bytes ${START.length - 1024}-9/99999` },
        })),
      },
      "its end was cut off",
      [`206 ${from}`, "200 whole"],
    ],
    [
      "one that upstream sends whole",
      START + MORE,
      { manners: { ranges: false } },
      undefined,
      [`200 ${from}`, "200 whole"],
    ],
  ])("%s", async (_, body, { fault, manners }, reason, asked) => {
    await using s = await setUp(manners);
    const said: unknown[] = [];
    const { warn } = log;
    log.warn = (_message, fields) => void said.push(fields);
    try {
      s.upstream.set(LOG, text(body));
      if (fault) s.upstream.fault(LOG, fault);
      expect(await s.renewed()).toBe(body);
    } finally {
      log.warn = warn;
    }
    expect(s.asked()).toEqual(asked);
    expect(said).toEqual(
      reason === undefined ? [] : [{ mount: "files", path: LOG, reason, held: START.length, size: body.length }],
    );
  });
});
