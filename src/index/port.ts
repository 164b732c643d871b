/**
 * The index: what is known of the stored bytes, of mirror jobs and of registries. Reads are grouped by what they are about and named
 * by their use; everything that is written is a command (`commands.ts`). SQL stays behind this port.
 */
import type { Commit } from "./commands.ts";
import type { Artifacts } from "./sqlite/artifacts.ts";
import type { Blobs } from "./sqlite/blobs.ts";
import type { Catalogs } from "./sqlite/catalogs.ts";
import type { ReleaseDates } from "./sqlite/dates.ts";
import type { Documents } from "./sqlite/documents.ts";
import type { Jobs } from "./sqlite/jobs.ts";
import type { Listed } from "./sqlite/listed.ts";
import type { Mirrored } from "./sqlite/mirrored.ts";
import type { Sets } from "./sqlite/sets.ts";
import type { Tasks } from "./sqlite/tasks.ts";
import type { Tokens } from "./sqlite/tokens.ts";

/** Which immutable files are stored. */
export type ArtifactReads = Pick<
  Artifacts,
  "find" | "ofPackage" | "releases" | "naming" | "popular" | "recent" | "byMount" | "changes"
>;
/** Which documents are stored, and the facts that they state. */
export type DocumentReads = Pick<
  Documents,
  "find" | "among" | "naming" | "page" | "pages" | "stating" | "written" | "stateBelow" | "paths" | "changes"
>;
export type BlobReads = Pick<
  Blobs,
  "unnamed" | "sizeOf" | "known" | "unverified" | "countUnverified" | "totals" | "removingSince"
>;
export type DateReads = Pick<ReleaseDates, "ofPackage">;
export type JobReads = Pick<Jobs, "find" | "list" | "count" | "byState" | "latest" | "failures">;
export type TaskReads = Pick<Tasks, "after" | "due" | "soonest" | "count" | "mounts">;
export type MirroredReads = Pick<Mirrored, "isWhole" | "about" | "whole">;
export type ListedReads = Pick<
  Listed,
  "known" | "due" | "postponed" | "soonest" | "page" | "absent" | "packages" | "withIds" | "sample" | "byState" | "odd"
>;
export type CatalogReads = Pick<Catalogs, "find" | "list">;
export type SetReads = Pick<Sets, "has" | "paths" | "list">;
export type TokenReads = Pick<Tokens, "list" | "valid">;

export interface Index {
  readonly artifacts: ArtifactReads;
  readonly blobs: BlobReads;
  readonly catalogs: CatalogReads;
  readonly dates: DateReads;
  readonly documents: DocumentReads;
  readonly jobs: JobReads;
  readonly listed: ListedReads;
  readonly mirrored: MirroredReads;
  readonly sets: SetReads;
  readonly tasks: TaskReads;
  readonly tokens: TokenReads;
  /** Resolves once the command is durable. Throws where the index is read-only (BadRequest) or cannot be written. */
  readonly commit: Commit;
  /** Waits for what is being written. */
  drain(): Promise<void>;
}
