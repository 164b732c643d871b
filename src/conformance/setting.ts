/** Mounts, documents and views as the engine hands them to plugins, without the engine's store. */
import { makeDoc, ReadTogether } from "../cache/documents/doc.ts";
import { documentAt } from "../cache/target.ts";
import type { Doc, Ecosystem, MetadataRoute, Path, Release, StoredContent, View } from "../contract/ecosystem.ts";
import { type Mount, makeMount } from "../mounts/mounts.ts";

export interface Source {
  path: Path;
  /** Bytes, where it is no text. */
  body: string | Uint8Array;
  mediaType?: string;
}

/** A mount of the plugin with upstreams of its samples. */
export function mountOf(ecosystem: Ecosystem, upstreams: Readonly<Record<string, string>>): Mount {
  return makeMount("m", ecosystem, { upstreams, ttl: 0 });
}

/** The route that a document's path takes, and the document as its `parse` and `rewrite` get it, where no other one is stored. `view`: it
 * is to be rewritten. `others`: what `reads` names. */
export function read(
  mount: Mount,
  { path, body, mediaType = "application/json" }: Source,
  seen?: View,
): { route: MetadataRoute; doc: Doc; others: Path[] } {
  const target = documentAt(mount, path);
  if (!target) throw new Error(`${path} is no metadata of ${mount.ecosystem.id}`);
  const url = `${mount.upstreams.get("default")?.[0]}${target.path}`;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const together = new ReadTogether();
  const doc = makeDoc(target, bytes, { mediaType, url }, { declared: {}, stored: together.stored });
  for (
    let next = together.next(target.route, doc, seen);
    next.length > 0;
    next = together.next(target.route, doc, seen)
  )
    for (const other of next) together.put(other, undefined);
  return { route: target.route, doc, others: [...together.found.keys()] };
}

/** A mount of which nothing is stored. */
export const NOTHING_STORED: StoredContent = {
  releases: () => none(),
  documents: () => none(),
  read: async () => undefined,
};

async function* none(): AsyncGenerator<never> {
  // Ends at once.
}

/** How one client sees the mount; by default with nothing withheld. */
export function view({
  admits = () => true,
  ...rest
}: Partial<View> & { admits?: (release: Release, file?: Path) => boolean } = {}): View {
  return {
    variant: "",
    offline: false,
    link: (path) => `https://proxy.example/m${path}`,
    lines: [],
    admits,
    ...rest,
  };
}
