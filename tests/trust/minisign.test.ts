import { describe, expect, test } from "bun:test";
import type { Ecosystem } from "../../src/contract/ecosystem.ts";
import type { Trust } from "../../src/contract/signatures.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { keyringOf } from "../../src/trust/keyring.ts";
import { refuteMinisign } from "../../src/trust/minisign.ts";
import { askFor, bytesOf, engine, failure } from "../support/engine.ts";
import { files } from "../support/files-ecosystem.ts";
import { minisigner } from "../support/minisign-keys.ts";
import { text } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const bytes = (content: string) => new TextEncoder().encode(content);
const trusted = (...keys: string[]): Trust => ({
  keys: keys.map((key, at) => ({ file: `key${at}.pub`, bytes: bytes(key) })),
  require: [],
});
const keysOf = async (...keys: string[]) => (await keyringOf(trusted(...keys))).minisign;

const [ours, theirs] = [minisigner(), minisigner()];
const CONTENT = bytes("what is signed");

describe("a minisign signature", () => {
  test.each(["Ed", "ED"] as const)(
    "of the form %s holds over the bytes that were signed, and no others",
    async (form) => {
      const keys = await keysOf(ours.publicKey);
      const signature = bytes(ours.sign(CONTENT, form));
      expect(refuteMinisign(CONTENT, signature, keys)).toBeUndefined();
      expect(refuteMinisign(bytes("what was signed"), signature, keys)).toBe(
        `expected a signature by ${ours.id}, found one by ${ours.id} (of other bytes)`,
      );
    },
  );
  test("by somebody else, with another comment, or none at all, does not hold", async () => {
    const keys = await keysOf(ours.publicKey);
    const refuted = (signature: string) => refuteMinisign(CONTENT, bytes(signature), keys);
    expect(refuted(theirs.sign(CONTENT))).toBe(`expected a signature by ${ours.id}, found one by ${theirs.id}`);
    expect(refuted(ours.sign(CONTENT).replace("file:x", "file:y"))).toContain("(its comment was changed)");
    expect(refuted("untrusted comment: x\n")).toContain("found none that can be read");
    expect(refuteMinisign(CONTENT, undefined, keys)).toContain("found none that can be read");
  });
  // By minisign itself: https://github.com/jedisct1/rust-minisign-verify.
  test("that minisign made holds", async () => {
    const keys = await keysOf("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3");
    const signature = `untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
`;
    expect(refuteMinisign(bytes("test"), bytes(signature), keys)).toBeUndefined();
  });
});

const signed: Ecosystem = {
  ...files,
  signs: ["minisign"],
  routes: [
    { kind: "metadata", match: "/index.json", signed: { by: "minisign", at: () => "/index.json.minisig" } },
    { kind: "metadata", match: "/index.json.minisig" },
  ],
};

test("a document is published only where a key of the mount signed it", async () => {
  const upstream = await startUpstream();
  const { cache, close } = await engine();
  const get = async (name: string, key: string) => {
    const settings = { upstreams: { default: upstream.url }, ttl: 0, trust: trusted(key) };
    const answer = await cache.get(makeMount(name, signed, settings), askFor("/index.json"));
    return new TextDecoder().decode(await bytesOf(cache, answer));
  };
  upstream.set("/index.json", text("what is signed"));
  upstream.set("/index.json.minisig", text(ours.sign(CONTENT)));
  expect(await get("ours", ours.publicKey)).toBe("what is signed");
  const refused = await failure(get("theirs", theirs.publicKey));
  expect(refused).toBeInstanceOf(UpstreamFailed);
  expect((refused as Error).message).toContain(`its minisign signature is not one that mounts.theirs.trust accepts`);
  await close();
  await upstream.close();
});
