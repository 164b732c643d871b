/**
 * Where bytes are, below `storage.path`:
 *
 *     cache/
 *       format.json                          {"layout":2}: a newer one is refused, never touched
 *       owner.json                           which database describes the store (`storage/owner.ts`)
 *       proxy.db                             that database, unless database.path says another place
 *       blobs-v2/sha256/ab/abcd…             whole and verified; the name is the sha256 of the bytes. One level of
 *                                            folders: each file in a new one costs a folder, too
 *       parts-v1/<sha256 of mount and path>.part        being downloaded; of one that was interrupted, where it goes on
 *       parts-v1/<sha256 of mount and path>.part.json   what upstream said of it: length, validators, media type
 *       parts-v1/<sha256 of mount and path>.lease       a symbolic link that names its owner (`cache/lease.ts`); its mtime is
 *                                                       the heartbeat
 *       quarantine-v1/abcd…-<milliseconds>   a blob that was found not to be what its name says (`proxy verify`), and when: never
 *                                            served; to be looked at, and deleted by hand
 */
import { join } from "node:path";

export const LAYOUT = 2;

export function formatPath(root: string): string {
  return join(root, "format.json");
}

export function ownerPath(root: string): string {
  return join(root, "owner.json");
}

/** `abcd…` → `blobs-v2/sha256/ab/abcd…`. */
export function blobPath(root: string, sha256: string): string {
  return `${blobsPath(root)}/${sha256.slice(0, 2)}/${sha256}`;
}

/** Below it, folders of two letters. */
export function blobsPath(root: string): string {
  return join(root, "blobs-v2", "sha256");
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
