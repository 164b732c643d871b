/** What the index stores, as every driver gives it. Times are milliseconds since 1970, sizes bytes, digests of blobs hex. */
import type { Digest } from "../contract/ecosystem.ts";
import type { Estimate, JobSpec, PinOwner, Task } from "../contract/jobs.ts";

/** An immutable file that is stored. A row exists only while its blob is whole and in the store. */
export interface ArtifactRow {
  mount: string;
  path: string;
  sha256: string;
  size: number;
  mediaType: string;
  name: string;
  version: string;
  publishedAt: number | null;
  /** Response headers kept for clients, digests among them. */
  headers: Record<string, string>;
  fetchedAt: number;
  usedAt: number;
  hits: number;
  /** Never evicted: whether it has an owner. */
  pinned: boolean;
  /** For whom it is pinned as it is written; not stored in the row. */
  owner?: number | undefined;
  /** The digest that a document, a signature or the path stated, and that the bytes have; null: none is stated, or the row is from
   * before this was noted. */
  verified: Digest | null;
  /** Upstream's validators, by which an unverified file is revalidated. */
  etag: string | null;
  lastModified: string | null;
  /** The base address of the registry that sent it. */
  registry: string | null;
  /** When upstream last said that this is current; null: when it was fetched. */
  checkedAt: number | null;
}

/** A stored file of a package. */
export type PackageFile = Pick<ArtifactRow, "name" | "version" | "path" | "sha256" | "size" | "pinned" | "verified">;

/** An owner of pins, and what is pinned for it. */
export interface PinOwnerRow extends PinOwner {
  id: number;
  /** For people. */
  title: string;
}

/** A pinned file or document of an owner. */
export interface PinRow {
  mount: string;
  path: string;
  /** Absent where it is not stored. */
  stored?: { kind: "artifact" | "document"; sha256: string; size: number; name: string; version: string };
  /** Whether another owner pins it, too. */
  isShared: boolean;
}

/** A document as upstream sent it. */
export interface DocumentRow {
  mount: string;
  /** With the query that belongs to it, if any. */
  path: string;
  sha256: string;
  size: number;
  mediaType: string;
  /** The address that answered, for relative links. */
  url: string;
  /** The base address of the registry that sent it; null: from before this was noted. */
  registry: string | null;
  etag: string | null;
  lastModified: string | null;
  headers: Record<string, string>;
  revision: number | null;
  fetchedAt: number;
  /** When upstream last said that this is current. */
  checkedAt: number;
  usedAt: number;
  pinned: boolean;
  /** As of a file. */
  owner?: number | undefined;
}

/** Facts about files that a document names: JSON, sorted by path. */
export interface FactsPage {
  /** The first path of the page. */
  first: string;
  page: string;
}

/** How much is stored. */
export interface Totals {
  blobs: number;
  bytes: number;
  artifacts: number;
}

/** Where a release's date comes from, where its index has none that policy may trust. */
export type DateSource = "last-modified" | "first-seen";
export interface KnownDate {
  at: number;
  source: DateSource;
}

/** What mirrors were asked to store, and how that ended last. */
export interface MirroredRow {
  mount: string;
  /** As asked for, normalised: with or without a version. */
  purl: string;
  /** Which of its files were wanted (`mirror/plan/choice.ts`); empty: all. */
  choice: string;
  at: number;
  /** Files that are stored for it. */
  files: number;
  /** Why it is incomplete; null when it is complete. */
  failure: string | null;
}

/** `reading`: its sources are still being read; it is visible to nobody before that ends well. */
export type JobState = "reading" | "pending" | "running" | "complete" | "failed" | "canceled";

/** A mirror job. Counters are of files, and of finished tasks. */
export interface JobRow extends Counts {
  id: string;
  state: JobState;
  phase: "resolving" | "downloading" | "complete";
  spec: JobSpec;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  error: string | null;
  /** What a registry would come to; of a job that only estimates, once it has ended well. */
  estimate: Estimate | null;
}

/** Files and bytes to add to a job's counters. */
export interface Counts {
  total: number;
  completed: number;
  skipped: number;
  failed: number;
  bytes: number;
}

/** A package, a release or a path that a job has to store with all its files. */
export interface TaskRow {
  id: number;
  job: string;
  /** Equal keys are one task. */
  key: string;
  task: Task;
  state: "pending" | "complete" | "failed";
  attempts: number;
  /** Not to be tried again before. */
  notBefore: number;
  /** What a failed task added to the job's counters: taken back when it is tried again. */
  counted: Counts | null;
}

/** A file that a job could not store. */
export interface FailureRow {
  id: number;
  job: string;
  task: number;
  purl: string;
  path: string | null;
  reason: string;
  /** Whether another attempt may succeed. */
  isPassing: boolean;
  attempts: number;
  at: number;
}

/** A registry that is mirrored whole, and how far its list was read. */
export interface CatalogRow {
  mount: string;
  /** Where the plugin's catalog continues; null: at its beginning. */
  checkpoint: string | null;
  /** Whether a list is being read, so that the checkpoint is one of the list. */
  isListing: boolean;
  /** Identifies the filters by which packages were chosen. */
  filters: string;
  /** Packages that the last whole list had. */
  size: number;
  /** Upstream's validator of the list that is known; null: it has none, or changes were read since. */
  validator: string | null;
  /** When the list and its changes were last read to the end; null: never yet. */
  caughtUpAt: number | null;
}

/** `due`: to be stored; `young`: stored, but for releases that a cooldown withholds; `left`: excluded by the filters. */
export type ListedState = "due" | "held" | "young" | "failed" | "left" | "gone" | "odd";

/** A package of a registry, or a release that no index lists; what the list said last, and what became of it here. */
export interface ListedRow extends ListedEntry {
  id: number;
  mount: string;
  /** The revision of which all that was wanted is stored. */
  held: string | null;
  attempts: number;
  /** Not to be looked at again before. */
  notBefore: number;
}

export interface ListedEntry {
  name: string;
  /** Empty: the package. */
  version: string;
  /** As its registry stated it last. */
  revision: string | null;
  state: ListedState;
}

export type KnownEntry = Pick<ListedRow, "id" | "name" | "version" | "revision" | "state">;

/** What became of a listed package; an absent field stays as it is. */
export type Settlement = Pick<ListedRow, "attempts" | "notBefore"> & Partial<Pick<ListedRow, "state" | "held">>;

export interface SetSummary {
  name: string;
  paths: number;
  /** Of stored files and documents. */
  bytes: number;
  recordedAt: number;
}

/** A token of the API. Only the sha256 of its text is kept. */
export interface TokenRow {
  id: string;
  name: string;
  hash: string;
  scopes: string[];
  createdAt: number;
  revokedAt: number | null;
}

/** Which database this is; a copy of the file has the same id and an older epoch. */
export interface Identity {
  id: string;
  epoch: number;
}
