import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DiskCalls } from "./disk-calls.ts";
import { blobPath, partsPath } from "./layout.ts";

/** Writes bytes as a blob, flushed before it has its name. */
export async function putBytes(calls: DiskCalls, root: string, bytes: Uint8Array, sha256: string): Promise<void> {
  const target = blobPath(root, sha256);
  if (existsSync(target)) return;
  const file = join(partsPath(root), `${crypto.randomUUID()}.part`);
  try {
    const descriptor = await calls.open(file, "wx");
    try {
      await calls.write(descriptor, bytes);
      await calls.sync(descriptor);
    } finally {
      await calls.close(descriptor);
    }
    await moveTo(calls, file, target);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}

/** Makes a finished file a blob; flushed before it has its name. */
export async function placeFile(calls: DiskCalls, root: string, file: string, sha256: string): Promise<void> {
  const target = blobPath(root, sha256);
  if (existsSync(target)) return rmSync(file, { force: true });
  const descriptor = await calls.open(file, "r+");
  try {
    await calls.sync(descriptor);
  } finally {
    await calls.close(descriptor);
  }
  await moveTo(calls, file, target);
}

async function moveTo(calls: DiskCalls, file: string, target: string): Promise<void> {
  try {
    await calls.rename(file, target);
  } catch (error) {
    // The first of its folder, or someone tidied up by hand.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(dirname(target), { recursive: true });
    await calls.rename(file, target);
  }
}
