/** The file that a download grows in; opened when there is something to write. */
import { fstatSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type DiskCalls, diskCalls } from "../../blobs/disk/disk-calls.ts";
import type { Storage } from "../../blobs/storage.ts";
import type { Head } from "./partial-body.ts";

export class PartFile {
  readonly path: string;
  readonly #calls: DiskCalls;
  #descriptor: number | undefined;

  constructor({ waitsForDisk }: Pick<Storage, "waitsForDisk">, path: string) {
    this.path = path;
    this.#calls = diskCalls(waitsForDisk);
  }

  async open(): Promise<number> {
    this.#descriptor ??= await this.#calls.open(this.path, "a+");
    return this.#descriptor;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const descriptor = this.#descriptor ?? (await this.open());
    await this.#calls.write(descriptor, bytes);
  }

  /** What upstream said of it, for other processes that read it meanwhile, and for who continues it. */
  async describe(head: Head): Promise<void> {
    const descriptor = await this.#calls.open(descriptionOf(this.path), "w");
    try {
      await this.#calls.write(descriptor, Buffer.from(JSON.stringify(head)));
    } finally {
      await this.#calls.close(descriptor);
    }
  }

  /** It is whole. */
  async undescribe(): Promise<void> {
    try {
      await this.#calls.unlink(descriptionOf(this.path));
    } catch {
      // Another process has taken it over, which is seen next.
    }
  }

  /** Whether it still is the one that stands at its path, with so many bytes. */
  isIntact(size: number): boolean {
    if (this.#descriptor === undefined) return false;
    const there = statSync(this.path, { throwIfNoEntry: false });
    return there?.ino === fstatSync(this.#descriptor).ino && there.size === size;
  }

  async close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) await this.#calls.close(descriptor);
  }
}

/** Removes such a file, and what describes it. */
export async function discard(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(descriptionOf(path), { force: true });
}

/** Where other processes find what upstream said of it. */
export function descriptionOf(path: string): string {
  return `${path}.json`;
}
