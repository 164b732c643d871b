/** What vouches for a path: facts of the documents that describe it, or of those that these lead to. */
import type { MetadataRoute, Path } from "../../contract/ecosystem.ts";
import { BadRequest, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { documentAt, type Target } from "../target.ts";
import type { DocumentCache, Loaded } from "./documents.ts";
import type { FileFact } from "./facts.ts";

type Documents = Pick<DocumentCache, "held" | "fact" | "factBelow" | "stated" | "loadIfAny" | "maxFollowUps">;

/**
 * What is stated of a path; documents are fetched where they are not held. They are asked in their order until one states a digest;
 * what earlier ones said beside (a date) stays. Throws what loading throws, and BadRequest where too many would have to be fetched.
 */
export async function factFor(documents: Documents, target: Target): Promise<FileFact | undefined> {
  const { mount } = target;
  const stored = storedAlternatives(documents, target);
  const strong = stored.find(({ digest }) => !/^(?:md5|sha1):/.test(digest!));
  if (strong) return strong;
  let found: FileFact | undefined;
  let fetched = 0;
  for (const described of describing(target)) {
    const other = typeof described === "string" ? documentAt(mount, described) : undefined;
    if (other && !documents.held(mount, other.path) && ++fetched > documents.maxFollowUps)
      throw new BadRequest(
        `${target.path}: more than ${documents.maxFollowUps} documents would have to be fetched to learn what it must be (metadata_max_requests)`,
      );
    const stated =
      typeof described === "string"
        ? other &&
          (await statedIn(documents, other, target).catch((error: unknown) => unreadable(target, other, error)))
        : documents.factBelow(mount, described.below, target.path);
    if (stated) found = { ...found, ...stated };
    if (found?.digest) break;
  }
  return found?.digest ? found : (stored[0] ?? found);
}

/** What stored documents of `orDescribedBy` state, the strongest first. */
function storedAlternatives(documents: Documents, { mount, route, params, path }: Target): FileFact[] {
  return (route.orDescribedBy?.(params, path) ?? []).flatMap((alternative) => {
    const fact = documents.held(mount, alternative) && documents.fact(mount, alternative, path);
    return fact?.digest ? [fact] : [];
  });
}

/**
 * What documents of `orDescribedBy` state of a path of which nothing else states a digest. Throws what loading throws, and what
 * `require` throws, which is asked before any of them is.
 */
export async function alternativeFact(
  documents: Documents,
  target: Target,
  require: () => Promise<void>,
): Promise<FileFact | undefined> {
  const { mount, route, params, path } = target;
  const alternatives = route.orDescribedBy?.(params, path) ?? [];
  if (alternatives.length > 0) await require();
  for (const alternative of alternatives) {
    const other = documentAt(mount, alternative);
    const fact =
      other && (await statedIn(documents, other, target).catch((error: unknown) => unreadable(target, other, error)));
    if (fact?.digest) return fact;
  }
  return undefined;
}

/** A checksum that is none (an error page) states nothing; an index that is none says nothing of what is right, so that it stays an
 * error. */
function unreadable({ path }: Target, other: Target<MetadataRoute>, error: unknown): undefined {
  if (!(error instanceof UpstreamFailed && error.implausible && other.route.freshness === "immutable")) throw error;
  log.warn("what should state a digest cannot be read", { mount: other.mount.name, path, error: error.message });
}

/** The documents that are to state it. */
export function describing({ mount, route, params, path }: Target): readonly (Path | { below: Path })[] {
  const release = route.release?.(params);
  return (
    route.describedBy?.(params, path, mount.traits) ?? (release ? mount.ecosystem.index(release, mount.traits) : [])
  );
}

async function statedIn(
  documents: Documents,
  other: Target<MetadataRoute>,
  { mount, route, path }: Target,
): Promise<FileFact | undefined> {
  const held = documents.held(mount, other.path);
  const known = documents.fact(mount, (held?.path ?? other.path) as Path, path);
  if (known && (known.digest || !route.describedBy)) return known;
  // A file that a held document does not know may be newer than the document: one forced look settles it.
  const force = !known && other.route.freshness !== "immutable" && held !== undefined;
  const loaded = await documents.loadIfAny(other, { force });
  const found = loaded && documents.fact(mount, loaded.row.path as Path, path);
  // An index leads to what completes it; who names a document of its own for a path may lead from there to another.
  if (!loaded || found?.digest || !route.describedBy) return found;
  const led = await ledTo(documents, other, loaded, path);
  return led ? { ...found, ...led } : found;
}

/** What a document that leads to others leaves to them to state. */
async function ledTo(
  documents: Documents,
  leading: Target<MetadataRoute>,
  { row }: Loaded,
  path: Path,
): Promise<FileFact | undefined> {
  const { mount } = leading;
  for (const next of (await documents.stated(leading, row)).follow.slice(0, documents.maxFollowUps)) {
    const other = documentAt(mount, next);
    const loaded = other && (await documents.loadIfAny(other));
    const found = loaded && documents.fact(mount, loaded.row.path as Path, path);
    if (found) return found;
  }
  return undefined;
}
