import type { Storage } from "../blobs/storage.ts";
import type { Artifacts } from "../index/sqlite/artifacts.ts";
import type { Blobs } from "../index/sqlite/blobs.ts";
import type { ReleaseDates } from "../index/sqlite/dates.ts";
import type { Documents } from "../index/sqlite/documents.ts";
import type { Writer } from "../index/sqlite/writer.ts";
import type { CooldownSettings } from "../policy/cooldown.ts";
import type { Upstream } from "../upstream/client.ts";

/** What the parts of the cache share. Times are milliseconds, sizes bytes. */
export interface Context {
  readonly settings: CacheSettings;
  readonly storage: Storage;
  readonly upstream: Upstream;
  readonly writer: Pick<Writer, "write" | "drain">;
  readonly artifacts: Artifacts;
  readonly documents: Documents;
  readonly blobs: Blobs;
  readonly dates: ReleaseDates;
  /** The clock; tests set their own. */
  readonly now: () => number;
}

export interface CacheSettings {
  /** Nothing is dialled; only what is held is admitted. */
  offline: boolean;
  /** Documents are kept; off: they are fetched for every request and forgotten. */
  keepDocuments: boolean;
  maxDocument: number;
  /** Further documents that one request may have fetched. */
  maxFollowUps: number;
  maxArtifact: number;
  /** How long after its freshness a document is still sent at once, while it is revalidated behind. */
  staleWhileRevalidate: number;
  /** How long after its freshness a document is sent when upstream fails. */
  staleIfError: number;
  /** How long an absence is believed. */
  negativeTtl: number;
  cooldown: CooldownSettings;
  /** What this process holds is held on purpose (a mirror job): never evicted. */
  pin: boolean;
}
