/**
 * Which of several registries a package comes from. All that is of it is asked of that registry alone: what this one lacks (a
 * version that is not yet published) must not be taken from another in which anybody may have the name.
 */

import type { Declared, MetadataRoute, Path } from "../../contract/ecosystem.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { messageOf, NotFound } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { describing } from "../documents/fact-lookup.ts";
import { documentAt, type Source, sourcesOf, type Target } from "../target.ts";

type Documents = Pick<DocumentCache, "held" | "load" | "loadIfAny" | "declared">;

/** Documents of a package that are asked where it comes from, at most. */
const MOST = 4;

/** Where something may be. */
export interface Sources {
  sources: readonly Source[];
  /** Those of the remaining registries that may be asked where one lacks it. */
  narrow?(remaining: readonly Source[]): Promise<readonly Source[]>;
}

/** The registry that a document which is held came from, as far as that is known. */
export function registryOf({ registry, url }: Pick<DocumentRow, "registry" | "url">, sources: readonly Source[]) {
  // Rows of earlier versions of this program have the address only.
  return registry ?? sources.find(({ urls }) => urls.includes(url))?.registry;
}

/**
 * Of the registries that may have a target, those that may answer for it. `name`: the package that it is known to be of.
 * Throws what loading a document throws.
 */
export async function confine(
  documents: Documents,
  target: Target,
  sources: readonly Source[],
  name?: string,
): Promise<Sources> {
  const { mount, route, params } = target;
  // What is asked for by its digest is the same everywhere; what a plugin joins of itself has no names of others.
  if (sources.length < 2 || mount.given.size === 0 || route.digest?.(params)) return { sources };
  const indexes = indexesOf(target, name);
  for (const index of indexes) {
    const held = documents.held(mount, index.path);
    const row = held && (await current(documents, index, held));
    if (row) return { sources: of(row, index, sources, await declaredFor(documents, mount)) };
  }
  if (indexes.length === 0) return { sources };
  return {
    sources,
    narrow: async (remaining) => {
      for (const index of indexes) {
        const loaded = await documents.loadIfAny(index);
        if (loaded) return of(loaded.row, index, remaining, await declaredFor(documents, mount));
      }
      return remaining;
    },
  };
}

/** The documents that list the releases of the target's package, but for itself. */
function indexesOf(target: Target, known?: string): Target<MetadataRoute>[] {
  const { mount, route, params, path } = target;
  const name = known ?? route.package?.(params) ?? route.release?.(params)?.name;
  const listing = name === undefined ? [] : mount.ecosystem.index({ name }, mount.traits);
  const others = describing(target).filter((each) => typeof each === "string");
  const paths = new Set<Path>([...listing, ...others]);
  if (paths.has(path)) return [];
  return Array.from(paths)
    .flatMap((each) => documentAt(mount, each) ?? [])
    .filter((each) => each.route.freshness !== "immutable" && each.path !== path)
    .slice(0, MOST);
}

/** What is held, brought up to date where it is due; as it is where that fails: a failure moves no package. */
async function current(
  documents: Documents,
  index: Target<MetadataRoute>,
  held: DocumentRow,
): Promise<DocumentRow | undefined> {
  try {
    return (await documents.load(index)).row;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    log.debug("where a package comes from is told by what is held", { path: index.path, error: messageOf(error) });
    return held;
  }
}

/** Those of the registry of an index, and those that can have no such index (hosts of files). */
function of(
  row: DocumentRow,
  index: Target<MetadataRoute>,
  sources: readonly Source[],
  declared: Declared,
): readonly Source[] {
  const alternatives = sourcesOf(index, declared);
  const own = registryOf(row, alternatives);
  if (own === undefined || !alternatives.some(({ registry }) => registry === own)) return sources;
  const others = new Set(alternatives.map(({ registry }) => registry));
  return sources.filter(({ registry }) => registry === own || !others.has(registry));
}

function declaredFor(documents: Documents, mount: Mount): Promise<Declared> {
  return documents.declared(mount);
}
