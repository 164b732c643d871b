import { createHash, randomUUID } from "node:crypto";
import { lstatSync, lutimesSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { type DiskCalls, diskCalls } from "../../blobs/disk/disk-calls.ts";
import { BadRequest } from "../../lib/errors.ts";
import type { Leases } from "../port.ts";

/** Milliseconds between heartbeats, and after which a silent owner on another machine or thread counts as dead. */
const HEARTBEAT = 5_000;
const DEAD = 30_000;

/** The third field of `/proc/PID/stat`, behind a name that may have parentheses: a process that has ended, and is not buried. */
const ZOMBIE = /^.*\) Z /s;

/** Short: a link of less than 60 bytes is in its inode, a longer one has a block of the disk that is taken and given back. */
export const HERE = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
/** The same in all threads of a process: after a restart in a container, another program may have our old process id. */
if (isMainThread) setEnvironmentData("run", randomUUID().slice(0, 8));
const RUN = getEnvironmentData("run") as string;
const held = new Set<string>();
setInterval(beat, HEARTBEAT).unref();

/**
 * Leases of a folder, each a symbolic link whose target names the owner (`host:pid:run:id`): made atomically, gone with `release`, and
 * a restart after a kill sees at once that its owner is dead, where a lock file would have to be waited out. `waitsForDisk`: as for
 * `diskCalls`; default: no.
 */
export function symlinkLeases(folder: string, waitsForDisk = false): ImmediateLeases {
  const calls = diskCalls(waitsForDisk);
  return {
    acquire: async (key) => {
      const link = linkAt(folder, key);
      const owner = `${HERE}:${process.pid}:${RUN}:${randomUUID().slice(0, 13)}`;
      if (!(await claim(calls, link, owner)) && !(await takeOver(calls, link, owner))) return undefined;
      held.add(link);
      return {
        owner,
        release: async () => {
          held.delete(link);
          // Whoever took us for dead has removed it, or is about to.
          if (ownerOf(link) !== owner) return;
          await drop(calls, link);
        },
      };
    },
    isLeased: (key) => {
      const link = linkAt(folder, key);
      const owner = ownerOf(link);
      return owner !== undefined && isAlive(link, owner);
    },
    isOwnedBy: (owner, key) => ownerOf(linkAt(folder, key)) === owner,
  };
}

/** Leases that are looked up at once. */
export interface ImmediateLeases extends Leases {
  isLeased(key: string): boolean;
  isOwnedBy(owner: string, key: string): boolean;
}

function linkAt(folder: string, key: string): string {
  return join(folder, `${createHash("sha256").update(key).digest("hex")}.lease`);
}

async function claim(calls: DiskCalls, link: string, owner: string): Promise<boolean> {
  for (let isAgain = false; ; isAgain = true) {
    try {
      await calls.symlink(owner, link);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return false;
      if (code !== "ENOENT" || isAgain) throw error;
      makeAgain(dirname(link));
    }
  }
}

/** A folder of downloads that somebody removed. Without the store around it, what is fetched would be known to no database. */
function makeAgain(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw new BadRequest(
        `the store ${dirname(folder)} was removed while the proxy runs; put it back, or start the proxy again to make a new one`,
        503,
      );
    if (code !== "EEXIST") throw error;
  }
}

async function drop(calls: DiskCalls, link: string): Promise<void> {
  try {
    await calls.unlink(link);
  } catch {
    // It is gone, which is all that was wanted.
  }
}

/** Only one may bury a dead owner: the second link is their mutex, and names its owner too, who may die in turn. */
async function takeOver(calls: DiskCalls, link: string, owner: string): Promise<boolean> {
  const dead = ownerOf(link);
  if (dead === undefined) return claim(calls, link, owner);
  if (isAlive(link, dead)) return false;
  const mutex = `${link}.takeover`;
  const burying = ownerOf(mutex);
  if (burying !== undefined && !isAlive(mutex, burying)) await drop(calls, mutex);
  if (!(await claim(calls, mutex, owner))) return false;
  try {
    if (ownerOf(link) !== dead) return false;
    await calls.unlink(link);
    return await claim(calls, link, owner);
  } finally {
    await calls.unlink(mutex);
  }
}

function isAlive(link: string, owner: string): boolean {
  const [host, pid, run] = owner.split(":");
  if (host === HERE && (Number(pid) === process.pid ? run !== RUN : !isRunning(Number(pid)))) return false;
  // A heartbeat of the future is of a clock that was ahead.
  return Math.abs(age(link)) < DEAD;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    // In a container there may be nobody who buries the dead.
    return !ZOMBIE.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

function ownerOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function age(path: string): number {
  try {
    return Date.now() - lstatSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function beat(): void {
  const now = new Date();
  for (const link of held) {
    try {
      lutimesSync(link, now, now);
    } catch {
      held.delete(link);
    }
  }
}
