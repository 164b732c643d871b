/** What plugins unpack at once; archives are those of GNU tar. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync, deflateSync } from "node:zlib";
import { filesInTar, gunzipped, inflated } from "../../../ecosystems/shared/unpacked.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = await temporaryFolder();
afterAll(() => folder.remove());
const LONG = `${"folder/".repeat(20)}${"name".repeat(30)}`;
const FILES = { "a.txt": "a\n", empty: "", "sub/b.bin": "b".repeat(1_025), [LONG]: "long" };
for (const [name, text] of Object.entries(FILES)) {
  await mkdir(join(folder.path, "in", name, ".."), { recursive: true });
  await writeFile(join(folder.path, "in", name), text);
}

async function archive(format: string): Promise<Uint8Array> {
  const file = join(folder.path, `${format}.tar`);
  Bun.spawnSync(["tar", `--format=${format}`, "-cf", file, "-C", join(folder.path, "in"), "."]);
  return Bun.file(file).bytes();
}

describe.each(["gnu", "posix"])("an archive of the format %s", (format) => {
  test("has its regular files, long names too", async () => {
    const found = Array.from(filesInTar(await archive(format)), ({ name, bytes }) => [
      name.replace(/^\.\//, ""),
      new TextDecoder().decode(bytes),
    ]);
    expect(Object.fromEntries(found) as Record<string, string>).toEqual(FILES);
  });
  test("is refused where it is cut off, wherever that is", async () => {
    const whole = await archive(format);
    // Blocks of zeros fill it up.
    const end = whole.findLastIndex((byte) => byte !== 0);
    for (let size = 0; size <= end; size += 97)
      expect(() => [...filesInTar(whole.subarray(0, size))]).toThrow(SyntaxError);
  });
});

test("what is no archive is refused", () => {
  expect(() => [...filesInTar(new TextEncoder().encode("<html>".repeat(200)))]).toThrow(/^it is no tar archive: /);
});

test("gzip and deflate, with a bound", () => {
  const bytes = new Uint8Array(100_000).fill(7);
  expect(gunzipped(Bun.gzipSync(bytes))).toEqual(Buffer.from(bytes));
  expect(inflated(deflateSync(bytes))).toEqual(Buffer.from(bytes));
  expect(inflated(deflateRawSync(bytes), { raw: true })).toEqual(Buffer.from(bytes));
  expect(() => gunzipped(Bun.gzipSync(bytes), 99_999)).toThrow(RangeError);
  expect(() => inflated(deflateSync(bytes), { most: 99_999 })).toThrow(RangeError);
  expect(() => gunzipped(Bun.gzipSync(bytes).subarray(0, 50))).toThrow("unexpected end of file");
});
