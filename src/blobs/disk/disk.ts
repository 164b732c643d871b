import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pLimit from "p-limit";
import { hash } from "../../contract/digest.ts";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Storage, StoredBlob } from "../storage.ts";
import { diskCalls } from "./disk-calls.ts";
import { blobPath, blobsPath, formatPath, LAYOUT, partsPath, quarantineFolder } from "./layout.ts";
import { placeFile, putAside, putBytes } from "./put.ts";

/** Bytes that are never filled, so that the database and logs beside the store can still be written. */
const RESERVE = 64 * 1024 * 1024;

/** Blobs that are looked at together. */
const PAGE = 1_000;

/** Free bytes above which nobody looks again for a moment, and that moment in milliseconds. */
const PLENTY = 2 ** 30;
const LOOK = 500;

/** Milliseconds between two lines of the log about a full disk. */
const TELL = 60_000;

export interface DiskOptions {
  /** Whether this thread may wait for the disk. Default: no. */
  waitsForDisk?: boolean;
  /** Whether other threads of this process may not. Default: as this one. */
  answersClients?: boolean;
  /** What is done where there is no store yet. Default: it is made. */
  absent?: "create" | "refuse";
  /** Whether it is only read, though it could be written. */
  isReadOnly?: boolean;
}

/**
 * Opens or creates a store below a folder; one that cannot be written is read. Throws BadRequest when a newer version wrote it, and
 * where there can be none.
 */
export function openDisk(path: string, options: DiskOptions = {}): Storage {
  const { waitsForDisk = false, absent = "create" } = options;
  const { answersClients = !waitsForDisk } = options;
  const root = resolve(path);
  if (absent === "refuse" && !existsSync(formatPath(root)))
    throw new BadRequest(`storage.path: there is no store at ${root}; proxy serve and proxy mirror make one`);
  let isReadOnly = false;
  try {
    isReadOnly = existsSync(formatPath(root)) && (options.isReadOnly || !isWritable(root));
    claim(root);
    if (!isReadOnly) mkdirSync(partsPath(root), { recursive: true });
  } catch (error) {
    if (error instanceof BadRequest) throw error;
    throw new BadRequest(`storage.path: ${root} cannot be a store: ${messageOf(error)}`);
  }
  const parts = isReadOnly ? temporaryParts() : partsPath(root);
  const requireWritable = () => {
    if (isReadOnly) throw new ReadOnlyStore(root);
  };
  const calls = diskCalls(waitsForDisk);

  // Bun does all work on files in as many threads as there are cores. One of them never waits for the disk here, so that
  // requests that look for a file, or claim one, do not queue behind files that are synced.
  const limit = pLimit(Math.max(1, navigator.hardwareConcurrency - (answersClients ? 1 : 0)));
  let plenty = Number.NEGATIVE_INFINITY;
  let told = Number.NEGATIVE_INFINITY;

  return {
    url: `file://${root}`,
    root,
    isReadOnly,
    parts,
    partAt: (key) => join(parts, `${hash("sha256", key)}.part`),
    open: (sha256) => Bun.file(blobPath(root, sha256)),
    file: (sha256) => blobPath(root, sha256),
    has: (sha256, size) => {
      const found = statSync(blobPath(root, sha256), { throwIfNoEntry: false });
      return found?.isFile() === true && (size === undefined || found.size === size);
    },
    waitsForDisk,
    place: async (file, sha256) => {
      requireWritable();
      await limit(() => placeFile(calls, root, file, sha256));
    },
    put: async (bytes, sha256) => {
      requireWritable();
      await limit(() => putBytes(calls, root, bytes, sha256));
    },
    remove: (sha256) => {
      requireWritable();
      rmSync(blobPath(root, sha256), { force: true });
    },
    quarantine: (sha256) => {
      requireWritable();
      return putAside(root, sha256);
    },
    quarantinedAt: () => statSync(quarantineFolder(root), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    stored: () => stored(blobsPath(root)),
    hasRoom: async (bytes) => {
      if (isReadOnly) return false;
      if (bytes < PLENTY / 16 && performance.now() - plenty < LOOK) return true;
      const { bavail, bsize } = await statfs(root);
      const free = bavail * bsize;
      if (free > PLENTY) plenty = performance.now();
      const fits = free > bytes + RESERVE;
      if (!fits && performance.now() - told > TELL) {
        told = performance.now();
        log.error("the disk of the store is full: what is fetched is passed on, and not stored", {
          store: root,
          free,
          needed: bytes + RESERVE,
        });
      }
      return fits;
    },
    probe: async () => {
      if (!existsSync(formatPath(root))) throw new Error(`the store ${root} was removed`);
      if (isReadOnly) return;
      const bytes = crypto.getRandomValues(new Uint8Array(64));
      const file = join(parts, `probe-${crypto.randomUUID()}`);
      try {
        await Bun.write(file, bytes);
        const back = await Bun.file(file).bytes();
        if (hash("sha256", back) !== hash("sha256", bytes))
          throw new Error(`${file} read back differs from what was written`);
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}

/** A store that is only read was to be written. */
export class ReadOnlyStore extends Error {
  readonly code = "EROFS";

  constructor(root: string) {
    super(`the store ${root} is read-only`);
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch (error) {
    if (["EROFS", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** For leases and for what is only passed on; it ends with the process. */
function temporaryParts(): string {
  const folder = mkdtempSync(join(tmpdir(), "proxy-parts-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function* stored(root: string): Generator<StoredBlob[]> {
  for (const prefix of namesIn(root)) {
    const folder = join(root, prefix);
    const names = namesIn(folder).filter((name) => /^[0-9a-f]{64}$/.test(name) && name.startsWith(prefix));
    for (let at = 0; at < names.length; at += PAGE) {
      const page = names.slice(at, at + PAGE);
      // One that is gone again was evicted.
      const found = page.map((name) => [name, statSync(join(folder, name), { throwIfNoEntry: false })] as const);
      yield found.flatMap(([sha256, stats]) =>
        stats?.isFile() ? [{ sha256, size: stats.size, writtenAt: stats.mtimeMs }] : [],
      );
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

function claim(root: string): void {
  const file = formatPath(root);
  if (!existsSync(file)) mkdirSync(root, { recursive: true });
  // Empty: a start that was cut short.
  if (!existsSync(file) || readFileSync(file).length === 0)
    return writeFileSync(file, `${JSON.stringify({ layout: LAYOUT })}\n`);
  const layout = layoutIn(readFileSync(file, "utf8"));
  if (layout === LAYOUT) return;
  throw new BadRequest(
    `The cache folder ${root} was written by another version (layout ${layout}; this one knows ${LAYOUT}). Nothing was changed. Use that version, or another storage.path.`,
  );
}

/** The number, or why there is none. */
function layoutIn(text: string): number | string {
  try {
    const { layout } = JSON.parse(text) as { layout?: unknown };
    return typeof layout === "number" ? layout : "not stated";
  } catch {
    return "not readable";
  }
}
