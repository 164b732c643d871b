/** What becomes of that which a registry no longer has. Nothing is ever removed because a request failed: only because upstream says so. */
import type { Context } from "../../cache/context.ts";
import { documentAt } from "../../cache/locate.ts";
import type { Path, Release } from "../../ecosystem.ts";
import type { Gone } from "../../jobs.ts";
import type { Mount } from "../../mounts.ts";

/** To be called inside `writer.write`. Returns the blobs that nothing names any longer, to be removed after the commit. */
export function bury(
  { documents, artifacts, blobs }: Pick<Context, "documents" | "artifacts" | "blobs">,
  mount: Mount,
  { name, version }: { name: string; version?: string | undefined },
  policy: Gone,
): string[] {
  if (policy === "keep") return [];
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
  return [...new Set(named)].filter((sha256) => blobs.release(sha256));
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
