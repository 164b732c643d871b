/**
 * Leases: who may fetch a file or document, run a job, or drive a schedule, over all threads, processes and nodes that share a
 * store. A lease ends with its release or with its owner; an owner that died is followed by the next who asks. Bytes of a download
 * belong to the store (`Storage.partAt`), not to its lease.
 */
import type { MaybePromise } from "../contract/routes.ts";

export interface Lease {
  /** Identifies this lease among all that the key ever had. */
  readonly owner: string;
  /** Gives it up. A second call, or one of an owner that was taken for dead, does nothing. */
  release(): Promise<void>;
}

export interface Leases {
  /** The lease of a key; `undefined` while another owner lives. */
  acquire(key: string): Promise<Lease | undefined>;
  /** Whether a living owner has the lease of a key. */
  isLeased(key: string): MaybePromise<boolean>;
  /** Whether the lease of a key is this owner's, and was not released. */
  isOwnedBy(owner: string, key: string): MaybePromise<boolean>;
}
