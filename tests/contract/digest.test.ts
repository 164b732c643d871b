import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { digestOfSri, digestOfText, Hasher, hash, splitDigest } from "../../src/contract/digest.ts";

const ABC = {
  md5: "900150983cd24fb0d6963f7d28e17f72",
  sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
} as const;
const bytes = new TextEncoder().encode("abc");
const sri = (algorithm: string) => `${algorithm}-${createHash(algorithm).update("abc").digest("base64")}`;

describe("hashing", () => {
  test.each(Object.entries(ABC) as [keyof typeof ABC, string][])("%s of abc", (algorithm, hex) => {
    expect(hash(algorithm, bytes)).toBe(hex);
    expect(hash(algorithm, "abc")).toBe(hex);
  });
  test("several at once, always sha256; h1 is not over the bytes", () => {
    const hasher = new Hasher(["sha1", "md5", "sha1", "h1"]);
    hasher.update(bytes);
    expect(hasher.digests()).toEqual(ABC);
  });
  test("nothing at all has a digest", () => expect(new Hasher().digests()).toEqual({ sha256: hash("sha256", "") }));
  test("however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        const hasher = new Hasher(["sha512"]);
        for (const chunk of chunks) hasher.update(chunk);
        const whole = Buffer.concat(chunks);
        expect(hasher.digests()).toEqual({ sha256: hash("sha256", whole), sha512: hash("sha512", whole) });
      }),
    );
  });
});

test("a digest is its algorithm and the rest", () => {
  expect(splitDigest(`sha256:${ABC.sha256}`)).toEqual(["sha256", ABC.sha256]);
  expect(splitDigest("h1:a+b/c=")).toEqual(["h1", "a+b/c="]);
});

describe("Subresource Integrity", () => {
  const sha512 = `sha512:${hash("sha512", "abc")}` as const;
  test.each([
    [sri("sha512"), sha512],
    [`${sri("sha1")} ${sri("sha512")}`, sha512],
    [`${sri("sha512")}?option`, sha512],
    [sri("sha256"), `sha256:${ABC.sha256}`],
    [`${sri("sha384")}\n${sri("sha1")}`, `sha384:${hash("sha384", "abc")}`],
    [`sha224-AAAA ${sri("sha1")}`, `sha1:${ABC.sha1}`],
  ] as const)("%s", (integrity, digest) => expect(digestOfSri(integrity)).toBe(digest));
  test.each(["", "sha384-AAAA", "md5-AAAA", "sha512", "not one"])("%p holds none", (integrity) =>
    expect(digestOfSri(integrity)).toBeUndefined(),
  );
});

test("a digest in any spelling of registries is one", () => {
  const sha256 = `sha256:${ABC.sha256}` as const;
  const base64 = Buffer.from(ABC.sha256, "hex").toString("base64");
  const others = [
    ABC.sha256.toUpperCase(),
    `SHA-256: ${ABC.sha256}`,
    ` ${base64}\n`,
    base64.replace("=", ""),
    `sha256-${base64}`,
  ];
  for (const text of [ABC.sha256, ...others, Buffer.from(base64, "base64").toString("base64url")])
    expect(digestOfText("sha256", text)).toBe(sha256);
  expect(digestOfText("sha256", `md5:${ABC.md5}`)).toBe(`md5:${ABC.md5}`);
  for (const text of ["", "no", ABC.sha256.slice(1), `${base64}A`, `sha3:${ABC.sha256}`, `${ABC.sha256} file`])
    expect(digestOfText("sha256", text)).toBeUndefined();
});
