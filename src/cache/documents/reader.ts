import { LRUCache } from "lru-cache";
import type { LeftOut, MetadataRoute } from "../../contract/ecosystem.ts";
import type { FactsPage } from "../../index/rows.ts";

import { messageOf, UpstreamFailed } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { formatOf, isPage, requirePlausible } from "../integrity/plausible.ts";
import type { Target } from "../target.ts";
import type { Source } from "./doc.ts";
import type { DocumentCache } from "./documents.ts";
import { pagesOf } from "./facts.ts";
import { unpack } from "./unpack.ts";

/** What was read in a document. */
export interface Reading {
  pages: FactsPage[];
  revision: number | undefined;
}

/** Throws where what came begins as a page for browsers does, and clients do not read pages there; where nothing reads the document,
 * also where it is not what its name says. `content`: the bytes, or the file that they are in. */
export async function requireDocument(
  { route, path }: Target<MetadataRoute>,
  source: Source,
  content: Uint8Array<ArrayBuffer> | string,
): Promise<void> {
  const isRead = (route.parse ?? route.attests) !== undefined;
  const takesPages = formatOf(path) === "page" || `${route.accept} ${route.variants?.join()}`.includes("html");
  if (!isRead) return requirePlausible(path, source, content);
  const start = typeof content === "string" ? await Bun.file(content).slice(0, 1_024).bytes() : content;
  if (isPage(start) && !takesPages)
    throw new UpstreamFailed(`${new URL(source.url).host} sent an HTML page in place of the document ${path}`, {
      implausible: true,
    });
}

/** Reads a document for the facts it states. Throws UpstreamFailed where it is not the document that it should be. `content`: its bytes, or
 * the file that they are in. */
export async function readDocument(
  documents: Pick<DocumentCache, "docOf" | "maxUnpacked">,
  target: Target<MetadataRoute>,
  content: Uint8Array<ArrayBuffer> | string,
  source: Source,
): Promise<Reading> {
  const { parse, attests } = target.route;
  if (!parse && !attests) return { pages: [], revision: undefined };
  const bytes = typeof content === "string" ? await Bun.file(content).bytes() : content;
  return readBytes(documents, target, await unpackedFor(target, bytes, documents.maxUnpacked), source);
}

/** The bytes that a plugin reads. */
export async function unpackedFor(
  { route, path }: Target<MetadataRoute>,
  bytes: Uint8Array<ArrayBuffer>,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return route.packed && route.parse ? unpack(bytes, path, most) : bytes;
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
export async function readBytes(
  documents: Pick<DocumentCache, "docOf">,
  target: Target<MetadataRoute>,
  bytes: Uint8Array,
  source: Source,
): Promise<Reading> {
  const { parse, attests } = target.route;
  if (!parse && !attests) return { pages: [], revision: undefined };
  try {
    const doc = await documents.docOf(target, bytes, source);
    attests?.(doc);
    const facts = parse?.(doc) ?? {};
    const pages = pagesOf(facts, source.url);
    tellLeftOut(target, facts.leftOut ?? []);
    return { pages, revision: facts.revision };
  } catch (error) {
    const failure = new UpstreamFailed(
      `${new URL(source.url).host} sent something else than the document ${target.path}: ${messageOf(error)}`,
      { implausible: true },
    );
    failure.cause = error;
    throw failure;
  }
}
