/** A disk without a byte left, with the database on it: everything is served, nothing is listed that is not whole. */
import { expect, test } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { LARGE, SMALL, setUp } from "../support/files-cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A file system of its own, which only root may mount. */
async function smallDisk(megabytes: number) {
  const folder = await temporaryFolder();
  const path = join(folder.path, "disk");
  await mkdir(path);
  const { exitCode } = await Bun.$`mount -t tmpfs -o size=${megabytes}m none ${path}`.quiet().nothrow();
  const dispose = async () => {
    if (exitCode === 0) await Bun.$`umount -l ${path}`.quiet();
    await folder.remove();
  };
  return { path, mounted: exitCode === 0, [Symbol.asyncDispose]: dispose };
}

function fill(file: string): void {
  const handle = openSync(file, "w");
  for (const size of [65_536, 4_096, 1]) {
    try {
      for (;;) writeSync(handle, new Uint8Array(size));
    } catch {
      // Full for this size; a smaller one may still fit.
    }
  }
  closeSync(handle);
}

test.skipIf(process.getuid?.() !== 0)("a full disk", async () => {
  await using disk = await smallDisk(4);
  // A container may have root and still may not mount.
  if (!disk.mounted) return;
  const dir = join(disk.path, "cache");
  await using s = await setUp({ cooldown: { default: 1, ecosystems: {}, packages: {}, unknown: "admit" } }, { dir });
  const ballast = join(disk.path, "ballast");
  fill(ballast);
  for (let round = 0; round < 2; round++) {
    expect(JSON.parse((await s.get("/index.json")).toString())).toHaveProperty("files");
    expect((await s.get("/f/small")).equals(Buffer.from(SMALL))).toBe(true);
    expect((await s.get("/f/large")).equals(Buffer.from(LARGE))).toBe(true);
    expect([await s.held("/f/small"), await s.held("/f/large"), await s.left()]).toEqual([false, false, []]);
  }
  expect(s.cache.documents.held(s.mount, "/index.json")).toBeUndefined();
  await rm(ballast);
  s.clock.advance(600_000);
  await s.get("/index.json");
  expect(s.cache.documents.held(s.mount, "/index.json")?.size).toBeGreaterThan(0);
});
