/**
 * Pointers (`MetadataRoute.pointer`) that a mirror fetched and has not published: they are held beside what clients are sent,
 * under a key that no request can have, and only who mirrors sees them.
 */

import type { MetadataRoute, Path } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Context } from "../context.ts";
import type { Target } from "../target.ts";
import { changesBy } from "./switch-generation.ts";

/** A pointer that waits for what it names. Structured-cloneable. */
export interface Staged {
  path: Path;
  sha256: string;
}

type Parts = Pick<Context, "documents" | "settings">;

/** The row that this process is to see: where it mirrors, the one that it staged, if there is one. */
export function rowAt({ documents, settings }: Parts, { name, ecosystem }: Mount, path: Path): DocumentRow | undefined {
  const mayBeStaged = stages(settings) && ecosystem.routes.some((route) => route.kind === "metadata" && route.pointer);
  return (mayBeStaged ? documents.find(name, keyOf(path)) : undefined) ?? documents.find(name, path);
}

/** A document that has just come, as it is to be noted: a mirror publishes pointers later. */
export function stage({ settings }: Pick<Parts, "settings">, { route }: Target<MetadataRoute>, row: DocumentRow) {
  return route.pointer && stages(settings)
    ? { ...row, path: keyOf(row.path as Path), pinned: false, owner: undefined }
    : row;
}

/** What of a document is yet to be published: itself, if it is staged. */
export function stagedOf({ path }: Target<MetadataRoute>, row: DocumentRow): Staged[] {
  return row.path === keyOf(path) ? [{ path, sha256: row.sha256 }] : [];
}

/** Puts pointers in the places of what is held, all at once. Throws UpstreamFailed where one was evicted meanwhile. */
export async function publish(context: Context, mount: Mount, staged: readonly Staged[]): Promise<void> {
  const { commit, documents } = context;
  if (staged.length === 0) return;
  const pointers = staged.map(({ path, sha256 }) => {
    const pendingPath = keyOf(path);
    const changes = changesBy(context, mount, path, documents.pages(mount.name, pendingPath));
    return { path, pendingPath, sha256, changes };
  });
  const result = await commit("publishPointers", { mount: mount.name, owner: mount.owner, pointers });
  if (result.status === "replaced")
    throw new UpstreamFailed(`${result.path} was replaced while what it names was fetched; ask again`, {
      retryable: true,
    });
}

/** Whether pointers are published later. A check looks at what clients are sent. */
export function stages({ pinsWhatItFetches, makesUpstreamRequests }: Context["settings"]): boolean {
  return pinsWhatItFetches && makesUpstreamRequests;
}

/** No path of a request begins so. */
function keyOf(path: Path): string {
  return `#${path}`;
}
