import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { rm, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import pLimit from "p-limit";
import { hash } from "../digest.ts";
import { BadRequest, messageOf } from "../errors.ts";
import { diskCalls } from "./disk-calls.ts";
import { blobPath, blobsPath, formatPath, LAYOUT, partsPath, quarantineFolder, quarantinePath } from "./layout.ts";
import { placeFile, putBytes } from "./put.ts";
import type { Storage, StoredBlob } from "./storage.ts";

/** Bytes that are never filled, so that the database and logs beside the store can still be written. */
const RESERVE = 64 * 1024 * 1024;

/** Blobs that are looked at together. */
const PAGE = 1_000;

/** Free bytes above which nobody looks again for a moment, and that moment in milliseconds. */
const PLENTY = 2 ** 30;
const LOOK = 500;

export interface DiskOptions {
  /** Whether this thread may wait for the disk. Default: no. */
  servesNobody?: boolean;
  /** Whether other threads of this process may not. Default: as this one. */
  isServing?: boolean;
}

/** Opens or creates a store below a folder. Throws BadRequest when a newer version wrote it, and where there can be none. */
export function openDisk(path: string, options: DiskOptions = {}): Storage {
  const { servesNobody = false } = options;
  const { isServing = !servesNobody } = options;
  const root = resolve(path);
  const parts = partsPath(root);
  try {
    claim(root);
    mkdirSync(parts, { recursive: true });
  } catch (error) {
    if (error instanceof BadRequest) throw error;
    throw new BadRequest(`storage.path: ${root} cannot be a store: ${messageOf(error)}`);
  }
  const calls = diskCalls(servesNobody);

  // Bun does all work on files in as many threads as there are cores. One of them never waits for the disk here, so that
  // requests that look for a file, or claim one, do not queue behind files that are synced.
  const limit = pLimit(Math.max(1, navigator.hardwareConcurrency - (isServing ? 1 : 0)));
  let plenty = Number.NEGATIVE_INFINITY;

  return {
    url: `file://${root}`,
    parts,
    open: (sha256) => Bun.file(blobPath(root, sha256)),
    file: (sha256) => blobPath(root, sha256),
    has: (sha256) => existsSync(blobPath(root, sha256)),
    servesNobody,
    place: (file, sha256) => limit(() => placeFile(calls, root, file, sha256)),
    put: (bytes, sha256) => limit(() => putBytes(calls, root, bytes, sha256)),
    remove: (sha256) => rmSync(blobPath(root, sha256), { force: true }),
    quarantine: (sha256) => {
      const aside = quarantinePath(root, sha256, Date.now());
      mkdirSync(dirname(aside), { recursive: true });
      try {
        renameSync(blobPath(root, sha256), aside);
        return aside;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    quarantinedAt: () => statSync(quarantineFolder(root), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    stored: () => stored(blobsPath(root)),
    hasRoom: async (bytes) => {
      if (bytes < PLENTY / 16 && performance.now() - plenty < LOOK) return true;
      const { bavail, bsize } = await statfs(root);
      const free = bavail * bsize;
      if (free > PLENTY) plenty = performance.now();
      return free > bytes + RESERVE;
    },
    probe: async () => {
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
  mkdirSync(root, { recursive: true });
  const file = formatPath(root);
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
