/** The index of Go's module mirror: every version in the order in which it was first seen, from 2019 on. Nothing is ever gone. */
import type { Catalog, CatalogEvent, CatalogPage, Reader } from "../../src/contract/catalog.ts";
import type { LeftOut } from "../../src/contract/facts.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { type Entries, readEntries } from "../shared/entries.ts";
import { linesOf } from "../shared/lines.ts";

interface Line {
  Path: string;
  Version: string;
  Timestamp: string;
}

/** More are not sent at once. */
const LINES = 2_000;
/** `v0.0.0-20190410155217-ab12cd34ef56`: a commit, which no list of versions has (golang.org/ref/mod#pseudo-versions). */
const PSEUDO = /[-.]\d{14}-[0-9a-f]{12}(?:\+incompatible)?$/;

export const goCatalog: Catalog = {
  async *changes(reader: Reader, checkpoint?: string) {
    let { since, known } = checkpoint ? (JSON.parse(checkpoint) as Position) : { since: "", known: [] };
    for (;;) {
      const from = since ? `&since=${encodeURIComponent(since)}` : "";
      const { chunks } = await reader.open(`/index?limit=${LINES}${from}`, { upstream: "index" });
      const lines: Line[] = [];
      const odd: CatalogEvent[] = [];
      for await (const { found, leftOut } of linesIn(chunks())) {
        lines.push(...found);
        odd.push(...oddOf(leftOut));
      }
      // What was seen at the very moment where the last page ended comes again.
      const fresh = lines.filter(
        ({ Timestamp, Path, Version }) => Timestamp !== since || !known.includes(`${Path}@${Version}`),
      );
      const last = lines.at(-1)?.Timestamp ?? since;
      if (fresh.length === 0) {
        if (lines.length + odd.length >= LINES) throw new UpstreamFailed(`the index does not move on from ${since}`);
        if (odd.length > 0) yield { events: odd, checkpoint: JSON.stringify({ since, known } satisfies Position) };
        return;
      }
      const then = lines.filter(({ Timestamp }) => Timestamp === last).map(({ Path, Version }) => `${Path}@${Version}`);
      [since, known] = [last, last === since ? [...known, ...then] : then];
      yield {
        events: [...fresh.map(eventOf), ...odd],
        checkpoint: JSON.stringify({ since, known } satisfies Position),
      } satisfies CatalogPage;
    }
  },
  // The list of a module's versions comes from caches, which may not know yet what the index announces.
  isCurrent: (revision, releases) => releases.some(({ version }) => version === revision.split(" ")[1]),
  snapshot: {
    what: "lines of the index, as /index sends them",
    async *read(bytes) {
      for await (const { found, leftOut } of linesIn(bytes)) yield [...found.map(eventOf), ...oddOf(leftOut)];
    },
  },
};

/** `known`: what was seen at `since`. */
interface Position {
  since: string;
  known: string[];
}

/** Throws where the last line is cut off: it may be of a version that no later page has. */
async function* linesIn(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Entries<Line>> {
  let lot: string[] = [];
  let last = 0;
  const watched = async function* () {
    for await (const chunk of bytes) {
      last = chunk.at(-1) ?? last;
      yield chunk;
    }
  };
  for await (const text of linesOf(watched())) {
    if (!text.trim()) continue;
    if (lot.length === LINES) {
      yield readEntries(lot, lineOf);
      lot = [];
    }
    lot.push(text);
  }
  if (last !== 10 && lot.length > 0) lineOf(lot.at(-1)!);
  yield readEntries(lot, lineOf);
}

function lineOf(text: string): Line {
  const { Path, Version, Timestamp } = JSON.parse(text) as Partial<Line>;
  if (!Path || !Version || Number.isNaN(Date.parse(Timestamp ?? "")))
    throw new SyntaxError(`a line of the index lacks Path, Version or Timestamp: ${text.slice(0, 200)}`);
  return { Path, Version, Timestamp: Timestamp! };
}

function oddOf(leftOut: readonly LeftOut[]): CatalogEvent[] {
  return leftOut.map((each) => ({ type: "odd", ...each }));
}

function eventOf({ Path: name, Version: version, Timestamp }: Line): CatalogEvent {
  const revision = `${Timestamp} ${version}`;
  const publishedAt = new Date(Timestamp);
  if (PSEUDO.test(version)) return { type: "changed", package: { name }, version, revision: Timestamp, publishedAt };
  return { type: "changed", package: { name }, revision, publishedAt };
}
