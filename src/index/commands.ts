/**
 * What can be written to the index: named commands, each one transaction. A command is data, without side effects outside of the
 * index; what must hold for it is part of its input, and a refusal is a result, not an exception. So a driver can run it at
 * once (SQLite), or again after a conflict (Postgres).
 */
import type { Gone, JobSpec, PinOwner, Task } from "../contract/jobs.ts";
import type {
  ArtifactRow,
  CatalogRow,
  Counts,
  DocumentRow,
  FactsPage,
  FailureRow,
  Identity,
  JobRow,
  JobState,
  KnownDate,
  ListedEntry,
  ListedRow,
  ListedState,
  MirroredRow,
  Settlement,
  TaskRow,
  TokenRow,
} from "./rows.ts";

/** A file or document of a mount. */
export interface Place {
  mount: string;
  path: string;
}

/** A document, and what it states about files. */
export interface DocumentWrite {
  row: DocumentRow;
  pages: readonly FactsPage[];
}

/**
 * `removing`: the bytes of these digests are being removed from the store, so that nothing was written. Wait until they are gone,
 * store them again, and repeat the command.
 */
export type Stored = { status: "stored" } | { status: "removing"; sha256s: string[] };

/** Changes to the documents of a generation that follow from the root that is published. */
export interface GenerationChanges {
  mount: string;
  /** Content that takes over the last use, and the pins, of what it replaces. */
  replaced: { from: string; path: string; usedAt: number; isPinned: boolean }[];
  unpinned: string[];
  /** Documents that no generation names any more: removed where they are neither pinned nor used since. */
  outdated: { paths: string[]; usedBefore: number };
}

/** A document that was fetched and waits under a key of its own until what it names is stored. */
export interface PendingPointer {
  /** Where clients find it. */
  path: string;
  /** Where it is until then. */
  pendingPath: string;
  sha256: string;
  changes?: GenerationChanges | undefined;
}

/** A package, or one of its releases, that a registry does not have any more. */
export interface Removal {
  name: string;
  /** Absent: the whole package. */
  version?: string | undefined;
  /** Its documents that are removed, too. */
  documents: string[];
}

/** What a page of a registry's list says. */
export interface RegistryPage {
  mount: string;
  entries: readonly ListedEntry[];
  catalog?: Partial<Omit<CatalogRow, "mount">>;
  /** Listed before, and not any more. */
  gone: readonly Pick<ListedEntry, "name" | "version" | "revision">[];
  removals: readonly Removal[];
  policy: Gone;
}

/** What is written of a task of a job. */
export interface TaskOutcome {
  job: string;
  counts: Counts;
  failures: readonly Omit<FailureRow, "id" | "job">[];
}

/** Of a command that answers nothing but that it is durable. */
type Done = ReturnType<() => void>;

/** Command name → its input and its result. */
export interface Commands {
  /** A file whose bytes are in the store. A pin is never lost. */
  storeArtifact: { input: { row: ArtifactRow }; result: Stored };
  /** A row as it was, unless another version of the file took its place. */
  restoreArtifact: { input: { row: ArtifactRow }; result: Stored };
  /** The stored version is current: `verified` and `checkedAt` of the row. */
  confirmArtifact: { input: { row: ArtifactRow }; result: Done };
  /** The id of an owner of pins, which is created where there is none. */
  ownPins: { input: PinOwner & { title: string }; result: number };
  pin: { input: { owner: number; mount: string; paths: readonly string[] }; result: Done };
  /** Ends pins of an owner. What nobody else pins is removed, and mirrors look for it again. The result: blobs to unlink. */
  unpin: {
    input: {
      owner: number;
      places: readonly Place[];
      spoiled: readonly { mount: string; purl: string }[];
      packages: readonly { mount: string; name: string }[];
      now: number;
    };
    result: string[];
  };
  /** Ends pins of an owner; what nobody else pins may be evicted. */
  endPins: { input: { owner: number; places: readonly Place[] }; result: Done };
  /** Removes an owner, and its pins. */
  forgetOwner: { input: { owner: number }; result: Done };

  /** Documents, all or none. `unless`: documents that must still have these digests; otherwise the result is `replaced`. */
  storeDocuments: {
    input: {
      documents: readonly DocumentWrite[];
      changes?: GenerationChanges | undefined;
      unless?: (Place & { sha256: string }) | undefined;
    };
    result: Stored | { status: "replaced" };
  };
  /** Upstream says that the stored document is current: `checkedAt`, validators and registry of the row. */
  checkDocument: { input: { row: DocumentRow }; result: Done };
  /** The same document at further paths, without its facts. */
  copyDocument: { input: { row: DocumentRow; paths: readonly string[] }; result: Done };
  /** Moves pending pointers to where clients find them, all or none. The result names one that was replaced meanwhile. */
  publishPointers: {
    input: { mount: string; owner?: number | undefined; pointers: readonly PendingPointer[] };
    result: { status: "published" } | { status: "replaced"; path: string };
  };

