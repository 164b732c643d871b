import { expect, test } from "bun:test";
import { keyringOf } from "../../src/trust/keyring.ts";
import { refuteRegistry } from "../../src/trust/registry-signature.ts";
import { keyFile, registryKeys } from "../support/registry-keys.ts";

const OVER = "acme@1.0.0:sha512-AAAA";
const EXPIRY = Date.parse("2025-01-01T00:00:00Z");
const [ours, theirs] = [registryKeys("2025-01-01T00:00:00.000Z"), registryKeys()];
const { registry } = await keyringOf({ keys: [keyFile(ours.json)], require: [] });

/** As an index states them. */
function signed(by: typeof ours, text = OVER) {
  return by.sign(text).map(({ keyid, sig }) => ({ keyid, signature: sig, over: OVER }));
}

test.each([
  ["by a key that is trusted", signed(ours), EXPIRY - 1, undefined],
  ["one of two is enough", [...signed(theirs), ...signed(ours)], EXPIRY - 1, undefined],
  ["by another key", signed(theirs), EXPIRY - 1, /found one by SHA256:.+ which is not among the keys/],
  ["over other words", signed(ours, "acme@1.0.0:sha512-BBBB"), EXPIRY - 1, /that is not over acme@1\.0\.0:sha512-AAAA/],
  ["of something published after the key expired", signed(ours), EXPIRY, /expired on 2025-01-01T00:00:00\.000Z/],
  ["no signature at all", [{ keyid: ours.keyid, signature: "%%", over: OVER }], 0, /that is not over/],
])("%s", (_, signatures, at, reason) => {
  const found = refuteRegistry(signatures, registry, at);
  if (reason) expect(found).toMatch(reason);
  else expect(found).toBeUndefined();
  if (found) expect(found).toStartWith(`expected a signature by ${ours.keyid}, `);
});

test("Sigstore's repository has the same keys in another form, with others", async () => {
  const [{ keyid, key }] = (JSON.parse(ours.json) as { keys: [{ keyid: string; key: string }] }).keys;
  const publicKey = { rawBytes: key, validFor: { start: "1999-01-01T00:00:00Z", end: "2025-01-01T00:00:00Z" } };
  const keys = ["npm:signatures", "npm:attestations"].map((keyUsage) => ({ keyId: keyid, keyUsage, publicKey }));
  const keyring = await keyringOf({ keys: [keyFile(JSON.stringify({ keys }))], require: [] });
  expect(keyring.registry).toHaveLength(1);
  expect(refuteRegistry(signed(ours), keyring.registry, EXPIRY - 1)).toBe(undefined);
  expect(refuteRegistry(signed(ours), keyring.registry, EXPIRY)).toContain("expired on 2025-01-01");
});

test("a PEM file holds the same key, under the same id", async () => {
  const keyring = await keyringOf({ keys: [keyFile(ours.pem)], require: [] });
  expect(keyring.registry.map(({ keyid }) => keyid)).toEqual([ours.keyid]);
  expect(refuteRegistry(signed(ours), keyring.registry, EXPIRY)).toBe(undefined);
});

test.each(["", "hello", "{}", '{"keys":[]}', '{"keys":[{"keyid":"a","key":"AAAA"}]}', '{"keys":'])(
  "what holds no keys is refused, with its file: %j",
  (text) => {
    const read = keyringOf({ keys: [keyFile(text, "mine.json")], require: [] });
    return expect(read).rejects.toThrow(/^mine\.json cannot be used as keys: expected /);
  },
);
