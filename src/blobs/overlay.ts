import { existsSync, rmSync } from "node:fs";
import { openDisk } from "./disk/disk.ts";
import type { Storage } from "./storage.ts";

/** A store whose additions go to a folder of their own, which ends with the process: for looking without keeping. */
export function overlay(below: Storage, folder: string): Storage {
  const above = openDisk(folder);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const holding = (sha256: string) => (existsSync(above.file(sha256)) ? above : below);
  return {
    ...above,
    open: (sha256) => holding(sha256).open(sha256),
    file: (sha256) => holding(sha256).file(sha256),
    has: (sha256, size) => holding(sha256).has(sha256, size),
  };
}
