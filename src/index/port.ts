/**
 * The index: what is known of the stored bytes, of mirror jobs and of registries. Reads are grouped by what they are about and named
 * by their use; everything that is written is a command (`commands.ts`). SQL stays behind this port.
 *
 * A driver that reads at once need not make a promise; callers always await. What is answered to clients from memory is not read here.
 */
import type { Path } from "../contract/ecosystem.ts";
import type { MaybePromise } from "../contract/routes.ts";
import type { Commit } from "./commands.ts";
import type {
  ArtifactRow,
  CatalogRow,
  DocumentRow,
  FailureRow,
  JobRow,
  JobState,
  KnownDate,
  KnownEntry,
  ListedEntry,
  ListedRow,
  ListedState,
  MirroredRow,
  PackageFile,
  PinOwnerRow,
  PinRow,
  SetSummary,
  TaskRow,
  TokenRow,
  Totals,
} from "./rows.ts";

export type { MaybePromise };
/** Values that are read a page at a time: memory stays flat whatever their number. */
export type Paged<T> = Iterable<T> | AsyncIterable<T>;

/** A file in a list of files. */
export type ListedFile = Pick<ArtifactRow, "mount" | "path" | "name" | "version" | "hits" | "size" | "fetchedAt">;

/** Which immutable files are stored. */
export interface ArtifactReads {
  find(mount: string, path: string): MaybePromise<ArtifactRow | undefined>;
  ofPackage(mount: string, name: string): MaybePromise<PackageFile[]>;
  /** Every release of a mount, or of one of its packages, of which a file is stored. */
  releases(mount: string, name?: string): Paged<{ name: string; version: string }>;
  /** The files whose bytes have one of these digests. */
  naming(sha256s: readonly string[]): MaybePromise<ArtifactRow[]>;
  /** The files with the most hits. */
  popular(limit: number): MaybePromise<ListedFile[]>;
  /** The files that were stored last. */
  recent(limit: number): MaybePromise<ListedFile[]>;
  byMount(): MaybePromise<{ mount: string; artifacts: number; bytes: number }[]>;
  /** Grows with each file that this process stores or removes. */
  readonly changes: number;
}

/** Which documents are stored, and the facts that they state. */
export interface DocumentReads {
  find(mount: string, path: string): MaybePromise<DocumentRow | undefined>;
  /** Of these paths of a mount, those that are documents. */
  among(mount: string, paths: readonly string[]): MaybePromise<string[]>;
  /** The documents whose bytes have one of these digests. */
  naming(sha256s: readonly string[]): MaybePromise<DocumentRow[]>;
  /** The page of a document's facts in which a path stands, if it stands in any. */
  page(mount: string, document: string, path: string): MaybePromise<string | undefined>;
  /** All pages of a document's facts. */
  pages(mount: string, document: string): MaybePromise<string[]>;
  /** Documents below a path that state facts, the newest first. `below` ends with a slash. */
  stating(mount: string, below: string, limit: number): MaybePromise<string[]>;
  /** The paths of a mount's documents, or of those below a path. Pending pointers have none. */
  paths(mount: string, below?: string): Paged<string>;
  /** Another text where a document below a path was stored, replaced or removed. */
  stateBelow(mount: string, path: string): MaybePromise<string>;
  /** Another number where another thread or process has written anything. */
  written(): MaybePromise<number>;
  /** Grows with each document that this process stores or removes. */
  readonly changes: number;
}

/** Which blobs are in the store. */
export interface BlobReads {
  totals(): MaybePromise<Totals>;
  /** Of these, those that the index knows. */
  known(sha256s: readonly string[]): MaybePromise<Set<string>>;
  /** Its bytes when it was stored; `undefined` where it is not known. */
  sizeOf(sha256: string): MaybePromise<number | undefined>;
  /** Blobs that neither a file nor a document names. */
  unnamed(limit: number): MaybePromise<string[]>;
  /** Since when a blob is being removed; `undefined` where it is not. */
  removingSince(sha256: string): MaybePromise<number | undefined>;
  /** Blobs that were not verified since a time, those first that never were. */
  unverified(since: number, now?: number): Paged<{ sha256: string; size: number }>;
  countUnverified(since: number, now?: number): MaybePromise<{ blobs: number; bytes: number }>;
}

/** Dates of releases whose index has none that policy may trust. */
export interface DateReads {
  /** By version. */
  ofPackage(mount: string, name: string): MaybePromise<Map<string, KnownDate>>;
}

export interface JobReads {
  find(id: string): MaybePromise<JobRow | undefined>;
  /** Newest first. `before`: an id, for the next page. Default of `states`: all but `reading`. */
  list(page: { before?: string; limit: number; states?: readonly JobState[] }): MaybePromise<JobRow[]>;
  /** Jobs that a server runs, in these states. */
  count(states: readonly JobState[]): MaybePromise<number>;
  byState(): MaybePromise<{ state: JobState; count: number }[]>;
  /** The newest run of a scheduled job. */
  latest(scheduled: string): MaybePromise<JobRow | undefined>;
  /** In order, after the one with this id. */
  failures(job: string, after: number, limit: number): MaybePromise<FailureRow[]>;
}

