import type { FactsPage } from "../db/documents.ts";
import type { MetadataRoute } from "../ecosystem.ts";
import { messageOf, UpstreamFailed } from "../errors.ts";
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
    return { pages: pagesOf(facts, source.url), revision: facts.revision };
  } catch (error) {
    const failure = new UpstreamFailed(
      `${new URL(source.url).host} sent something else than the document ${target.path}: ${messageOf(error)}`,
    );
    failure.cause = error;
    throw failure;
  }
}
