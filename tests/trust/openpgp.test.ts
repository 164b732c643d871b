import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { keyringOf } from "../../src/trust/keyring.ts";
import { refuteOpenPgp } from "../../src/trust/openpgp.ts";
import { hasGpg, type OpenPgpSigner, openPgpSigner } from "../support/openpgp-keys.ts";
import { keyFile } from "../support/registry-keys.ts";

const TEXT = "Origin: Acme\nDate: Mon, 01 Jun 2020 00:00:00 UTC\nSHA256:\n 00 1 main/Packages\n";
const THEN = Date.parse("2020-12-01");
const LATER = Date.parse("2022-01-01");
const encode = (text: string) => new TextEncoder().encode(text);

describe.skipIf(!hasGpg)("signatures that gpg made", () => {
  let [ours, theirs]: OpenPgpSigner[] = [];
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([openPgpSigner("ed25519", "1y"), openPgpSigner("rsa2048")]);
  });
  afterAll(async () => {
    await ours![Symbol.asyncDispose]();
    await theirs![Symbol.asyncDispose]();
  });
  const refute = async (content: Uint8Array, signature?: Uint8Array, at = THEN, key?: Uint8Array) => {
    const trust = { keys: [keyFile(key ?? (await ours!.armored()), "archive.asc")], require: [] };
    return refuteOpenPgp(content, signature, (await keyringOf(trust)).openpgp, at);
  };

  test("by a key that is trusted, in the text or apart, keys armored or not", async () => {
    expect(await refute(await ours!.clearsign(TEXT))).toBeUndefined();
    expect(await refute(encode(TEXT), await ours!.detach(TEXT))).toBeUndefined();
    const both = Buffer.concat([await ours!.binary(), await theirs!.binary()]);
    expect(await refute(await theirs!.clearsign(TEXT), undefined, THEN, both)).toBeUndefined();
  });

  test("by another key", async () => {
    const signed = await theirs!.clearsign(TEXT);
    expect(await refute(signed)).toMatch(
      /^expected a signature by [0-9A-F]{16}, found one by [0-9A-F]{16} \(Could not/,
    );
  });

  test.each(["Origin", "main/Packages"])("other bytes: %s", async (word) => {
    const signed = new TextDecoder().decode(await ours!.clearsign(TEXT));
    expect(await refute(encode(signed.replace(word, "Evil")))).toMatch(/found one by [0-9A-F]{16} \(.+\)$/);
    expect(await refute(encode(TEXT.replace(word, "Evil")), await ours!.detach(TEXT))).toMatch(/found one by/);
  });

  test("what is not signed may stand nowhere beside what is", async () => {
    const signed = new TextDecoder().decode(await ours!.clearsign(TEXT));
    for (const evil of [`Origin: Evil\n\n${signed}`, `${signed}Origin: Evil\n`, signed + signed, TEXT, ""])
      expect(await refute(encode(evil))).toMatch(/found none that can be read \(it is not one signed text/);
    expect(await refute(encode(signed.replace("Hash: ", "Origin: Evil\nHash: ")))).toMatch(
      /found none that can be read/,
    );
  });

  test("by a key that has expired, and by one that is revoked", async () => {
    const signed = await ours!.clearsign(TEXT);
    expect(await refute(signed, undefined, LATER)).toMatch(/found one by [0-9A-F]{16} \(.*expired/);
    await ours!.revoke();
    expect(await refute(signed)).toMatch(/found one by [0-9A-F]{16} \(.*revoked/);
  });
});

test("a file that only looks like keys is refused", () => {
  const armored = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxjME\n-----END PGP PUBLIC KEY BLOCK-----\n";
  const read = keyringOf({ keys: [keyFile(armored, "mine.asc")], require: [] });
  return expect(read).rejects.toThrow(/^mine\.asc cannot be used as keys: expected OpenPGP public keys/);
});
