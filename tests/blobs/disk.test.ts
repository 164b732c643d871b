/** The store on a disk. */
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openDisk } from "../../src/blobs/disk/disk.ts";
import { overlay } from "../../src/blobs/overlay.ts";
import { hash } from "../../src/contract/digest.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { failure } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const BYTES = new TextEncoder().encode("some bytes\n");
const SHA256 = hash("sha256", BYTES);

async function put(storage: ReturnType<typeof openDisk>, name: string): Promise<void> {
  await Bun.write(join(storage.parts, name), BYTES);
  await storage.place(join(storage.parts, name), SHA256);
}

test("a blob is named by its digest, is there once, and can be removed twice", async () => {
  await using folder = await temporaryFolder();
  const storage = openDisk(folder.path);
  expect(storage.has(SHA256)).toBe(false);
  await put(storage, "one");
  await put(storage, "two");
  expect(storage.file(SHA256)).toBe(join(folder.path, "blobs-v2", "sha256", SHA256.slice(0, 2), SHA256));
  expect(await storage.open(SHA256).text()).toBe("some bytes\n");
  expect(await readdir(storage.parts)).toEqual([]);
  storage.remove(SHA256);
  storage.remove(SHA256);
  expect(storage.has(SHA256)).toBe(false);
  expect(await failure(storage.open(SHA256).text())).toBeInstanceOf(Error);
  // Its folder is still known to be there.
  await put(storage, "three");
  expect(storage.has(SHA256)).toBe(true);
});

test("two who place the same bytes at once are both right", async () => {
  await using folder = await temporaryFolder();
  const storage = openDisk(folder.path);
  await Promise.all(Array.from({ length: 8 }, (_, index) => put(storage, `${index}`)));
  expect(await storage.open(SHA256).text()).toBe("some bytes\n");
  expect(await readdir(storage.parts)).toEqual([]);
});

test("a file that is not there cannot be placed", async () => {
  await using folder = await temporaryFolder();
  const storage = openDisk(folder.path);
  expect(String(await failure(storage.place(join(storage.parts, "none"), SHA256)))).toContain("ENOENT");
  expect(storage.has(SHA256)).toBe(false);
});

test("a probe leaves nothing, and fails where nothing can be written", async () => {
  await using folder = await temporaryFolder();
  const storage = openDisk(folder.path);
  await storage.probe();
  expect(await readdir(storage.parts)).toEqual([]);
  await Bun.$`rm -r ${storage.parts} && touch ${storage.parts}`.quiet();
  expect(await failure(storage.probe())).toBeInstanceOf(Error);
});

test("there is room for little, and none for more than any disk has", async () => {
  await using folder = await temporaryFolder();
  const storage = openDisk(folder.path);
  expect([await storage.hasRoom(0), await storage.hasRoom(2 ** 60)]).toEqual([true, false]);
});

test("what is no folder is refused with its name and the setting", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "file");
  await Bun.write(file, "mine");
  for (const path of [file, join(file, "below")]) {
    expect(() => openDisk(path)).toThrow(BadRequest);
    expect(() => openDisk(path)).toThrow(`storage.path: ${path} cannot be a store: E`);
  }
  expect(await Bun.file(file).text()).toBe("mine");
});

test("a newer layout is refused and not touched", async () => {
  await using folder = await temporaryFolder();
  openDisk(folder.path);
  const format = join(folder.path, "format.json");
  await Bun.write(format, '{"layout":3}\n');
  const before = await readdir(folder.path);
  expect(() => openDisk(folder.path)).toThrow(BadRequest);
  expect(() => openDisk(folder.path)).toThrow(/layout 3; this one knows 2/);
  expect([await readdir(folder.path), await Bun.file(format).text()]).toEqual([before, '{"layout":3}\n']);
});

test("an empty format file is that of a start that was cut short", async () => {
  await using folder = await temporaryFolder();
  const format = join(folder.path, "format.json");
  await Bun.write(format, "");
  openDisk(folder.path);
  expect(await Bun.file(format).json()).toEqual({ layout: 2 });
});

test.each(['{"layo', "null", "[]", '{"layout":"1"}'])("a format file that holds %s is refused", async (content) => {
  await using folder = await temporaryFolder();
  openDisk(folder.path);
  await Bun.write(join(folder.path, "format.json"), content);
  expect(() => openDisk(folder.path)).toThrow(BadRequest);
});

test("an overlay adds elsewhere and reads both", async () => {
  await using folder = await temporaryFolder();
  const below = openDisk(join(folder.path, "below"));
  const above = overlay(below, join(folder.path, "above"));
  await put(above, "one");
  expect([above.has(SHA256), below.has(SHA256)]).toEqual([true, false]);
  await put(below, "two");
  expect(await above.open(SHA256).text()).toBe("some bytes\n");
});
