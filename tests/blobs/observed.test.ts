import { expect, test } from "bun:test";
import { join } from "node:path";
import { openDisk } from "../../src/blobs/disk/disk.ts";
import { observed } from "../../src/blobs/observed.ts";
import { type Events, on } from "../../src/contract/events.ts";
import { failure } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("what the store does is told with its time, and what fails with the reason", async () => {
  await using folder = await temporaryFolder();
  const disk = openDisk(join(folder.path, "store"));
  const store = observed({
    ...disk,
    remove: (sha256) => {
      if (sha256 === "ff") throw new Error("is read-only");
      disk.remove(sha256);
    },
  });
  const told: Events["stored"][] = [];
  on("stored", (event) => told.push(event));
  const file = join(disk.parts, "a");
  await Bun.write(file, "a");
  await store.place(file, "aabbcc");
  expect(store.has("aabbcc")).toBe(true);
  await store.probe();
  store.remove("aabbcc");
  expect(store.has("aabbcc")).toBe(false);
  expect(await failure(store.place(join(disk.parts, "absent"), "ddeeff"))).toBeInstanceOf(Error);
  expect(() => store.remove("ff")).toThrow("is read-only");
  expect(told.map(({ operation, error }) => [operation, error])).toEqual([
    ["place", undefined],
    ["probe", undefined],
    ["remove", undefined],
    ["place", expect.stringContaining("ENOENT") as string],
    ["remove", "is read-only"],
  ]);
  for (const { milliseconds } of told) expect(milliseconds).toBeGreaterThan(0);
});
