/** Stored bytes that are not what their name says: set aside, never served, and fetched again by whoever asks next. */
import { readFileSync } from "node:fs";
import { hash } from "../../contract/digest.ts";
import { emit } from "../../contract/events.ts";
import { messageOf, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Context } from "../context.ts";

/** What names the bytes. */
export interface Named {
  mount: string;
  path: string;
  sha256: string;
}

/** Returns the bytes, which were read for a name, where they are those of their digest. Throws what `isDamaged` knows. */
export function requireRight<B extends Uint8Array>({ storage }: Pick<Context, "storage">, named: Named, bytes: B): B {
  const { mount, path, sha256 } = named;
  const found = hash("sha256", bytes);
  if (found === sha256) return bytes;
  emit("mismatch", { mount, path, expected: `sha256:${sha256}`, found: `sha256:${found}` });
  const error = new UpstreamFailed(
    `${path} is damaged in the store: expected sha256:${sha256}, found sha256:${found}`,
    {
      retryable: !storage.isReadOnly,
    },
  );
  setAside(storage, named, found);
  throw Object.assign(error, { isDamaged: true });
}

/** Whether stored bytes were found to be damaged, here or in another thread or process. They were set aside: the next look misses them. */
export function isDamaged(error: unknown): error is UpstreamFailed {
  return error instanceof UpstreamFailed && "isDamaged" in error && error.retryable;
}

function setAside(storage: Context["storage"], { mount, path, sha256 }: Named, found: string): void {
  const about = { path: `/${mount}${path}`, expected: sha256, found };
  try {
    // Somebody else may have put the right bytes there meanwhile.
    if (hash("sha256", readFileSync(storage.file(sha256))) === sha256) return;
    log.error("a stored file is damaged; it is set aside and fetched again", {
      ...about,
      file: storage.quarantine(sha256),
    });
  } catch (error) {
    log.error("a stored file is damaged and cannot be set aside", { ...about, error: messageOf(error) });
  }
}
