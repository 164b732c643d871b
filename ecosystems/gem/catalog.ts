/**
 * The list and the feed of a registry of gems are one file, `/versions`: it grows by a line for each change, and is written anew
 * now and then, sorted and under another date. https://github.com/rubygems/compact_index
 */
import type { Catalog, CatalogEvent, CatalogPage, Reader, Reading } from "../../src/contract/catalog.ts";
import { Hasher, hash } from "../../src/contract/digest.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { leaveOut, readEvents } from "../shared/entries.ts";
import { HEAD_END, readVersions } from "./compact-index.ts";

/** Up to where the file was read. */
interface Position {
  /** The date that it has in its head. */
  created: string;
  /** Bytes that were read, to the end of a line. */
  offset: number;
  /** The last of these lines: what grows has it still at the same place. */
  tail: string;
  etag?: string;
  /** Of the first so many bytes, for servers that send all of it whatever is asked for. */
  prefix: { size: number; sha256: string };
}
interface Line {
  text: string;
  /** With its end. */
  bytes: Uint8Array;
  /** Where it ends in the file. */
  end: number;
}

const FILE = "/versions";
const LOT = 1_000;
const HEAD = 256;
const NO_SUM = "it has no sum";

export const gemCatalog: Catalog = {
  async *list(reader) {
    const reading = await reader.open(FILE);
    const { events, checkpoint } = await readWhole(reading.chunks(), reading.header("etag"));
    for (const lot of lotsOf(events)) yield { events: lot, checkpoint };
  },
  async *changes(reader, checkpoint = "{}") {
    const position = JSON.parse(checkpoint) as Partial<Position>;
    if (position.tail === undefined) return void (yield again("there is no place in it to go on from"));
    yield* since(reader, position as Position);
  },
  revisionOf: (doc) => hash("md5", doc.bytes()),
  snapshot: {
    what: "the registry's /versions",
    async *read(bytes) {
      yield* lotsOf((await readWhole(bytes)).events);
    },
  },
};

/** What all its lines come to: the last sum of each gem's info, of those that have a version left. */
async function readWhole(bytes: AsyncIterable<Uint8Array>, etag?: string) {
  const gems = new Map<string, { md5: string; versions: number }>();
  const odd: CatalogEvent[] = [];
  let head = "";
  let isBelow = false;
  let last: Line | undefined;
  const sum = new Hasher();
  for await (const line of linesOf(bytes)) {
    last = line;
    sum.update(line.bytes);
    if (isBelow) {
      const { name, changes, md5 } = readVersions(line.text);
      if (!md5 && odd.length < LOT) odd.push({ type: "odd", ...leaveOut(line.text, NO_SUM) });
      const labels = changes.split(",");
      const gone = labels.filter((label) => label.startsWith("-")).length;
      const { versions = 0 } = gems.get(name) ?? {};
      if (md5) gems.set(name, { md5, versions: versions + labels.length - 2 * gone });
    } else head += `${line.text}\n`;
    isBelow ||= `${line.text}\n` === HEAD_END;
  }
  if (!last || !isBelow) throw new UpstreamFailed(`${FILE} is no compact index: it has no line of dashes`);
  const events = gems.entries().flatMap(([name, { md5, versions }]): CatalogEvent[] => {
    return versions > 0 ? [{ type: "changed", package: { name }, revision: md5 }] : [];
  });
  const prefix = { size: last.end, sha256: sum.digests().sha256 };
  const place = { created: createdIn(head), offset: last.end, tail: last.text, prefix, ...(etag && { etag }) };
  return { events: concat(events, odd), checkpoint: JSON.stringify(place satisfies Position) };
}

function* concat(...all: Iterable<CatalogEvent>[]): Generator<CatalogEvent> {
  for (const each of all) yield* each;
}

function* lotsOf(events: IteratorObject<CatalogEvent>): Generator<CatalogEvent[]> {
  for (let lot = events.take(LOT).toArray(); lot.length > 0; lot = events.take(LOT).toArray()) yield lot;
}

async function* since(reader: Reader, position: Position): AsyncGenerator<CatalogPage> {
  const { created, offset, tail, etag, prefix } = position;
  const from = offset - tail.length - 1;
  const reading = await reader.open(FILE, { from, ...(etag && { headers: { "if-none-match": etag } }) });
  if (reading.status === 304) return;
  if (reading.status === 416) return void (yield again(`it is shorter than the ${offset} bytes that were read`));
  if (reading.status === 206) {
    const now = createdIn(await headOf(reader));
    if (now !== created) return void (yield again(`it was written anew (created_at ${now}; ${created} was read)`));
  }
  const start = reading.status === 206 ? from : 0;
  const tag = reading.header("etag");
  let place: Position = { created, offset, tail, prefix, ...(tag && { etag: tag }) };
  let events: CatalogEvent[] = [];
  let isSame = false;
  const sum = new Hasher();
  for await (const { text, bytes, end } of linesOf(reading.chunks(), start)) {
    if (start === 0 && end <= prefix.size) sum.update(bytes);
    if (start === 0 && end === prefix.size && sum.digests().sha256 !== prefix.sha256) break;
    if (end < offset) continue;
    isSame ||= end === offset && text === tail;
    if (!isSame) break;
    if (end === offset) continue;
    events.push(...readEvents([text], eventsOf));
    place = { ...place, offset: end, tail: text };
    if (events.length < LOT) continue;
    yield { events, checkpoint: JSON.stringify({ ...place, etag: "" } satisfies Position) };
    events = [];
  }
  if (!isSame) return void (yield again(`the ${offset} bytes that were read are others now`));
  yield { events, checkpoint: JSON.stringify(place) };
}

/** A version that was taken away, and the gem whose info says the rest. One for a platform is no whole version. */
function eventsOf(text: string): CatalogEvent[] {
  const { name, changes, md5 } = readVersions(text);
  if (!md5) throw new Error(NO_SUM);
  const gone = changes.split(",").flatMap((label): CatalogEvent[] => {
    const [, version] = /^-([^-]+)$/.exec(label) ?? [];
    return version ? [{ type: "gone", package: { name }, version }] : [];
  });
  return [...gone, { type: "changed", package: { name }, revision: md5 }];
}

async function headOf(reader: Reader): Promise<string> {
  const headers = { range: `bytes=0-${HEAD - 1}`, "accept-encoding": "identity" };
  const reading: Reading = await reader.open(FILE, { headers });
  let head = "";
  for await (const chunk of reading.chunks()) {
    head += Buffer.from(chunk).toString("latin1");
    if (head.length >= HEAD) break;
  }
  return head;
}

function createdIn(head: string): string {
  return /^created_at: *(\S+)/m.exec(head)?.[1] ?? "";
}

/** Throws where the last one has no end: what stands there may be half of a line. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>, start = 0): AsyncGenerator<Line> {
  let end = start;
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      end += at + 1 - from;
      yield { text: bytes.toString("latin1", from, at), bytes: bytes.subarray(from, at + 1), end };
      from = at + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0)
    throw new UpstreamFailed(`${FILE} is cut off after ${end} bytes: its last line has no end`, { retryable: true });
}

function again(reason: string): CatalogPage {
  return { events: [{ type: "resync", reason }], checkpoint: "" };
}
