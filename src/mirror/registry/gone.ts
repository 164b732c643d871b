/** What becomes of packages that a registry no longer has. Nothing is ever removed because a request failed: only because upstream says so. */
import { documentAt } from "../../cache/target.ts";
import type { Path, Release } from "../../contract/ecosystem.ts";
import type { Removal } from "../../index/commands.ts";
import type { Mount } from "../../mounts/mounts.ts";

/** A package, or one of its releases, with the documents that go with it. */
export function removalOf(mount: Mount, { name, version }: { name: string; version?: string | undefined }): Removal {
  // Of a release, its package's document tells by itself, once it is fetched anew; but for a pointer to it.
  const documents = version ? pointersTo(mount, { name, version }) : indexesOf(mount, name);
  return { name, ...(version && { version }), documents };
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