export interface TaskReads {
  /** Tasks that were never postponed, in the order in which they were added, after the one with this id. */
  after(job: string, id: number, limit: number): MaybePromise<TaskRow[]>;
  /** Postponed tasks that are due. `underWay`: ids that are left out. */
  due(job: string, now: number, limit: number, underWay: readonly number[]): MaybePromise<TaskRow[]>;
  /** When the first postponed task is due; `undefined` where none is postponed. */
  soonest(job: string): MaybePromise<number | undefined>;
  count(job: string, state: TaskRow["state"]): MaybePromise<number>;
  /** The mounts of all tasks of a job. */
  mounts(job: string): MaybePromise<string[]>;
}

/** What mirrors were asked to store, and how that ended. */
export interface MirroredReads {
  /** Whether this choice of a PURL is stored completely. */
  isWhole(mount: string, purl: string, choice: string): MaybePromise<boolean>;
  /** What mirrors were asked for of a release: by its PURL or its package's. Of a PURL without version: of each of its releases, too. */
  about(mount: string, purl: string): MaybePromise<MirroredRow[]>;
  /** Of these PURLs, those of which a choice, or all, is stored completely. */
  whole(
    mount: string,
    purls: readonly string[],
    choices: readonly string[],
  ): MaybePromise<Pick<MirroredRow, "purl" | "choice" | "files" | "at">[]>;
}

/** The packages of registries that are mirrored whole. */
export interface ListedReads {
  /** Of these, those that are known. */
  known(mount: string, entries: readonly Pick<ListedEntry, "name" | "version">[]): MaybePromise<KnownEntry[]>;
  /** Due packages that were never postponed, in the order in which they were listed, after the one with this id. */
  due(mount: string, after: number, limit: number, underWay?: readonly number[]): MaybePromise<ListedRow[]>;
  /** Postponed packages that are due again. */
  postponed(mount: string, now: number, limit: number, underWay: readonly number[]): MaybePromise<ListedRow[]>;
  /** When the first postponed package is due; `undefined` where none is postponed. */
  soonest(mount: string): MaybePromise<number | undefined>;
  /** All, in the order of their ids, after the one with this id. */
  page(mount: string, after: number, limit: number): MaybePromise<KnownEntry[]>;
  /** Packages that were listed, and missing when they were fetched; in the order of their ids, after the one with this id. */
  absent(mount: string, after: number, limit: number): MaybePromise<KnownEntry[]>;
  /** Ids of packages that the registry has, in order, after this one. */
  packages(mount: string, after: number, limit: number): MaybePromise<number[]>;
  withIds(ids: readonly number[]): MaybePromise<KnownEntry[]>;
  /** So many due packages, by chance. */
  sample(mount: string, count: number): MaybePromise<KnownEntry[]>;
  /** How many there are in each state. Reads all of them. */
  byState(mount: string): MaybePromise<Partial<Record<ListedState, number>>>;
  /** Entries of the list that could not be read; those in whose text `text` stands. */
  odd(mount: string, limit: number, text?: string): MaybePromise<KnownEntry[]>;
}

export interface CatalogReads {
  find(mount: string): MaybePromise<CatalogRow | undefined>;
  /** The registries that were ever mirrored whole. */
  list(): MaybePromise<CatalogRow[]>;
}

/** For whom files and documents are pinned. */
export interface PinReads {
  has(owner: number, mount: string, path: string): MaybePromise<boolean>;
  owners(): MaybePromise<PinOwnerRow[]>;
  /** The owners of what a path has. */
  ownersOf(mount: string, path: string): MaybePromise<PinOwnerRow[]>;
  /** In order, after this place. */
  page(owner: number, after: { mount: string; path: string } | undefined, limit: number): MaybePromise<PinRow[]>;
}

/** Recorded sets. */
export interface SetReads {
  has(name: string): MaybePromise<boolean>;
  paths(name: string): Paged<{ mount: string; path: Path }>;
  list(): MaybePromise<SetSummary[]>;
}

export interface TokenReads {
  list(): MaybePromise<TokenRow[]>;
  /** Tokens that were not revoked. */
  valid(): MaybePromise<Pick<TokenRow, "hash" | "scopes">[]>;
}

export interface Index {
  readonly artifacts: ArtifactReads;
  readonly blobs: BlobReads;
  readonly catalogs: CatalogReads;
  readonly dates: DateReads;
  readonly documents: DocumentReads;
  readonly jobs: JobReads;
  readonly listed: ListedReads;
  readonly mirrored: MirroredReads;
  readonly pins: PinReads;
  readonly sets: SetReads;
  readonly tasks: TaskReads;
  readonly tokens: TokenReads;
  /** Resolves once the command is durable. Throws where the index is read-only (BadRequest) or cannot be written. */
  readonly commit: Commit;
  /** Waits for what is being written. */
  drain(): Promise<void>;
}

/** Reads of a driver that answers at once. */
export type Immediate<T> = {
  [N in keyof T]: T[N] extends (...input: infer I) => infer R
    ? (...input: I) => Exclude<R, Promise<unknown> | AsyncIterable<unknown>>
    : T[N];
};

/** The index of a driver that answers at once, which the cache still needs. */
export interface ImmediateIndex extends Index {
  readonly artifacts: Immediate<ArtifactReads>;
  readonly blobs: Immediate<BlobReads>;
  readonly dates: Immediate<DateReads>;
  readonly documents: Immediate<DocumentReads>;
  readonly pins: Immediate<PinReads>;
  readonly tokens: Immediate<TokenReads>;
}
