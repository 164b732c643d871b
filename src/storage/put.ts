import { closeSync, existsSync, fdatasync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { blobPath, partsPath } from "./layout.ts";

const sync = promisify(fdatasync);

/**
 * Writes bytes as a blob, flushed before it has its name. On a thread that serves nobody all but the flush is done at once:
 * handing five small steps to other threads costs more than the steps.
 */
export async function putBytes(root: string, bytes: Uint8Array, sha256: string, servesNobody: boolean): Promise<void> {
  const target = blobPath(root, sha256);
  if (existsSync(target)) return;
  const file = join(partsPath(root), `${crypto.randomUUID()}.part`);
  try {
    if (servesNobody) {
      const descriptor = openSync(file, "wx");
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
        await sync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } else {
      const handle = await open(file, "wx");
      try {
        await handle.writeFile(bytes);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    }
    try {
      renameSync(file, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      mkdirSync(dirname(target), { recursive: true });
      renameSync(file, target);
    }
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}
