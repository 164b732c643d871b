/** Documents that speak of others (lists of their sums), and how they notice that those changed. */

import type { MetadataRoute, Path } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { NotFound, Withheld } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Context } from "../context.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { documentAt, type Target } from "../target.ts";

/** What is sent of a document, and until when. */
export interface Shown {
  bytes: Uint8Array;
  matures: number | undefined;
}

export interface Covered {
  lines: string[];
  /** When what is sent of one of them will be more. */
  matures: number | undefined;
}

/** Asks a route's `covers.line` of all that is held of what it covers; `show` throws where all of one is withheld. */
export async function covered(
  { documents: rows }: Pick<Context, "documents">,
  documents: DocumentCache,
  { mount, route }: Target<MetadataRoute>,
  show: (target: Target<MetadataRoute>, row: DocumentRow) => Promise<Shown>,
): Promise<Covered> {
  const found: Covered = { lines: [], matures: undefined };
  if (!route.covers) return found;
  const { below, line } = route.covers;
  for (const path of rows.paths(mount.name, below)) {
    const target = documentAt(mount, path as Path);
    const row = target && documents.held(mount, target.path);
    if (!row) continue;
    const shown = await show(target, row).catch(nothing);
    found.lines.push(line(await documents.doc(target, row), shown?.bytes));
    if (shown?.matures !== undefined) found.matures = Math.min(found.matures ?? shown.matures, shown.matures);
  }
  return found;
}

function nothing(error: unknown): undefined {
  if (!(error instanceof NotFound || error instanceof Withheld)) throw error;
}

/** Names all that a document, as clients are sent it, is made of: another one where it has to be made again. */
export function sourceOf(
  { settings, documents, artifacts }: Pick<Context, "settings" | "documents" | "artifacts">,
  mount: Mount,
  { covers }: MetadataRoute,
  sha256: string,
  isPlain: boolean,
): string {
  if (isPlain) return sha256;
  // Only what is held is listed.
  if (!settings.makesUpstreamRequests)
    return `${sha256} ${documents.written()} ${documents.changes} ${artifacts.changes}`;
  return covers ? `${sha256} ${documents.stateBelow(mount.name, covers.below)}` : sha256;
}
