/**
 * Which database describes a store: only that one may remove anything from it. Others, and older copies of it, may read and add.
 * The file is written whole, beside the blobs, so that it goes where they go.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { z } from "zod";
import { ownerPath } from "./layout.ts";

export interface Owner {
  /** The id of the database. */
  database: string;
  /** How far it had come. An older copy of it is behind. */
  epoch: number;
  /** Its file, absolute. */
  path: string;
}

const schema = z.object({ database: z.string().min(1), epoch: z.number().int(), path: z.string().min(1) });

/** `undefined`: the store names none. `unreadable`: there is a file, and it makes no sense. */
export function ownerOf(root: string): Owner | undefined | "unreadable" {
  let text: string;
  try {
    text = readFileSync(ownerPath(root), "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : "unreadable";
  }
  try {
    const found = schema.parse(JSON.parse(text));
    return { ...found, path: resolve(root, found.path) };
  } catch {
    return "unreadable";
  }
}

/** A path inside the store is written relative to it, so that it stays right where the folder is moved or mounted elsewhere. */
export function setOwner(root: string, owner: Owner): void {
  const inside = relative(root, owner.path);
  const path = inside.startsWith("..") || isAbsolute(inside) ? owner.path : inside;
  const file = ownerPath(root);
  const whole = `${file}.${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  writeFileSync(whole, `${JSON.stringify({ ...owner, path })}\n`);
  renameSync(whole, file);
}

/** Where the database of a store is, unless something else is said. */
export function databaseInside(root: string): string {
  return join(root, "proxy.db");
}
