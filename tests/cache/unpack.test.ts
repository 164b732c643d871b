import { expect, test } from "bun:test";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { unpack } from "../../src/cache/documents/unpack.ts";
import { makeMount } from "../../src/mounts/mounts.ts";
import { askFor, engine, failure } from "../support/engine.ts";
import { files } from "../support/files-ecosystem.ts";
import { binary } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const PLAIN = new TextEncoder().encode("Package: hello\nVersion: 2.10-3\n".repeat(2_000));
const base64 = (text: string) => Uint8Array.fromBase64(text);
/** `hello\n`, by xz and bzip2: Bun has neither. */
const XZ = base64("/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFaGVsbG8KAAAApWCX8ZT2/eAAAR4GwS+kHR+2830BAAAAAARZWg==");
const BZIP2 = base64("QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDi");

const packed: Record<string, [bytes: Uint8Array<ArrayBuffer>, plain: string]> = {
  gzip: [gzipSync(PLAIN), new TextDecoder().decode(PLAIN)],
  zstd: [zstdCompressSync(PLAIN, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }), new TextDecoder().decode(PLAIN)],
  xz: [XZ, "hello\n"],
  bzip2: [BZIP2, "hello\n"],
};

for (const [name, [bytes, plain]] of Object.entries(packed)) {
  test(`${name} is unpacked, one file or two behind each other`, async () => {
    expect(new TextDecoder().decode(await unpack(bytes, "/x"))).toBe(plain);
    const twice = Buffer.concat([bytes, bytes]) as Uint8Array<ArrayBuffer>;
    expect(new TextDecoder().decode(await unpack(twice, "/x"))).toBe(plain + plain);
  });
  test(`${name} that is cut off or damaged is refused`, async () => {
    for (const end of [bytes.length - 1, bytes.length - 9, bytes.length >> 1])
      expect(String(await failure(unpack(bytes.subarray(0, end), "/x")))).toContain(`/x is no whole ${name} file`);
    const damaged = Uint8Array.from(bytes);
    damaged[damaged.length >> 1]! ^= 0x55;
    expect(String(await failure(unpack(damaged, "/x")))).toContain(`/x is no whole ${name} file`);
  });
  test(`${name} that would fill the memory is refused`, async () => {
    expect(String(await failure(unpack(bytes, "/x", plain.length - 1)))).toContain(
      `/x has more than ${plain.length - 1} bytes when it is unpacked`,
    );
  });
}

test("what is not packed stays as it is", async () => {
  expect(await unpack(PLAIN, "/x")).toBe(PLAIN);
  expect((await unpack(new Uint8Array(), "/x")).length).toBe(0);
});

test("the bound of packed documents is a setting, named where it is exceeded", async () => {
  const upstream = await startUpstream();
  const { cache, close } = await engine({ maxUnpacked: 1_000 });
  const routes = [{ kind: "metadata" as const, match: "/index.gz" as const, packed: true, parse: () => ({}) }];
  const mount = makeMount("packed", { ...files, routes }, { upstreams: { default: upstream.url }, ttl: 0 });
  upstream.set("/index.gz", binary(Bun.gzipSync(new Uint8Array(1_001))));
  expect(await failure(cache.get(mount, askFor("/index.gz")))).toHaveProperty(
    "message",
    expect.stringContaining(
      "/index.gz has more than 1000 bytes when it is unpacked, the most that is read (metadata_max_unpacked)",
    ) as string,
  );
  await close();
  await upstream.close();
});
