/** Files that carry signatures, on their way into the store and out of it. */
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { CONTRACT_REVISION, type Ecosystem } from "../../src/contract/ecosystem.ts";
import type { Trust } from "../../src/contract/signatures.ts";
import { Withheld } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { filler } from "../support/archives/files.ts";
import { tar } from "../support/archives/tar.ts";
import { certify, signedGem, signedZip } from "../support/certificates.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { gated } from "../support/files-cache.ts";
import { keyFile } from "../support/registry-keys.ts";
import { binary } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const shelf: Ecosystem = {
  id: "shelf",
  contract: CONTRACT_REVISION,
  title: "Files of tests that carry signatures",
  spec: "https://shelf.example/",
  upstreams: { default: "https://shelf.example" },
  signs: ["x509"],
  routes: [
    { kind: "artifact", match: "/tar/:name", signed: "tar", describedBy: () => [] },
    { kind: "artifact", match: "/zip/:name", signed: "zip", describedBy: () => [] },
  ],
  index: () => [],
  versions: { compare: () => 0, isStable: () => true, satisfies: () => true },
  setup: (base) => base,
};

const [ours, theirs] = await Promise.all([certify("Ours"), certify("Theirs")]);
const TRUST: Trust = { keys: [keyFile(ours.certificate)], require: [] };
const STRICT: Trust = { ...TRUST, require: ["x509"] };
const LARGE = { "data.tar.gz": filler(3_000_000, "large") };
const FILES = {
  "/tar/right": signedGem(ours),
  "/tar/wrong": signedGem(theirs),
  "/tar/unsigned": tar(LARGE),
  "/tar/large": tar({ ...LARGE, "data.tar.gz.sig": "evil" }),
  "/zip/right": await signedZip({ a: "a" }, ours),
  "/zip/wrong": await signedZip({ a: "a" }, theirs),
} as const;
type File = keyof typeof FILES;

async function setUp() {
  const upstream = await startUpstream();
  for (const [path, bytes] of Object.entries(FILES)) upstream.set(path, binary(bytes));
  const parts = await engine({ now: Date.now() + 86_400_000 });
  const mountOf = (trust: Trust | null) =>
    makeMount("shelf", shelf, { upstreams: { default: upstream.url }, ttl: 60_000, trust: trust ?? undefined });
  const get = async (path: File, trust: Trust | null, cache = parts.cache) =>
    bytesOf(cache, await cache.get(mountOf(trust), askFor(path)));
  const isHeld = async (path: File) => {
    await parts.cache.drain();
    return parts.cache.context.artifacts.find("shelf", path) !== undefined;
  };
  const close = async () => {
    await parts.close();
    await upstream.close();
  };
  return { ...parts, upstream, get, isHeld, [Symbol.asyncDispose]: close };
}

test.each([
  ["/tar/right", STRICT],
  ["/zip/right", STRICT],
  ["/tar/unsigned", TRUST],
  ["/tar/wrong", null],
  ["/tar/large", null],
] as const)("%s is sent whole, and kept", async (path, trust) => {
  await using s = await setUp();
  expect(Buffer.from(await s.get(path, trust)).equals(Buffer.from(FILES[path]))).toBe(true);
  expect(await s.isHeld(path)).toBe(true);
});

test.each([
  ["/tar/wrong", TRUST, "nobody who is trusted vouches for Theirs"],
  ["/zip/wrong", TRUST, "nobody who is trusted vouches for Theirs"],
  ["/tar/unsigned", STRICT, "expected a signature, found none"],
  ["/tar/large", TRUST, "expected the certificate of its signer in metadata.gz"],
] as const)("%s is withheld before any of it is sent, and not kept", async (path, trust, reason) => {
  await using s = await setUp();
  const error = await failure(
    s.cache.get(makeMount("shelf", shelf, { ttl: 1, trust, upstreams: { default: s.upstream.url } }), askFor(path)),
  );
  expect(error).toBeInstanceOf(Withheld);
  expect((error as Error).message).toContain(`${path} is withheld: its x509 signature`);
  expect((error as Error).message).toContain(reason);
  expect(await s.isHeld(path)).toBe(false);
  expect(await s.get(path, null)).toHaveLength(FILES[path].length);
});

test.each([
  ["the same", TRUST],
  ["nobody", null],
] as const)(
  "a file that another process fetches, which trusts %s, is withheld before any of it is sent",
  async (_, trust) => {
    await using s = await setUp();
    const { fault, open } = gated(2_000_000);
    s.upstream.fault("/tar/large", fault);
    await using second = await engine({ now: Date.now() + 86_400_000 }, { dir: s.dir }).then((other) => ({
      ...other,
      [Symbol.asyncDispose]: other.close,
    }));
    const first = s.get("/tar/large", trust).catch(() => undefined);
    while (!(await readdir(join(s.dir, "parts-v1"))).some((name) => name.endsWith(".json"))) await Bun.sleep(5);
    const error = failure(s.get("/tar/large", TRUST, second.cache));
    const early = await Promise.race([error, Bun.sleep(100).then(() => "waits")]);
    expect(early).toBe("waits");
    open();
    await first;
    expect(await error).toBeInstanceOf(Withheld);
  },
);

test("what is held from before there were certificates is withheld, and kept", async () => {
  await using s = await setUp();
  for (const path of ["/tar/wrong", "/tar/right"] as const) await s.get(path, null);
  await s.cache.drain();
  await s.upstream.down();
  const offline = await s.again({ makesUpstreamRequests: false });
  expect(await failure(s.get("/tar/wrong", TRUST, offline))).toBeInstanceOf(Withheld);
  expect(await s.get("/tar/right", TRUST, offline)).toHaveLength(FILES["/tar/right"].length);
  expect(await s.isHeld("/tar/wrong")).toBe(true);
});
