/**
 * Whole registries: the lists that name their packages and the feeds that say what changed. A catalog reads and yields; what
 * is known already, what is new, what is gone, and when to go on are the engine's business (`mirror/registry/`).
 */
import type { Digest, Doc, LeftOut, Package, Release, Traits } from "./ecosystem.ts";

/** Reads upstream. The only I/O a plugin ever sees, and only in its catalog. */
export interface Reader {
  readonly traits: Traits;
  /** `path`: below the upstream, with its query; or a whole address that the mount may fetch. Answers to ranges and conditions
   * (206, 304, 416) are answers. Throws NotFound (404, 410), and UpstreamFailed for the rest, and for a document of a signed route
   * that is not signed by whom the mount trusts. */
  open(path: string, options?: ReadOptions): Promise<Reading>;
  json<T>(path: string, options?: ReadOptions): Promise<T>;
  text(path: string, options?: ReadOptions): Promise<string>;
  /** The bytes of a document that another one names with its digest; unpacked, where it is compressed. Throws UpstreamFailed
   * where what is sent has another digest. */
  unpacked(path: string, digest: Digest, options?: ReadOptions): Promise<Uint8Array>;
}

export interface ReadOptions {
  /** Named upstream. Default: `default`. */
  upstream?: string;
  /** Default: GET. */
  method?: "GET" | "HEAD";
  /** The document is the list, all of it: where upstream says that it is still the one that was last taken whole, it is not
   * sent, and reading ends there. Lists that state a revision of each package profit. */
  isList?: boolean;
  /** First byte wanted, for documents that only grow. */
  from?: number;
  /** Names in lower case: `accept`, `if-none-match`. */
  headers?: Readonly<Record<string, string>>;
}

/** An answer. To be read once, or left. */
export interface Reading {
  /** 200, 206, 304 or 416. */
  readonly status: number;
  /** `name` in lower case. */
  header(name: string): string | undefined;
  /** The body, without the content coding of its transport; as fast as it is taken. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** One thing that a list or a feed says. */
export type CatalogEvent =
  | {
      type: "changed";
      package: Package;
      /** Where the change is of a release that no index lists, so that it has to be held by its name. */
      version?: string;
      /** Changes whenever the package does. Where its documents state a revision of their own (`Facts.revision`), this one. Absent: something did change (in a list: nothing is known of it). */
      revision?: string;
      publishedAt?: Date;
    }
  | { type: "gone"; package: Package; version?: string }
  /** An entry that makes no sense, where the catalog cannot read it as any of these. Of the others the engine looks at names and
   * versions itself. */
  | ({ type: "odd" } & LeftOut)
  /** The feed cannot say what happened since the checkpoint (it was reset, it has a gap): list again, and compare. */
  | { type: "resync"; reason: string };

export interface CatalogPage {
  events: readonly CatalogEvent[];
  /** Where to go on once these events are recorded. Opaque to the engine. */
  checkpoint: string;
}

/**
 * What a registry can be asked for. `list` alone: it is read whole each time, and the engine compares (PyPI). `changes` alone:
 * a log from its beginning (Go). Both: the list once, then the log, and the list again when the log says `resync` (npm, Maven).
 * All are streams: a list of millions of names is never in memory.
 */
export interface Catalog {
  /** Every package there is, in any order. The checkpoint of its last page is where `changes` begins. */
  list?(reader: Reader, checkpoint?: string): AsyncIterable<CatalogPage>;
  /** Whether a first list that was broken off is given the checkpoint of its last recorded page, and keeps to where `changes` were
   * to begin: what became of packages since is told by these, and of those that are known the list says nothing new. Default:
   * it is read from its beginning, and compared with what is known. */
  resumes?: boolean;
  /** What happened since; ends when there is nothing more for now. Without a checkpoint: from the beginning. */
  changes?(reader: Reader, checkpoint?: string): AsyncIterable<CatalogPage>;
  /** Whether what documents state of a package is as new as the revision that was listed: they may come from caches that lag
   * behind, and are then asked for again. Default: by the revision that documents state themselves, where there is one. */
  isCurrent?(revision: string, releases: readonly Release[]): boolean;
  /** The revision of a package as its document has it, where that is what lists state (its digest). A document of the revision
   * that is held, where another one was listed, is older than the list, and asked for again. */
  revisionOf?(doc: Doc): string;
  /** A file that can stand in for the list: what it is, for people, and its events. It comes decompressed. */
  snapshot?: { what: string; read(bytes: AsyncIterable<Uint8Array>): AsyncIterable<readonly CatalogEvent[]> };
}
