/** What the API asks of those who run mirror jobs; `app/mirror-api.ts` does it. */

import type { MaybePromise } from "../../index/port.ts";
import type { FailureRow } from "../../index/rows.ts";
import type { FoundJob, Plan } from "./job-view.ts";
import type { Received } from "./mirror-request.ts";

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

/** What was removed with the pins of an owner, or would be. */
export interface Freed {
  owner: string;
  /** Files and documents that it pinned. */
  pinned: number;
  /** Those of them that are removed, and their bytes. */
  files: number;
  bytes: number;
  /** Those that stay, because another owner pins them. */
  shared: number;
}

export interface MirrorApi {
  /** A folder for uploads; what a kill leaves in it is removed some day. */
  readonly uploads: string;
  /** Bytes of a request. */
  readonly maxUpload: number;
  /** Throws BadRequest (429, 409) where no job can be made now. */
  requireRoom(): Promise<void>;
  /** Reads the sources to their end, in another process where they are large. Throws InvalidFields where they make no sense; then
   * nothing was recorded. A dry run of packages is looked at until `signal` is aborted, one of a registry becomes a job. */
  take(received: Received, signal: AbortSignal): Promise<{ created: Created } | { plan: Plan }>;
  list(page: { before?: string; limit: number }): Promise<FoundJob[]>;
  find(id: string): Promise<FoundJob | undefined>;
  failures(id: string, after: number, limit: number): MaybePromise<FailureRow[]>;
  /** Throws BadRequest (409) where it has ended. */
  cancel(id: string): Promise<void>;
  /** Ends the pins of the job's request, and removes what nobody else pins. `isDry`: shows only what that comes to. Throws BadRequest
   * (409) while a job of the request has not ended. */
  forget(id: string, isDry: boolean): Promise<Freed>;
  /** Throws BadRequest (409) where there is nothing to try again. */
  retry(id: string): Promise<void>;
}
