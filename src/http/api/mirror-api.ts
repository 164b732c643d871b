/** What the API asks of those who run mirror jobs; `app/mirror-api.ts` does it. */

import type { Closure } from "../../contract/jobs.ts";
import type { FailureRow, JobRow } from "../../index/rows.ts";

import type { Plan } from "./job-view.ts";
import type { Received } from "./mirror-request.ts";
import type { FieldError } from "./problem.ts";

/** A file that came with a request; it can be read until the request is answered. */
export interface Upload {
  name: string;
  bytes: () => AsyncIterable<Uint8Array>;
}

export interface MirrorRequest {
  purls: readonly string[];
  /** Of package URLs. */
  lists: readonly Upload[];
  sboms: readonly Upload[];
  lockfiles: readonly Upload[];
  /** Lists of images, compose files, Kubernetes manifests. */
  images: readonly Upload[];
  sets: readonly string[];
  mount?: string | undefined;
  closure: Closure;
  platform: string;
  sources: boolean;
  /** Bytes; 0: no limit. */
  maxSize: number;
  /** Default: as configured. */
  concurrency?: number | undefined;
  refresh: boolean;
  /** Whether a malformed entry of an SBOM is a fault. */
  isStrict?: boolean;
  /** A registry and which of its packages, and which releases of all that is named without a version; as the fields have it. */
  whole?: Whole;
}

export interface Whole {
  registry?: string | undefined;
  include?: readonly string[];
  exclude?: readonly string[];
  limit?: number | undefined;
  versions?: string | undefined;
  since?: string | undefined;
  prereleases?: boolean | undefined;
  metadata_only?: boolean;
  gone?: string | undefined;
  allow_shrink?: boolean;
}

/** What a source names and no registry has. */
export interface Aside {
  what: string;
  reason: string;
  place: string;
}

export interface Created {
  id: string;
  asides: { count: number; first: readonly Aside[] };
}

export interface FoundJob {
  row: JobRow;
  /** Of a job that runs in this process: how it stands now. */
  live?: Pick<JobRow, "total" | "completed" | "skipped" | "failed" | "bytes" | "phase"> & {
    rate: number;
    eta: number | undefined;
  };
}

/** Tells what is wrong with what a request names. */
export interface SourceReader {
  /** Most downloads at once that a job may ask for. */
  readonly maxConcurrency: number;
  /** What is wrong with a value, if anything. */
  problemOf(field: "purls" | "set" | "mount" | "registry" | "platform", value: string): string | undefined;
  /** What is wrong with files, each as a job would read it. */
  problemsOf(files: Pick<MirrorRequest, "lists" | "sboms" | "lockfiles" | "images">): Promise<readonly FieldError[]>;
}

export interface MirrorApi {
  /** A folder for uploads; what a kill leaves in it is removed some day. */
  readonly uploads: string;
  /** Bytes of a request. */
  readonly maxUpload: number;
  /** Throws BadRequest (429, 409) where no job can be made now. */
  requireRoom(): void;
  /** Reads the sources to their end, in another process where they are large. Throws InvalidFields where they make no sense; then
   * nothing was recorded. A dry run of packages is looked at until `signal` is aborted, one of a registry becomes a job. */
  take(received: Received, signal: AbortSignal): Promise<{ created: Created } | { plan: Plan }>;
  list(page: { before?: string; limit: number }): FoundJob[];
  find(id: string): FoundJob | undefined;
  failures(id: string, after: number, limit: number): FailureRow[];
  /** Throws BadRequest (409) where it has ended. */
  cancel(id: string): Promise<void>;
  /** Throws BadRequest (409) where there is nothing to try again. */
  retry(id: string): Promise<void>;
}
