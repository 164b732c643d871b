/** The list of a Maven repository: the index of the Maven Indexer, whole once a week and by what was added since in chunks. */
import type { Catalog, CatalogEvent, Reader } from "../../src/contract/catalog.ts";
import { NotFound } from "../../src/lib/errors.ts";
import { leaveOut } from "../shared/entries.ts";
import { gunzip } from "../shared/gzip.ts";
import { type IndexRecord, recordsOf } from "./nexus-index.ts";

const INDEX = "/.index/nexus-maven-repository-index";

/** The chain of chunks, and the number of the last one that was read. */
interface Position {
  chain: string;
  last: number;
}

export const mavenCatalog: Catalog = {
  // It is one file, read from its beginning each time; the chunks since the first time tell what changed.
  resumes: true,
  async *list(reader: Reader, begun?: string) {
    const { chain, last } = await properties(reader);
    const { chunks } = await reader.open(`${INDEX}.gz`);
    const checkpoint = begun ?? JSON.stringify({ chain, last } satisfies Position);
    for await (const events of read(gunzip(chunks()))) yield { events, checkpoint };
  },
  async *changes(reader: Reader, checkpoint?: string) {
    const { chain, last } = JSON.parse(checkpoint ?? "{}") as Partial<Position>;
    const now = await properties(reader);
    if (chain !== now.chain || last === undefined || now.last < last)
      return void (yield again(
        `its index is another one (${now.chain} up to ${now.last}; ${chain} up to ${last} was read)`,
      ));
    for (let next = last + 1; next <= now.last; next++) {
      if (!now.chunks.has(next)) return void (yield again(`chunk ${next} of its index is no longer there`));
      const position = JSON.stringify({ chain: now.chain, last: next } satisfies Position);
      const reading = await reader.open(`${INDEX}.${next}.gz`).catch((error: unknown) => {
        if (error instanceof NotFound) return undefined;
        throw error;
      });
      if (!reading) return void (yield again(`chunk ${next} of its index is not there`));
      // Up to its end it is as if nothing of it was read.
      for await (const events of read(gunzip(reading.chunks()))) yield { events, checkpoint: before(now.chain, next) };
      yield { events: [], checkpoint: position };
    }
  },
  snapshot: { what: "nexus-maven-repository-index.gz", read },
};

function before(chain: string, next: number): string {
  return JSON.stringify({ chain, last: next - 1 } satisfies Position);
}

async function properties(reader: Reader): Promise<Position & { chunks: Set<number> }> {
  const text = await reader.text(`${INDEX}.properties`);
  const lines = text.matchAll(/^([\w.-]+)[ \t]*=(.*)$/gm);
  const all = new Map(Array.from(lines, ([, key, value]) => [key!, value!.trim()]));
  const chain = all.get("nexus.index.chain-id");
  if (!chain) throw new SyntaxError(`${INDEX}.properties has no nexus.index.chain-id`);
  const chunks = Array.from(all).flatMap(([key, value]) =>
    /^nexus\.index\.incremental-\d+$/.test(key) ? [Number(value)] : [],
  );
  return { chain, last: Number(all.get("nexus.index.last-incremental") ?? 0), chunks: new Set(chunks) };
}

async function* read(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CatalogEvent[]> {
  let last = "";
  for await (const records of recordsOf(bytes)) {
    const events: CatalogEvent[] = [];
    for (const record of records) {
      const event = eventOf(record);
      // The files of a package stand together, for the most part.
      if (!event || (event.type === "changed" && event.package.name === last)) continue;
      last = event.type === "changed" ? event.package.name : "";
      events.push(event);
    }
    yield events;
  }
}

/** `u`: group, artifact, version, classifier, extension. What else there is (groups, a descriptor) names no file. */
function eventOf({ u, del }: IndexRecord): CatalogEvent | undefined {
  const [group, artifact, version, classifier] = (u ?? del ?? "").split("|");
  if (u === undefined && del === undefined) return undefined;
  if (!group || !artifact || !version)
    return { type: "odd", ...leaveOut(u ?? del, "it names no group, artifact or version") };
  const name = `${group}/${artifact}`;
  if (del !== undefined && (!classifier || classifier === "NA")) return { type: "gone", package: { name }, version };
  return { type: "changed", package: { name } };
}

function again(reason: string) {
  return { events: [{ type: "resync", reason } as const], checkpoint: "" };
}
