import { LRUCache } from "lru-cache";
import type { FactsPage } from "../db/documents.ts";
import type { LeftOut, MetadataRoute } from "../ecosystem.ts";
import { messageOf, UpstreamFailed } from "../errors.ts";
import { log } from "../log.ts";
import { makeDoc, type Source } from "./doc.ts";
import type { DocumentCache } from "./documents.ts";
import { pagesOf } from "./facts.ts";
import type { Target } from "./locate.ts";
import { unpack } from "./unpack.ts";

/** What was read in a document. */
export interface Reading {
  pages: FactsPage[];
  revision: number | undefined;
}

/** Reads a file for the facts it states. Throws UpstreamFailed where it is not the document that it should be. */
export async function readDocument(
  documents: Pick<DocumentCache, "around">,
  target: Target<MetadataRoute>,
  file: string,
  source: Source,
): Promise<Reading> {
  if (!target.route.parse) return { pages: [], revision: undefined };
  return readBytes(documents, target, await unpackedFor(target, await Bun.file(file).bytes()), source);
}

/** The bytes that a plugin reads. */
export async function unpackedFor(
  { route, path }: Target<MetadataRoute>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return route.packed && route.parse ? unpack(bytes, path) : bytes;
}

/** Odd entries that were told lately, so that each is told once and not with every look at its document. */
const told = new LRUCache<string, true>({ max: 10_000 });
/** Lines in the log for one document; their number tells the rest. */
const LOGGED = 10;

function tellLeftOut({ mount, path }: Target<MetadataRoute>, leftOut: Iterable<LeftOut>): void {
  const news = [...leftOut].filter(({ entry, reason }) => {
    const key = `${mount.name} ${path} ${entry} ${reason}`;
    if (told.has(key)) return false;
    told.set(key, true);
    return true;
  });
  for (const each of news.slice(0, LOGGED))
    log.warn("an entry of a document makes no sense and is left out", { mount: mount.name, path, ...each });
  if (news.length > LOGGED)
    log.warn("further entries of a document are left out", { mount: mount.name, path, entries: news.length - LOGGED });
}

/** The same for bytes that are in memory, unpacked. */
export function readBytes(
  documents: Pick<DocumentCache, "around">,
  target: Target<MetadataRoute>,
  bytes: Uint8Array,
  source: Source,
): Reading {
  if (!target.route.parse) return { pages: [], revision: undefined };
  try {
    const facts = target.route.parse(makeDoc(target, bytes, source, documents.around(target.mount)));
    const pages = pagesOf(facts, source.url);
    tellLeftOut(target, facts.leftOut ?? []);
    return { pages, revision: facts.revision };
  } catch (error) {
    const failure = new UpstreamFailed(
      `${new URL(source.url).host} sent something else than the document ${target.path}: ${messageOf(error)}`,
    );
    failure.cause = error;
    throw failure;
  }
}
