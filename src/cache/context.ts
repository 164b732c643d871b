import type { Storage } from "../blobs/storage.ts";
import type { ImmediateIndex } from "../index/port.ts";
import type { Leases } from "../leases/port.ts";
import type { CooldownSettings } from "../policy/cooldown.ts";
import type { Upstream } from "../upstream/client.ts";

/** What the parts of the cache share, the index among them. Times are milliseconds, sizes bytes. */
export interface Context
  extends Pick<ImmediateIndex, "artifacts" | "documents" | "pins" | "blobs" | "dates" | "commit" | "drain"> {
  readonly settings: CacheSettings;
  readonly storage: Storage;
  readonly leases: Leases;
  readonly upstream: Upstream;
  /** The clock; tests set their own. */
  readonly now: () => number;
}

/** What the cache does by the profile of its process. */
export interface CacheProfile {
  /** false: offline. Only what is stored is listed and served. */
  readonly makesUpstreamRequests: boolean;
  /** false: documents are fetched for every request and dropped. */
  readonly keepsDocuments: boolean;
  /** What is fetched is pinned (by a mirror job): never evicted. */
  readonly pinsWhatItFetches: boolean;
}

export interface CacheSettings extends CacheProfile {
  maxDocument: number;
  /** Of one that is a compressed file, unpacked. */
  maxUnpacked: number;
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
}
