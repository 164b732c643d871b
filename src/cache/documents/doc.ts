import type { Declared, Doc, Path } from "../../contract/ecosystem.ts";
import { requireShallow } from "../../lib/depth.ts";
import { type Mount, mayFetch, pathOf, placesOf } from "../../mounts/mounts.ts";
import type { Target } from "../target.ts";

/** What is held beside a document. Synchronous: what is read of it is small. */
export interface Around {
  near(path: Path): Doc | undefined;
  /** Upstreams that upstream declares. */
  declared(): Declared;
}

/** How a document came. */
export interface Source {
  mediaType: string;
  url: string;
  /** Those that are kept. */
  headers?: Readonly<Record<string, string>>;
}

/**
 * The address that relative links in a document are resolved against, without a query, which may hold a signature. Where links
 * to the host that answered are not fetched, it is the one that was asked.
 */
export function baseOf(mount: Mount, { url, answeredAt }: { url: string; answeredAt?: string | undefined }): string {
  if (answeredAt === undefined || !mayFetch(mount, answeredAt)) return url;
  const base = new URL(answeredAt);
  base.search = "";
  base.hash = "";
  return base.href;
}

/** For documents that nothing is looked for beside. */
export const ALONE: Around = { near: () => undefined, declared: () => ({}) };

const decoder = new TextDecoder();

/** What a plugin sees of a document. */
export function makeDoc(
  target: Pick<Target, "mount" | "path" | "params">,
  bytes: Uint8Array,
  source: Source,
  around: Around,
): Doc {
  let text: string | undefined;
  const read = () => {
    text ??= decoder.decode(bytes);
    return text;
  };
  let places: ReturnType<typeof placesOf> | undefined;
  return {
    path: target.path,
    params: target.params,
    mediaType: (source.mediaType.split(";")[0] ?? "").trim().toLowerCase(),
    header: (name) => source.headers?.[name],
    bytes: () => bytes,
    text: read,
    json: <T>() => {
      requireShallow(read());
      return JSON.parse(read()) as T;
    },
    traits: target.mount.traits,
    pathOf: (url) => {
      places ??= placesOf(target.mount, around.declared());
      return pathOf(places, url, source.url);
    },
    urlOf: (url) => (URL.canParse(url, source.url) ? new URL(url, source.url).href : undefined),
    near: around.near,
  };
}
