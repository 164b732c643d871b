/** Mounts, documents and views as the engine hands them to plugins, without the engine's store. */
import { ALONE, makeDoc } from "../cache/documents/doc.ts";
import { documentAt } from "../cache/target.ts";
import type { Doc, Ecosystem, MetadataRoute, Path, Release, View } from "../contract/ecosystem.ts";
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

/** The route that a document's path takes, and the document as its `parse` and `rewrite` get it. */
export function read(
  mount: Mount,
  { path, body, mediaType = "application/json" }: Source,
): { route: MetadataRoute; doc: Doc } {
  const target = documentAt(mount, path);
  if (!target) throw new Error(`${path} is no metadata of ${mount.ecosystem.id}`);
  const url = `${mount.upstreams.get("default")?.[0]}${target.path}`;
  return {
    route: target.route,
    doc: makeDoc(target, typeof body === "string" ? new TextEncoder().encode(body) : body, { mediaType, url }, ALONE),
  };
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
    held: () => [],
    lines: [],
    documents: () => [],
    admits,
    ...rest,
  };
}
