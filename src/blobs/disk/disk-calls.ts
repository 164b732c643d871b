/** The few calls of the file system that every stored file takes. */
import fs from "node:fs";
import { promisify } from "node:util";

type Awaitable<T> = T | Promise<T>;

/** They throw, or reject, as those of `node:fs` do. */
export interface DiskCalls {
  open(path: string, flags: "a+" | "r+" | "w" | "wx"): Awaitable<number>;
  /** All of the bytes, behind those that were written before. */
  write(descriptor: number, bytes: Uint8Array): Awaitable<void>;
  /** To the disk itself, which is worth another thread's time wherever it is asked for. */
  sync(descriptor: number): Promise<void>;
  close(descriptor: number): Awaitable<void>;
  rename(from: string, to: string): Awaitable<void>;
  symlink(target: string, path: string): Awaitable<void>;
  unlink(path: string): Awaitable<void>;
}

const sync: DiskCalls["sync"] = promisify(fs.fdatasync);

const AT_ONCE: DiskCalls = {
  open: fs.openSync,
  write: (descriptor, bytes) => {
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(descriptor, bytes, at);
  },
  sync,
  close: fs.closeSync,
  rename: fs.renameSync,
  symlink: fs.symlinkSync,
  unlink: fs.unlinkSync,
};

const writeSome = promisify(fs.write);

const ELSEWHERE: DiskCalls = {
  open: promisify(fs.open),
  write: async (descriptor, bytes) => {
    for (let at = 0; at < bytes.length; )
      at += (await writeSome(descriptor, bytes, at, bytes.length - at, null)).bytesWritten;
  },
  sync,
  close: promisify(fs.close),
  rename: fs.promises.rename,
  symlink: fs.promises.symlink,
  unlink: fs.promises.unlink,
};

/**
 * `waitsForDisk`: in this thread, where handing small steps to others costs more than the steps. Else by other threads: while some files
 * are synced, the file system lets those wait who change a folder, and clients must not wait with them.
 */
export function diskCalls(waitsForDisk: boolean): DiskCalls {
  return waitsForDisk ? AT_ONCE : ELSEWHERE;
}