  /** Hits and times of use that were counted in memory. */
  countUse: {
    input: { at: number; artifacts: readonly (Place & { hits: number })[]; documents: readonly Place[] };
    result: Done;
  };
  /** A time of use in the future, by a clock that was ahead, becomes `now`. */
  correctUse: { input: { now: number }; result: Done };
  /** Removes up to `limit` rows, the least recently used first, none that is pinned, until blobs have at most `bytes`. */
  evict: { input: { bytes: number; now: number; limit: number }; result: { evicted: Place[]; removing: string[] } };
  /** Marks blobs that nothing names as being removed. The result are those that are: unlink them, then `forgetBlobs`. */
  releaseBlobs: { input: { sha256s: readonly string[]; now: number }; result: string[] };
  /** Marks those that the index does not know as being removed, as `releaseBlobs` does. */
  releaseUnknown: { input: { sha256s: readonly string[]; now: number }; result: string[] };
  /** Their bytes are gone from the store. */
  forgetBlobs: { input: { sha256s: readonly string[] }; result: Done };
  /** Takes over removals that were begun before a time and not finished. The result are those to unlink. */
  resumeRemovals: { input: { before: number; now: number }; result: string[] };
  /** Bytes were read and have their digest. */
  verifyBlobs: { input: { sha256s: readonly string[]; at: number }; result: Done };
  /** The bytes of a digest are lost: what still names it is removed, and mirrors look for it again. */
  forgetLost: {
    input: {
      sha256: string;
      artifacts: readonly Place[];
      documents: readonly Place[];
      spoiled: readonly { mount: string; purl: string; failure: string }[];
      packages: readonly { mount: string; name: string }[];
      now: number;
    };
    result: string[];
  };

  putDates: {
    input: { mount: string; name: string; dates: readonly (readonly [version: string, date: KnownDate])[] };
    result: Done;
  };

  /** Adds paths to recorded sets, and pins them. */
  recordSets: { input: { at: number; entries: readonly (Place & { set: string })[] }; result: Done };
  /** The result: how many paths the set had. */
  removeSet: { input: { name: string }; result: number };

  createToken: { input: { row: TokenRow }; result: Done };
  /** Whether there was such a token that was valid. */
  revokeToken: { input: { id: string; at: number }; result: boolean };

  createJob: { input: { id: string; spec: JobSpec; at: number }; result: Done };
  /** Tasks that the job has already are not added again. `skipped`: files that an earlier job stored. */
  addTasks: { input: { job: string; tasks: readonly { key: string; task: Task }[]; skipped?: number }; result: Done };
  /** Into another state, where it is in one of `from`; whether it was. */
  moveJob: {
    input: { id: string; from: readonly JobState[]; to: JobState; set?: Partial<Omit<JobRow, "id" | "state">> };
    result: boolean;
  };
  removeJobs: { input: { ids: readonly string[] }; result: Done };
  /** Whether the job runs now. `reopens`: its tasks are all looked at again. */
  claimJob: { input: { id: string; at: number }; result: boolean };
  /** Ends a running job, with `error`, or as what failed decides. */
  endJob: {
    input: { id: string; at: number; error?: string | undefined; estimate?: JobRow["estimate"] | undefined };
    result: Done;
  };
  /** What failed is to be tried again. */
  retryJob: { input: { id: string; spec?: JobSpec | undefined }; result: Done };
  settleTask: {
    input: TaskOutcome & {
      task: Pick<TaskRow, "id" | "attempts">;
      state: "complete" | "failed";
      mirrored?: MirroredRow | undefined;
    };
    result: Done;
  };
  postponeTask: { input: { id: number; attempts: number; notBefore: number }; result: Done };
  /** Counts and failures that belong to no task. */
  countJob: { input: TaskOutcome; result: Done };

  /** The registry is mirrored from now on, with these filters; whether others were in force. */
  beginFeed: {
    input: { mount: string; filters: string; isAnew: boolean; now: number };
    result: { isOther: boolean };
  };
  updateCatalog: { input: { mount: string; set: Partial<Omit<CatalogRow, "mount">> }; result: Done };
  /** The ids of its entries, in any order; blobs that nothing names any more. */
  recordPage: { input: RegistryPage & { now: number }; result: { ids: number[]; removing: string[] } };
  moveListed: { input: { moves: readonly { ids: readonly number[]; state: ListedState }[] }; result: Done };
  reopenListed: { input: { mount: string; now: number; failed: "all" | "rested" }; result: Done };
  /** What became of a package that a job worked on; `removal`: where it is settled, and gone. */
  settleListed: {
    input: {
      mount: string;
      row: Pick<ListedRow, "id" | "revision">;
      settlement: Settlement;
      outcome?: TaskOutcome | undefined;
      removal?: { removal: Removal; policy: Gone } | undefined;
      now: number;
    };
    result: string[];
  };

  /** Beyond `beyond`, too. */
  advanceEpoch: { input: { beyond: number }; result: Identity };
}

export type CommandName = keyof Commands;
export type Commit = <N extends CommandName>(name: N, input: Commands[N]["input"]) => Promise<Commands[N]["result"]>;
