/**
 * The list and the feed of an npm registry: what its replication offers of CouchDB's `_all_docs` and `_changes`. Sequence
 * numbers are opaque and were reset before; revisions tell what changed.
 */
import type { Catalog, CatalogEvent, CatalogPage, Reader } from "../../src/contract/catalog.ts";
import type { Doc } from "../../src/contract/ecosystem.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { readEvents } from "../shared/entries.ts";
import { itemsOf } from "../shared/json-items.ts";

interface Row {
  id: string;
  value?: { rev?: string };
}
interface Change {
  id: string;
  changes?: { rev: string }[];
  deleted?: boolean;
}

/** It would send 10,000, which in memory are three times as much. */
const ROWS = 2_000;
const CHANGES = 5_000;
/** Bytes of a document in which its revision stands. */
const HEAD = 1_024;
/** The header chose the service of 2025 while there were two. */
const OPTIONS = { upstream: "replication", headers: { "npm-replication-opt-in": "true" } } as const;

export const npmCatalog: Catalog = {
  list,
  resumes: true,
  changes,
  revisionOf,
  snapshot: {
    what: "the JSON of /_all_docs",
    async *read(bytes) {
      for await (const rows of itemsOf<Row>(bytes, "$.rows.*")) yield eventsOf(rows);
    },
  },
};

/** What changes while it is being listed is in the log, which begins before. */
async function* list(reader: Reader, checkpoint?: string): AsyncGenerator<CatalogPage> {
  let { since, after, seen = 0 } = positionOf(checkpoint);
  since ??= String((await root(reader)).update_seq);
  let total = 0;
  for (;;) {
    const start = after === undefined ? "" : `&startkey=${encodeURIComponent(JSON.stringify(after))}`;
    const page = await reader.json<{ rows?: Row[]; total_rows?: number }>(`/_all_docs?limit=${ROWS}${start}`, OPTIONS);
    const rows = page.rows ?? [];
    total = page.total_rows ?? total;
    const last = rows.findLast((row) => typeof row?.id === "string")?.id;
    // The start key is part of its page. A page that ends with it has nothing more.
    if (last === undefined || last === after) break;
    seen += rows.length - Number(rows[0]?.id === after);
    yield {
      events: eventsOf(rows.filter((row) => row?.id !== after || after === undefined)),
      checkpoint: JSON.stringify({ since, after: last, seen }),
    };
    after = last;
  }
  if (seen < total * 0.98)
    throw new UpstreamFailed(`the list ended after ${seen} of ${total} packages`, { retryable: true });
  yield { events: [], checkpoint: JSON.stringify({ since }) };
}

async function* changes(reader: Reader, checkpoint?: string): AsyncGenerator<CatalogPage> {
  let { since = "0" } = positionOf(checkpoint);
  const { update_seq: newest } = await root(reader);
  if (isBefore(String(newest), since)) return void (yield again(`it is at ${newest}, and was at ${since}`));
  for (;;) {
    const page = await pageSince(reader, since);
    if (!page) return void (yield again(`it does not know the sequence number ${since}`));
    const last = String(page.last_seq);
    if (isBefore(last, since)) return void (yield again(`it is at ${last}, and was at ${since}`));
    const isOver = page.results.length === 0;
    if (!isOver && last === since)
      throw new UpstreamFailed(`/_changes sends changes since ${since}, and does not move on`);
    yield {
      events: readEvents(page.results, ({ id, changes: revisions = [], deleted }: Change) => {
        const [change] = revisions;
        if (deleted && isPackage(id)) return { type: "gone", package: { name: id } };
        return eventsOf([{ id, ...(change && { value: change }) }]);
      }),
      checkpoint: JSON.stringify({ since: last }),
    };
    if (isOver) return;
    since = last;
  }
}

async function pageSince(reader: Reader, since: string) {
  try {
    const path = `/_changes?since=${encodeURIComponent(since)}&limit=${CHANGES}`;
    const { results, last_seq } = await reader.json<{ results?: Change[]; last_seq?: string | number }>(path, OPTIONS);
    if (!results || last_seq === undefined) throw new UpstreamFailed("/_changes has no results", { retryable: true });
    return { results, last_seq };
  } catch (error) {
    if (error instanceof UpstreamFailed && error.status === 400) return undefined;
    throw error;
  }
}

function root(reader: Reader) {
  return reader.json<{ update_seq: string | number }>("/", OPTIONS);
}

function eventsOf(rows: readonly Row[]): CatalogEvent[] {
  return readEvents(rows, ({ id, value }) =>
    isPackage(id) ? { type: "changed", package: { name: id }, ...(value?.rev && { revision: value.rev }) } : [],
  );
}

/** CouchDB writes it behind the name, in documents that may be long. Empty where a registry is none: then nothing can be told. */
function revisionOf(doc: Doc): string {
  const head = new TextDecoder().decode(doc.bytes().subarray(0, HEAD));
  return /^\s*\{\s*"_id"\s*:\s*"[^"]*"\s*,\s*"_rev"\s*:\s*"([^"]+)"/.exec(head)?.[1] ?? "";
}

/** CouchDB's own documents are among them. */
function isPackage(id: string): boolean {
  return !id.startsWith("_");
}

function again(reason: string): CatalogPage {
  return { events: [{ type: "resync", reason }], checkpoint: "" };
}

/** `after` and `seen`: of a list that is under way. */
function positionOf(checkpoint?: string): { since?: string; after?: string; seen?: number } {
  return checkpoint ? (JSON.parse(checkpoint) as ReturnType<typeof positionOf>) : {};
}

/** Where both are plain numbers; of others nothing can be told. */
function isBefore(seq: string, other: string): boolean {
  return /^\d+$/.test(seq) && /^\d+$/.test(other) && BigInt(seq) < BigInt(other);
}
