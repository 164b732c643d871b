/** What publishers attest, on its way into the store and out of it. */
import { expect, test } from "bun:test";
import { pypi } from "../../ecosystems/pypi.ts";
import type { Trust } from "../../src/contract/signatures.ts";
import { Withheld } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { BYTES, DIGEST, FILE, PROVENANCE, rootFile, SIGNER } from "../support/attested.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { binary, json } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const PURL = "pkg:pypi/gcb-attestation-test";
const PATH = `/packages/${FILE}` as const;
const ATTESTED = `/integrity/gcb-attestation-test/0.0.0/${FILE}/provenance` as const;
const TRUST: Trust = { keys: [rootFile], require: [] };

async function setUp(provenance: string | undefined, bytes = BYTES, digest: string = DIGEST) {
  const upstream = await startUpstream();
  const file = {
    filename: FILE,
    url: `${upstream.url}${PATH}`,
    hashes: { sha256: digest.slice("sha256:".length) },
    ...(provenance !== undefined && { provenance: `${upstream.url}${ATTESTED}` }),
  };
  upstream.set("/simple/gcb-attestation-test/", json({ meta: { "api-version": "1.3" }, name: "x", files: [file] }));
  if (provenance) upstream.set(ATTESTED, json(JSON.parse(provenance)));
  upstream.set(PATH, binary(bytes));
  const parts = await engine();
  const mountOf = (trust: Trust | undefined) =>
    makeMount("pypi", pypi, { upstreams: { default: upstream.url }, ttl: 60_000, trust });
  const get = async (trust: Trust | undefined, cache = parts.cache) =>
    bytesOf(cache, await cache.get(mountOf(trust), askFor(PATH)));
  const close = async () => {
    await parts.close();
    await upstream.close();
  };
  return { ...parts, upstream, get, [Symbol.asyncDispose]: close };
}

test("what its publisher attests is kept, and served offline", async () => {
  await using s = await setUp(PROVENANCE);
  const strict: Trust = { ...TRUST, require: ["sigstore"], signers: { [PURL]: [SIGNER] } };
  expect(await s.get(strict)).toEqual(BYTES);
  await s.cache.drain();
  await s.upstream.down();
  expect(await s.get(strict, await s.again({ makesUpstreamRequests: false }))).toEqual(BYTES);
});

const evil = new TextEncoder().encode("evil");
const EVIL = `sha256:${new Bun.CryptoHasher("sha256").update(evil).digest("hex")}`;

test.each([
  ["of another file, though the index says so", PROVENANCE, evil, EVIL, TRUST, "expected an attestation of sha256:"],
  [
    "by somebody else",
    PROVENANCE,
    BYTES,
    DIGEST,
    { ...TRUST, signers: { [PURL]: ["x@x.example"] } },
    `found ${SIGNER}`,
  ],
  [
    "that is missing, of one who attests",
    undefined,
    BYTES,
    DIGEST,
    { ...TRUST, signers: { [PURL]: [SIGNER] } },
    "found none",
  ],
  [
    "that is missing where there must be one",
    undefined,
    BYTES,
    DIGEST,
    { ...TRUST, require: ["sigstore"] },
    "found none",
  ],
  ["that is announced and missing", "", BYTES, DIGEST, { ...TRUST, require: ["sigstore"] }, "by anybody, found none"],
] as const)(
  "an attestation %s: withheld, nothing is asked for",
  async (_, provenance, bytes, digest, trust, reason) => {
    await using s = await setUp(provenance, bytes, digest);
    const error = await failure(s.get(trust));
    expect(error).toBeInstanceOf(Withheld);
    expect((error as Error).message).toContain("its sigstore signature");
    expect((error as Error).message).toContain(reason);
    expect(s.upstream.count(PATH)).toBe(0);
    expect(await s.get(undefined)).toEqual(bytes as typeof BYTES);
  },
);

test("what is no document of attestations is upstream's failure", async () => {
  await using s = await setUp('{"detail":"no"}');
  expect(String(await failure(s.get(TRUST)))).toContain("sent something else than the document");
});

test("what nobody attests passes where none is asked for", async () => {
  await using s = await setUp(undefined);
  expect(await s.get(TRUST)).toEqual(BYTES);
});
