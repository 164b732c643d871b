import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DiskCalls } from "./disk-calls.ts";
import { blobPath, partsPath, quarantinePath } from "./layout.ts";

/** Writes bytes as a blob, flushed before it has its name. */
export async function putBytes(calls: DiskCalls, root: string, bytes: Uint8Array, sha256: string): Promise<void> {
  const target = blobPath(root, sha256);
  if (isThere(root, sha256, bytes.length)) return;
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
  if (isThere(root, sha256, statSync(file).size)) return rmSync(file, { force: true });
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

/** Whether the blob is there already. What stands in its place with another size is damaged, and put aside. */
function isThere(root: string, sha256: string, size: number): boolean {
  const found = statSync(blobPath(root, sha256), { throwIfNoEntry: false });
  if (!found) return false;
  if (found.isFile() && found.size === size) return true;
  putAside(root, sha256);
  return false;
}

/** Moves a damaged blob out of reach. Where it is now; `undefined` where there was none. */
export function putAside(root: string, sha256: string): string | undefined {
  const aside = quarantinePath(root, sha256, Date.now());
  mkdirSync(dirname(aside), { recursive: true });
  try {
    renameSync(blobPath(root, sha256), aside);
    return aside;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
