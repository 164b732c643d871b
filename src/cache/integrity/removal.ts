/**
 * How bytes leave the store, and how new rows keep clear of it. A blob that nothing names any more is marked in the index first
 * (`releaseBlobs` and what else returns `removing`), then unlinked, then forgotten. So nothing is unlinked in a transaction that
 * may still fail, and who stores equal bytes meanwhile sees the mark.
 */
import type { Place, Stored } from "../../index/commands.ts";
import { UpstreamFailed } from "../../lib/errors.ts";
import type { Context } from "../context.ts";

/** Milliseconds between looks whether another process has removed a blob, and after which it counts as stopped. */
const LOOK = 5;
const STOPPED = 10_000;

/** Bytes that were in the store are gone before their row was written. */
export class Evicted extends UpstreamFailed {
  constructor(path: string) {
    super(`${path} was evicted while it was stored; ask again`, { retryable: true });
  }
}

type Parts = Pick<Context, "storage" | "commit" | "blobs" | "now">;

/** Unlinks blobs that a command marked, and forgets them. */
export async function removeBlobs({ storage, commit, blobs }: Parts, sha256s: readonly string[]): Promise<void> {
  if (sha256s.length === 0) return;
  for (const sha256 of sha256s) if (blobs.removingSince(sha256) !== undefined) storage.remove(sha256);
  await commit("forgetBlobs", { sha256s });
}

/** Removes what an interrupted process had marked. */
export async function resumeRemovals(parts: Parts): Promise<void> {
  const now = parts.now();
  await removeBlobs(parts, await parts.commit("resumeRemovals", { before: now - STOPPED, now }));
}

/**
 * Writes rows whose bytes were placed in the store before. Throws Evicted where the bytes were removed meanwhile.
 */
export async function commitStored<R extends { status: string }>(
  parts: Parts,
  rows: readonly (Place & { sha256: string; size: number })[],
  write: () => Promise<R | Removing>,
): Promise<R> {
  for (;;) {
    const result = await write();
    if (isRemoving(result)) {
      await untilRemoved(parts, result.sha256s);
      requireThere(parts, rows);
      continue;
    }
    // From now on they are named, and nobody removes them.
    if (result.status === "stored") requireThere(parts, rows);
    return result;
  }
}

type Removing = Extract<Stored, { status: "removing" }>;

function isRemoving(result: { status: string }): result is Removing {
  return result.status === "removing";
}

/** A row whose bytes are gone is fetched again by whoever asks for it next. */
function requireThere({ storage }: Parts, rows: readonly (Place & { sha256: string; size: number })[]): void {
  const missing = rows.find(({ sha256, size }) => !storage.has(sha256, size));
  if (missing) throw new Evicted(missing.path);
}

async function untilRemoved(parts: Parts, sha256s: readonly string[]): Promise<void> {
  for (const sha256 of sha256s)
    for (const started = performance.now(); parts.blobs.removingSince(sha256) !== undefined; ) {
      if (performance.now() - started > STOPPED) await resumeRemovals(parts);
      await Bun.sleep(LOOK);
    }
}
