/** What is signed, and what is not, on its way into the store and out of it. */
import { expect, test } from "bun:test";
import { npm } from "../../ecosystems/npm.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { on } from "../../src/contract/events.ts";
import type { Trust } from "../../src/contract/signatures.ts";
import { Withheld } from "../../src/lib/errors.ts";
import { type Mount, makeMount } from "../../src/mounts/mounts.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { fileAt } from "../support/files-cache.ts";
import { makeNpm, type NpmPackage } from "../support/registries/npm.ts";
import { keyFile, registryKeys } from "../support/registry-keys.ts";
import { startUpstream } from "../support/upstream.ts";

const [ours, theirs] = [registryKeys(), registryKeys()];
const TRUST: Trust = { keys: [keyFile(ours.json)], require: [] };
const STRICT: Trust = { ...TRUST, require: ["registry"] };
const PATH = "/acme/-/acme-1.0.0.tgz";

const failures: unknown[] = [];
on("untrusted", (event) => failures.push(event));

async function setUp(sign: NpmPackage["sign"] | undefined) {
  failures.length = 0;
  const upstream = await startUpstream();
  const versions = { "1.0.0": { publishedAt: "2024-01-01T00:00:00.000Z" } };
  upstream.mount("", (base) => makeNpm([{ name: "acme", versions, ...(sign && { sign }) }], base));
  const parts = await engine();
  const mountOf = (trust: Trust | undefined): Mount =>
    makeMount("npm", npm, { upstreams: { default: upstream.url }, ttl: 60_000, trust });
  const get = async (trust: Trust | undefined, cache: Cache = parts.cache) =>
    bytesOf(cache, await cache.get(mountOf(trust), askFor(PATH)));
  const close = async () => {
    await parts.close();
    await upstream.close();
  };
  return { ...parts, upstream, mountOf, get, [Symbol.asyncDispose]: close };
}

test("what is signed by a trusted key is kept", async () => {
  await using s = await setUp(ours.sign);
  expect((await s.get(STRICT)).length).toBeGreaterThan(0);
  await s.cache.drain();
  expect(s.cache.artifacts.held(fileAt(s.mountOf(STRICT), PATH))).toBeDefined();
  expect(failures).toEqual([]);
});

test.each([
  ["by another key", theirs.sign, TRUST, `found one by ${theirs.keyid}, which is not among the keys`],
  [
    "of another file",
    () => ours.sign("acme@2.0.0:sha512-AAAA"),
    TRUST,
    `by ${ours.keyid} that is not over acme@1.0.0:`,
  ],
  ["missing where there must be one", undefined, STRICT, "expected a signature, found none"],
])("a signature %s: withheld, counted, nothing is asked for or stored", async (_, sign, trust, reason) => {
  await using s = await setUp(sign);
  const error = await failure(s.get(trust));
  expect(error).toBeInstanceOf(Withheld);
  expect((error as Error).message).toContain(`${PATH} is withheld: its registry signature`);
  expect((error as Error).message).toContain(reason);
  expect((error as Error).message).toContain("mounts.npm.trust");
  expect(failures).toEqual([{ mount: "npm", path: PATH, kind: "registry", reason: expect.stringContaining(reason) }]);
  expect(await failure(s.cache.artifacts.hold(fileAt(s.mountOf(trust), PATH)))).toBeInstanceOf(Withheld);
  expect(s.upstream.count(PATH)).toBe(0);
  expect(s.cache.artifacts.held(fileAt(s.mountOf(trust), PATH))).toBeUndefined();
});

test.each([
  ["without keys nothing is looked at", theirs.sign, undefined],
  ["what has no signature passes where none is required", undefined, TRUST],
])("%s", async (_, sign, trust) => {
  await using s = await setUp(sign);
  expect((await s.get(trust)).length).toBeGreaterThan(0);
  expect(failures).toEqual([]);
});

test("what is held from before there were keys is withheld, kept, and served once they fit", async () => {
  await using s = await setUp(ours.sign);
  await s.get(undefined);
  await s.cache.drain();
  await s.upstream.down();
  const offline = await s.again({ makesUpstreamRequests: false });
  expect((await s.get(STRICT, offline)).length).toBeGreaterThan(0);
  const wrong: Trust = { keys: [keyFile(theirs.json)], require: [] };
  expect(await failure(s.get(wrong, await s.again({ makesUpstreamRequests: false })))).toBeInstanceOf(Withheld);
  expect((await s.get(STRICT, await s.again({ makesUpstreamRequests: false }))).length).toBeGreaterThan(0);
});

test("a held file that is not the one that is signed is withheld", async () => {
  await using s = await setUp(ours.sign);
  await s.get(undefined);
  await s.cache.drain();
  // The index is replaced by one whose signature is right, over another file.
  const integrity = `sha512-${Buffer.alloc(64, 1).toString("base64")}`;
  const signatures = ours.sign(`acme@1.0.0:${integrity}`);
  const dist = { tarball: `${s.upstream.url}${PATH}`, integrity, signatures };
  const body = JSON.stringify({ name: "acme", versions: { "1.0.0": { name: "acme", version: "1.0.0", dist } } });
  s.upstream.set("/acme", { body, headers: { "content-type": "application/json" } });
  s.clock.advance(3_600_000);
  await s.cache.get(s.mountOf(undefined), askFor("/acme"));
  const error = await failure(s.get(TRUST, await s.again({})));
  expect((error as Error).message).toMatch(/is withheld .+ expected sha512:0101.+, found sha512:/);
});
