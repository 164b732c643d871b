/**
 * Where bytes are, below `storage.path`:
 *
 *     cache/
 *       format.json                          {"layout":1}: a newer one is refused, never touched
 *       blobs-v1/sha256/ab/cd/abcd…          whole and verified; the name is the sha256 of the bytes
 *       parts-v1/<sha256 of mount and path>.part        being downloaded; of one that was interrupted, where it goes on
 *       parts-v1/<sha256 of mount and path>.part.json   what upstream said of it: length, validators, media type
 *       parts-v1/<sha256 of mount and path>.lease       a symbolic link that names its owner (`cache/lease.ts`); its mtime is
 *                                                       the heartbeat
 *       quarantine-v1/abcd…-<milliseconds>   a blob that was found not to be what its name says (`proxy verify`), and when: never
 *                                            served; to be looked at, and deleted by hand
 */
import { join } from "node:path";

export const LAYOUT = 1;

export function formatPath(root: string): string {
  return join(root, "format.json");
}

/** `abcd…` → `blobs-v1/sha256/ab/cd/abcd…`. */
export function blobPath(root: string, sha256: string): string {
  return join(blobsPath(root), sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

/** Below it, folders of two letters, and in each again. */
export function blobsPath(root: string): string {
  return join(root, "blobs-v1", "sha256");
}

export function quarantinePath(root: string, sha256: string, at: number): string {
  return join(quarantineFolder(root), `${sha256}-${at}`);
}

export function quarantineFolder(root: string): string {
  return join(root, "quarantine-v1");
}

export function partsPath(root: string): string {
  return join(root, "parts-v1");
}
