import type { Declared, Doc, MetadataRoute, Path, View } from "../../contract/ecosystem.ts";
import { addressOf } from "../../contract/plain.ts";
import { requireShallow } from "../../lib/depth.ts";
import { type Mount, mayFetch, pathOf, placesOf } from "../../mounts/mounts.ts";
import type { Target } from "../target.ts";

/** What a document is read together with. */
export interface Around {
  /** Upstreams that upstream declares. */
  declared: Declared;
  /** Other stored documents of the mount. */
  stored(path: Path): Doc | undefined;
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

/** For documents that are read without others. */
export const ALONE: Around = { stored: () => undefined, declared: {} };

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
      places ??= placesOf(target.mount, around.declared);
      return pathOf(places, url, source.url);
    },
    urlOf: (url) => addressOf(url, source.url)?.href,
    stored: around.stored,
  };
}

/** Documents that one may be read together with, at most. */
const MOST_READ = 5_000;

/** The documents that a route's `reads` names. They are to be found, until it names nothing new. */
export class ReadTogether {
  readonly found = new Map<Path, Doc | undefined>();
  #isComplete = false;

  /** For `makeDoc`. */
  readonly stored = (path: Path): Doc | undefined => {
    if (this.#isComplete && !this.found.has(path))
      throw new Error(`it reads ${path}, which \`reads\` of its route does not name`);
    return this.found.get(path);
  };

  /** What is to be found next; nothing where all is known. Throws what `reads` throws. */
  next({ reads }: Pick<MetadataRoute, "reads">, doc: Doc, view?: View): Path[] {
    const named = new Set(reads?.(doc, view) ?? []);
    const missing = [...named].filter((path) => !this.found.has(path));
    if (this.found.size + missing.length > MOST_READ)
      throw new Error(`${doc.path} is read together with more than ${MOST_READ} other documents`);
    this.#isComplete = missing.length === 0;
    return missing;
  }

  put(path: Path, doc: Doc | undefined): void {
    this.found.set(path, doc);
  }
}
