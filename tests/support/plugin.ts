/** Documents and views as the engine hands them to plugins, without the engine's store. */
import { ALONE, makeDoc } from "../../src/cache/doc.ts";
import { documentAt } from "../../src/cache/locate.ts";
import type { Body, Doc, Ecosystem, MetadataRoute, Path, Release, View } from "../../src/ecosystem.ts";
import { type Mount, makeMount } from "../../src/mounts.ts";

export interface Source {
  path: Path;
  body: string;
  mediaType?: string;
}

/** A mount of the plugin with upstreams of the tests' own. */
export function mountOf(ecosystem: Ecosystem, upstreams: Record<string, string>): Mount {
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
    doc: makeDoc(target, new TextEncoder().encode(body), { mediaType, url }, ALONE),
  };
}

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

/** The object that a body of JSON is. */
export function bodyOf(body: Body | undefined): unknown {
  const text = typeof body === "object" && "body" in body ? body.body : body;
  return JSON.parse(typeof text === "string" ? text : new TextDecoder().decode(text));
}
