/** What becomes of that which a registry no longer has. Nothing is ever removed because a request failed: only because upstream says so. */
import type { Context } from "../../cache/context.ts";
import { documentAt } from "../../cache/target.ts";
import type { Path, Release } from "../../contract/ecosystem.ts";
import type { Gone } from "../../contract/jobs.ts";
import type { Mount } from "../../mounts/mounts.ts";

/**
 * Removes what is stored of it, as far as the policy says so. To be called inside `writer.write`, as its last step: blobs that no
 * row names any longer are unlinked in the same transaction, so that another writer of the same bytes either has its row by now
 * or sees that they are gone.
 */
export function bury(
  { documents, artifacts, blobs, storage }: Pick<Context, "documents" | "artifacts" | "blobs" | "storage">,
  mount: Mount,
  { name, version }: { name: string; version?: string | undefined },
  policy: Gone,
): void {
  if (policy === "keep") return;
  const named: string[] = [];
  // Of a release, its package's document tells by itself, once it is asked for anew; but for a pointer to it.
  for (const path of version ? pointersTo(mount, { name, version }) : indexesOf(mount, name)) {
    const row = documents.find(mount.name, path);
    if (!row) continue;
    documents.remove(mount.name, path);
    named.push(row.sha256);
  }
  if (policy === "purge")
    for (const file of artifacts.ofPackage(mount.name, name)) {
      if (version && file.version !== version) continue;
      artifacts.remove(mount.name, file.path);
      named.push(file.sha256);
    }
  for (const sha256 of new Set(named)) if (blobs.release(sha256)) storage.remove(sha256);
}

function pointersTo(mount: Mount, release: Release): Path[] {
  const files = mount.ecosystem.files?.(release, mount.traits) ?? [];
  const targets = files.map(({ path }) => documentAt(mount, path));
  return targets.flatMap((target) => (target?.route.pointer ? [target.path] : []));
}

/** The documents that list this package alone: one that lists others too stays. */
function indexesOf(mount: Mount, name: string): Path[] {
  const shared = new Set(sharedIndexes(mount, name));
  return mount.ecosystem
    .index({ name }, mount.traits)
    .filter((path) => !shared.has(path))
    .map((path) => documentAt(mount, path)?.path ?? path);
}

/** Of the documents that list a package, those that list others too. */
export function sharedIndexes({ ecosystem, traits }: Mount, name: string): Path[] {
  const others = new Set(ecosystem.index({ name: `${name}-and-another` }, traits));
  return ecosystem.index({ name }, traits).filter((path) => others.has(path));
}
