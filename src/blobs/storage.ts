/**
 * Keeps bytes by content. Knows nothing of names, mounts or policy: the database maps those to digests. What is in a
 * store is whole and was verified before it came there.
 */
export interface Storage {
  /** For people: where it is. */
  readonly url: string;
  /** Whether this thread may wait for the disk, because no client waits for it. */
  readonly waitsForDisk: boolean;
  /** The folder, absolute. */
  readonly root: string;
  /** Its file system, or this user, may not write: it is read, and nothing can be placed or removed. */
  readonly isReadOnly: boolean;
  /** A folder on the same file system in which downloads grow before they are placed; elsewhere where it is read-only. */
  readonly parts: string;
  /** The file in which the download of a key grows; what an interrupted one left in it may be continued. */
  partAt(key: string): string;
  /** The blob, to be read or sent whole or in part; reading one that is not held fails. */
  open(sha256: string): Blob;
  /** The blob's file on this machine. */
  file(sha256: string): string;
  /** Whether there is such a file, with so many bytes where that is said: one that was cut off is not there. */
  has(sha256: string, size?: number): boolean;
  /**
   * Makes a finished file the blob of this digest: flushed to disk first, then moved; dropped if the blob exists. One that has
   * another size is damaged, and quarantined first.
   */
  place(file: string, sha256: string): Promise<void>;
  /** Makes bytes the blob of this digest, in the same way. */
  put(bytes: Uint8Array, sha256: string): Promise<void>;
  /**
   * Synchronous, to be called inside the write that forgets the blob. Absence is no error. Does nothing where the database is not
   * the one that describes the store.
   */
  remove(sha256: string): void;
  /**
   * Takes a blob that is not what its name says out of reach: never served again, kept for a look. Where it is now;
   * `undefined` where there was none. Synchronous, as `remove` is.
   */
  quarantine(sha256: string): string | undefined;
  /** What is there, whether anything names it or not, a folder at a time; names that are no digests are left out. */
  stored(): Iterable<StoredBlob[]>;
  /** When a blob was quarantined last, milliseconds since 1970; 0: never. */
  quarantinedAt(): number;
  /** Whether this many more bytes fit, with a reserve. */
  hasRoom(bytes: number): Promise<boolean>;
  /** Writes, reads back, compares and deletes a probe; throws with what went wrong. */
  probe(): Promise<void>;
}

export interface StoredBlob {
  sha256: string;
  size: number;
  /** Milliseconds since 1970 at which its last byte was written. */
  writtenAt: number;
}
