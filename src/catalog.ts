/** Whole registries: the feeds that list their packages and say what changed. */
import type { Package } from "./ecosystem.ts";

/** Reads upstream through the cache. The only I/O a plugin ever sees, and only in `catalog`. */
export interface Reader {
  json<T>(path: string, options?: ReadOptions): Promise<T>;
  text(path: string, options?: ReadOptions): Promise<string>;
}

export interface ReadOptions {
  /** Named upstream. Default: `default`. */
  upstream?: string;
  /** First byte wanted, for documents that only grow. */
  from?: number;
}

/** One thing that a whole-registry feed says. */
export type CatalogEvent =
  | { type: "changed"; package: Package; publishedAt?: Date }
  | { type: "gone"; package: Package; version?: string }
  /** The feed cannot say what happened since the checkpoint: list again and compare. */
  | { type: "resync" };

/** A page of the whole registry and where to resume once its events are queued. The checkpoint is opaque to the engine. */
export interface CatalogPage {
  events: readonly CatalogEvent[];
  checkpoint: string;
}
