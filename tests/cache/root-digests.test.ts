/** Digests that a root states of documents which may change are enforced: nested roots, as TUF has them, without paths by content. */
import { expect, test } from "bun:test";
import type { CacheSettings } from "../../src/cache/context.ts";
import { blobHasher } from "../../src/cache/integrity/hash-blobs.ts";
import { Scrub, type ScrubItem } from "../../src/cache/integrity/scrub.ts";
import { documentAt } from "../../src/cache/target.ts";
import { hash } from "../../src/contract/digest.ts";
import type { Digest, Doc, Ecosystem, Path } from "../../src/contract/ecosystem.ts";
import { DigestMismatch, Withheld } from "../../src/lib/errors.ts";
import { hold } from "../../src/mirror/plan/fetch-file.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { files } from "../support/files-ecosystem.ts";
import { json, text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const documents = (doc: Doc) => ({
  documents: Object.entries(doc.json<Record<Path, Digest>>()).map(([path, digest]) => ({ path: path as Path, digest })),
});
const TTL = 300_000;

/** `timestamp` states the digest of `snapshot`, that those of the index and of a list; the list's route names it, the index is of its
 * generation. */
const ecosystem: Ecosystem = {
  ...files,
  routes: [
    { kind: "metadata", match: "/timestamp", freshness: 60, parse: documents },
    { kind: "metadata", match: "/snapshot", parse: documents, generation: () => ({ roots: ["/timestamp"] }) },
    { kind: "metadata", match: "/index", generation: () => ({ roots: ["/snapshot"] }) },
    { kind: "metadata", match: "/list", describedBy: () => ["/snapshot"] },
  ],
};

async function setUp(settings: Partial<CacheSettings> = {}, algorithm: "sha256" | "sha512" = "sha256") {
  const upstream = await startUpstream();
  const started = await engine({ staleWhileRevalidate: 0, ...settings });
  const mount = makeMount("files", ecosystem, { upstreams: { default: upstream.url }, ttl: TTL });
  const stated = (body: string): Digest => `${algorithm}:${hash(algorithm, body)}`;
  /** Upstream's roots speak of these; what it sends may be another. */
  const publish = (index: string, sent = index) => {
    const snapshot = json({ "/index": stated(index), "/list": stated(index) });
    upstream.set("/snapshot", snapshot);
    upstream.set("/timestamp", json({ "/snapshot": stated(snapshot.body as string) }));
    for (const path of ["/index", "/list"]) upstream.set(path, text(sent));
  };
  const get = async (path: Path, cache = started.cache) =>
    new TextDecoder().decode(await bytesOf(cache, await cache.get(mount, askFor(path))));
  const scrub = async (cache = started.cache) => {
    const items: ScrubItem[] = [];
    const run = new Scrub(cache, {
      mounts: new Map([["files", mount]]),
      hash: blobHasher(cache.context.storage),
      lanes: 1,
      rate: 0,
      since: Number.POSITIVE_INFINITY,
      tell: (item) => items.push(item),
    });
    await run.run();
    return Object.fromEntries(items.map(({ path, outcome }) => [path, outcome]));
  };
  const close = async () => {
    await started.close();
    await upstream.close();
  };
  return { ...started, upstream, mount, publish, get, scrub, [Symbol.asyncDispose]: close };
}

test.each([
  ["/index", "sha256"],
  ["/index", "sha512"],
  ["/list", "sha256"],
] as const)(
  "%s, by %s: what the root does not state is refused, and nothing of it is kept",
  async (path, algorithm) => {
    await using s = await setUp({}, algorithm);
    s.publish("new", "old");
    expect(await failure(s.get(path))).toBeInstanceOf(DigestMismatch);
    expect(s.cache.documents.held(s.mount, path)).toBeUndefined();
    s.publish("new");
    expect(await s.get(path)).toBe("new");
  },
);

test.each(["/index", "/list"] as const)(
  "%s is fetched anew as soon as its root was, however fresh it is",
  async (path) => {
    await using s = await setUp();
    s.publish("one");
    expect(await s.get(path)).toBe("one");
    s.publish("two");
    s.clock.advance(61_000);
    await s.cache.documents.load({ ...targetOf(s, "/snapshot") }, { force: true });
    expect(await s.get(path)).toBe("two");
  },
);

test("a root that is old is asked for again before the mismatch is a failure", async () => {
  await using s = await setUp();
  s.publish("one");
  await s.get("/snapshot");
  s.publish("two");
  expect(await s.get("/list")).toBe("two");
});

test("a stale index under a newer root is refused to clients and mirrors, withheld offline, and reported by verify", async () => {
  await using s = await setUp();
  s.publish("one");
  await s.get("/index");
  s.publish("two", "one");
  await s.cache.documents.load(targetOf(s, "/timestamp"), { force: true });
  await s.cache.documents.load(targetOf(s, "/snapshot"), { force: true });
  expect(await failure(s.get("/index"))).toBeInstanceOf(DigestMismatch);
  const mirror = await s.again({ pinsWhatItFetches: true });
  expect(await failure(hold(mirror, s.mount, "/index"))).toBeInstanceOf(DigestMismatch);
  const offline = await s.again({ makesUpstreamRequests: false });
  expect(await failure(s.get("/index", offline))).toBeInstanceOf(Withheld);
  expect(await failure(hold(offline, s.mount, "/index"))).toBeInstanceOf(Withheld);
  expect(await s.scrub()).toMatchObject({ "/index": "mismatch", "/snapshot": "verified" });
  s.publish("two");
  expect(await s.scrub()).toMatchObject({ "/index": "repaired" });
  expect(await s.get("/index")).toBe("two");
});

function targetOf({ mount }: { mount: Parameters<typeof documentAt>[0] }, path: Path) {
  const target = documentAt(mount, path);
  if (!target) throw new Error(path);
  return target;
}
