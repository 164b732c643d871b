/** Roots of roots, whose documents have no addresses of their own: a timestamp names a snapshot, and this one an index (TUF, Hackage). */
import { afterAll, expect, test } from "bun:test";
import { hash } from "../../src/contract/digest.ts";
import type { Doc, Ecosystem, Facts, Path } from "../../src/contract/ecosystem.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine } from "../support/engine.ts";
import { files } from "../support/files-ecosystem.ts";
import { json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const [upstream, { cache, clock, close }] = await Promise.all([startUpstream(), engine({ staleWhileRevalidate: 0 })]);
afterAll(async () => {
  await Promise.all([close(), upstream.close()]);
});

const named = (doc: Doc): Facts => ({
  documents: Object.entries(doc.json<Record<string, string>>()).map(([path, sha256]) => ({
    path: path as Path,
    digest: `sha256:${sha256}` as const,
  })),
});
const DAY = 86_400;
const nested: Ecosystem = {
  ...files,
  routes: [
    {
      kind: "metadata",
      match: "/timestamp.json",
      freshness: 0,
      parse: named,
      generation: () => ({ roots: ["/timestamp.json"] }),
    },
    {
      kind: "metadata",
      match: "/snapshot.json",
      freshness: DAY,
      parse: named,
      generation: () => ({ roots: ["/timestamp.json"] }),
    },
    { kind: "metadata", match: "/index.json", freshness: DAY, generation: () => ({ roots: ["/snapshot.json"] }) },
  ],
};

/** Has upstream publish a generation, all of it. */
function publish(generation: number): void {
  const index = JSON.stringify({ generation });
  const snapshot = JSON.stringify({ "/index.json": hash("sha256", new TextEncoder().encode(index)) });
  upstream.set("/index.json", { body: index, headers: { "content-type": "application/json" } });
  upstream.set("/snapshot.json", { body: snapshot, headers: { "content-type": "application/json" } });
  upstream.set("/timestamp.json", json({ "/snapshot.json": hash("sha256", new TextEncoder().encode(snapshot)) }));
}

let mounts = 0;
function setUp() {
  const mount = makeMount(`nested${mounts++}`, nested, { upstreams: { default: upstream.url }, ttl: 300_000 });
  return async (path: Path) => new TextDecoder().decode(await bytesOf(cache, await cache.get(mount, askFor(path))));
}

test.each([
  ["as clients ask, the timestamp first", ["/timestamp.json", "/snapshot.json", "/index.json"]],
  ["where the index alone is asked for", ["/index.json"]],
] as const)("a new timestamp makes what it names due at once, and what that names: %s", async (_how, asked) => {
  publish(1);
  const get = setUp();
  for (const path of ["/timestamp.json", "/snapshot.json", "/index.json"] as const) await get(path);
  expect(await get("/index.json")).toBe('{"generation":1}');
  publish(2);
  clock.advance(16 * 60_000);
  for (const path of asked) await get(path);
  expect(await get("/index.json")).toBe('{"generation":2}');
});
