/** From one generation to the next: all that is in use of the one that is served is fetched of the new one before that is published. */

import pLimit from "p-limit";
import type { Generation, MetadataRoute, Path } from "../../contract/ecosystem.ts";
import { emit } from "../../contract/events.ts";
import type { GenerationChanges } from "../../index/commands.ts";
import type { DocumentRow } from "../../index/rows.ts";

import { messageOf, NotFound, UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import type { Context } from "../context.ts";
import type { DocumentFetch, Listing } from "../documents/document-fetch.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { type FileFact, factsIn } from "../documents/facts.ts";
import { contentOf, documentAt, generationOf, type Target } from "../target.ts";

/** What is to be listed together with a root. */
export interface Publication {
  listings: Listing[];
  /** What changes with them among the documents of the generation before. */
  changes: GenerationChanges | undefined;
}

/** From the root that is held to a new one. */
export interface Switch {
  context: Context;
  documents: Pick<DocumentCache, "load" | "held" | "agree">;
  fetch: Pick<DocumentFetch, "aside">;
  generation: Generation;
  target: Target<MetadataRoute>;
  /** The root as it is to be published. */
  fresh: Listing;
  /** Since when upstream's generation is not whole, by mount and root. */
  torn: Map<string, number>;
}

/** A document of the generation that is served. */
interface Use {
  path: Path;
  row: DocumentRow;
}

/** Fetches at once. */
const AT_ONCE = 4;
/** Milliseconds without a request after which a document is not fetched again for each new generation. */
const IN_USE = 14 * 86_400_000;
/** Milliseconds after which what upstream lists and does not have is believed not to come any more. */
const GIVEN_UP = 3_600_000;
/** Milliseconds without a request after which a document of an older generation is forgotten. */
const GRACE = 7 * 86_400_000;

/** Throws UpstreamFailed where upstream is in the middle of an update; the generation that is held stays served. */
export async function prepare(step: Switch): Promise<Publication> {
  const { context, target, fresh, torn } = step;
  const { mount, path } = target;
  const key = `${mount.name} ${path}`;
  const pages = fresh.pages.map(({ page }) => page);
  const isHeld = context.documents.find(mount.name, path) !== undefined;
  const isLater = fresh.row.path !== path;
  try {
    await fetchAll(step, isHeld ? inUse(context, mount, path) : [], namedIn(pages));
    // A mirror holds them as it comes to them, and publishes all at once.
    const listings = isLater ? [] : await besides(step, isHeld);
    torn.delete(key);
    emit("generation", { mount: mount.name, path, state: "published" });
    return { listings, changes: isLater ? undefined : changesBy(context, mount, path, pages) };
  } catch (error) {
    if (!torn.has(key)) torn.set(key, context.now());
    emit("generation", { mount: mount.name, path, state: "kept" });
    throw new UpstreamFailed(
      `${path}: upstream is being updated, and its generation of ${dated(fresh.row)} is not whole yet, so the one before it stays served: ${messageOf(error)}`,
      { retryable: true },
    );
  }
}

/** What a root names that is held by its content. */
function namedIn(pages: readonly string[]): Map<Path, FileFact> {
  const named = new Map<Path, FileFact>();
  for (const page of pages) for (const fact of factsIn(page)) if (fact.at) named.set(fact.path, fact);
  return named;
}

function dated({ revision, sha256 }: DocumentRow): string {
  return revision === null ? `sha256:${sha256.slice(0, 12)}` : new Date(revision).toISOString();
}

/** What is held of what the root that is served names, and was asked for lately, or is held on purpose. */
function inUse({ documents, settings, now }: Context, mount: Mount, path: Path): Use[] {
  // Who holds on purpose leaves the rest to those who serve.
  const since = settings.pinsWhatItFetches ? Number.POSITIVE_INFINITY : now() - IN_USE;
  const uses: Use[] = [];
  for (const { path: name, at = [] } of namedIn(documents.pages(mount.name, path)).values()) {
    const row = at.map((each) => documents.find(mount.name, each)).find(Boolean);
    if (row && (row.pinned || row.usedAt > since)) uses.push({ path: name, row });
  }
  return uses;
}

async function fetchAll(
  { context, documents, target, torn }: Switch,
  uses: readonly Use[],
  named: ReadonlyMap<Path, FileFact>,
): Promise<void> {
  const { mount, path } = target;
  const limit = pLimit(AT_ONCE);
  const since = torn.get(`${mount.name} ${path}`) ?? context.now();
  const isGivenUp = context.now() - since > GIVEN_UP;
  await Promise.all(
    uses.map((use) =>
      limit(async () => {
        const fact = named.get(use.path);
        const content = fact && contentOf(mount, fact);
        if (!content || context.documents.find(mount.name, content.path)) return;
        await documents.load(content, { force: false }).catch((error: unknown) => {
          if (!(isGivenUp && error instanceof NotFound)) throw error;
        });
      }),
    ),
  );
}

/** The documents beside the root, where they are in use: those that can tell their generation last, so that all are of one. */
async function besides(step: Switch, isHeld: boolean): Promise<Listing[]> {
  const { documents, generation, target } = step;
  const others = (generation.beside ?? []).filter((each) => each !== target.path);
  if (!isHeld || !others.some((each) => documents.held(target.mount, each))) return [];
  const targets = others.flatMap((each) => documentAt(target.mount, each) ?? []);
  const tells = ({ route }: Target<MetadataRoute>) => route.agrees !== undefined;
  const silent = await fetchBeside(
    step,
    targets.filter((each) => !tells(each)),
  );
  const telling = await fetchBeside(step, targets.filter(tells));
  if (telling.length === 0) {
    const { row } = await step.fetch.aside(target);
    if (row.sha256 !== step.fresh.row.sha256) throw new UpstreamFailed(`${target.path} changed meanwhile`);
  }
  return [...silent, ...telling];
}

async function fetchBeside(
  { documents, fetch, target, fresh }: Switch,
  besides: readonly Target<MetadataRoute>[],
): Promise<Listing[]> {
  const listings: Listing[] = [];
  for (const each of besides) {
    const listing = await fetch.aside(each).catch((error: unknown) => {
      // Upstream has it no more.
      if (!(error instanceof NotFound)) throw error;
    });
    if (!listing) continue;
    if (!(await documents.agree({ target: each, row: listing.row }, { target, row: fresh.row })))
      throw new UpstreamFailed(`${each.path} is of another generation`);
    listings.push(listing);
  }
  return listings;
}

/**
 * What follows from publishing a root that names what stands in these pages: its content takes over the use and the pins of what it
 * replaces, and documents of older generations that nobody asks for are removed. `undefined` where the path is no root.
 */
export function changesBy(
  context: Context,
  mount: Mount,
  path: Path,
  pages: readonly string[],
): GenerationChanges | undefined {
  const { documents, now } = context;
  const target = documentAt(mount, path);
  if (!target || !generationOf(target)?.roots.includes(path)) return undefined;
  const named = namedIn(pages);
  const current = new Set(Array.from(named.values(), ({ at }) => at ?? []).flat());
  const replaced: GenerationChanges["replaced"] = [];
  const unpinned: string[] = [];
  for (const { path: name, row } of inUse(context, mount, path)) {
    const [content] = named.get(name)?.at ?? [];
    if (content && content !== row.path && documents.find(mount.name, content))
      replaced.push({ from: row.path, path: content, usedAt: row.usedAt, isPinned: row.pinned });
    if (row.pinned && !current.has(row.path as Path)) unpinned.push(row.path);
  }
  const outdated = ([...documents.paths(mount.name)] as Path[]).filter((each) => {
    if (current.has(each)) return false;
    const other = documentAt(mount, each);
    return (
      other?.route.freshness === "immutable" && other.route.generation?.(other.params).roots.includes(path) === true
    );
  });
  return { mount: mount.name, replaced, unpinned, outdated: { paths: outdated, usedBefore: now() - GRACE } };
}
