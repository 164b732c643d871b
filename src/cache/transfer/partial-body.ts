import { type FileHandle, open } from "node:fs/promises";
import { messageOf, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";

/** What upstream said of a body before it came. */
export interface Head {
  url: string;
  /** The address that answered, where redirects led to another. */
  answeredAt?: string;
  /** The registry that it came from (`Source`). */
  registry?: string;
  /** Bytes; absent when upstream did not say. */
  length?: number;
  /** It came in a content coding: of what is stored, upstream has no part. */
  isCoded?: boolean;
  /** Whether its framing tells that a body is whole: it has a length, or ends with a last chunk. One that only ends with its
   * connection may have broken off (RFC 9112 8). */
  isFramed?: boolean;
  mediaType: string;
  etag?: string;
  lastModified?: string;
  /** Those of the plugin's `keepHeaders` that were there. */
  headers: Record<string, string>;
}

/** Bytes of one read for a client. */
const CHUNK = 128 * 1024;

/** A file that is still being downloaded, and everyone who reads it meanwhile. */
export class Growing {
  readonly head: Head;
  #file: string;
  size = 0;
  readers = 0;
  #state: "growing" | "whole" | "failed" = "growing";
  #error: unknown;
  #wake = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  /** Resolves when it is whole, or has failed. */
  readonly settled = this.#settled.promise;

  constructor(head: Head, file: string) {
    this.head = head;
    this.#file = file;
  }

  grow(bytes: number): void {
    this.size += bytes;
    this.#notify();
  }

  /** It is whole, verified and stored at its final place. */
  finish(file: string): void {
    this.#file = file;
    this.#state = "whole";
    this.#settled.resolve();
    this.#notify();
  }

  fail(error: unknown): void {
    this.#state = "failed";
    this.#error = error;
    this.#settled.resolve();
    this.#notify();
  }

  /**
   * The bytes from an offset up to `end` (exclusive), each client at its own pace. The stream errors when the download
   * fails; the last bytes are held back until the whole is verified, so that a bad file never looks complete.
   */
  async stream(from = 0, end = Number.POSITIVE_INFINITY): Promise<ReadableStream<Uint8Array>> {
    const handle = await this.#open();
    this.readers++;
    let position = from;
    let closed = false;
    const close = async () => {
      if (closed) return;
      closed = true;
      this.readers--;
      await handle.close();
    };
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            while (this.#state === "growing" && !closed && position >= this.#released(end)) await this.#wake.promise;
            if (closed) return;
            if (this.#state === "failed") throw this.#error;
            const length = Math.max(0, Math.min(CHUNK, this.#released(end) - position));
            const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, position);
            if (closed) return;
            if (bytesRead === 0 && length > 0) throw new UpstreamFailed("the download was begun anew; ask again");
            position += bytesRead;
            if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
            if (this.#state === "whole" && position >= Math.min(this.size, end)) {
              await close();
              controller.close();
            }
          } catch (error) {
            if (closed) return;
            await close();
            log.warn("an answer was broken off", { url: this.head.url, error: messageOf(error) });
            // Without a reason: Bun would print it with its stack. The client sees its connection reset.
            controller.error();
          }
        },
        cancel: close,
      },
      { highWaterMark: 1 },
    );
  }

  /** The descriptor stays good when the file is moved to its final place; one asked for at that moment waits for it. */
  async #open(): Promise<FileHandle> {
    for (;;) {
      if (this.#state === "failed") throw this.#error;
      const { promise: changed } = this.#wake;
      const file = this.#file;
      try {
        return await open(file, "r");
      } catch (error) {
        if (this.#state === "whole" && this.#file === file) throw error;
        await changed;
      }
    }
  }

  /** How far clients may read: all but the last byte until the whole is verified. */
  #released(end: number): number {
    return Math.min(this.#state === "whole" ? this.size : this.size - 1, end);
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}
