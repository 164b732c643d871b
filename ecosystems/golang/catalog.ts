/** The index of Go's module mirror: every version in the order in which it was first seen, from 2019 on. Nothing is ever gone. */
import type { Catalog, CatalogEvent, CatalogPage, Reader } from "../../src/contract/catalog.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
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
      for await (const lot of linesIn(chunks())) lines.push(...lot);
      // What was seen at the very moment where the last page ended comes again.
      const fresh = lines.filter(
        ({ Timestamp, Path, Version }) => Timestamp !== since || !known.includes(`${Path}@${Version}`),
      );
      const last = lines.at(-1)?.Timestamp ?? since;
      if (fresh.length === 0) {
        if (lines.length >= LINES) throw new UpstreamFailed(`the index does not move on from ${since}`);
        return;
      }
      const then = lines.filter(({ Timestamp }) => Timestamp === last).map(({ Path, Version }) => `${Path}@${Version}`);
      [since, known] = [last, last === since ? [...known, ...then] : then];
      yield {
        events: fresh.map(eventOf),
        checkpoint: JSON.stringify({ since, known } satisfies Position),
      } satisfies CatalogPage;
    }
  },
  // The list of a module's versions comes from caches, which may not know yet what the index announces.
  isCurrent: (revision, releases) => releases.some(({ version }) => version === revision.split(" ")[1]),
  snapshot: {
    what: "lines of the index, as /index sends them",
    async *read(bytes) {
      for await (const lines of linesIn(bytes)) yield lines.map(eventOf);
    },
  },
};

/** `known`: what was seen at `since`. */
interface Position {
  since: string;
  known: string[];
}

async function* linesIn(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let lot: Line[] = [];
  for await (const text of linesOf(bytes)) {
    if (!text.trim()) continue;
    const line = JSON.parse(text) as Partial<Line>;
    if (!line.Path || !line.Version || !line.Timestamp)
      throw new SyntaxError(`a line of the index lacks Path, Version or Timestamp: ${text.slice(0, 200)}`);
    lot.push(line as Line);
    if (lot.length < LINES) continue;
    yield lot;
    lot = [];
  }
  yield lot;
}

function eventOf({ Path: name, Version: version, Timestamp }: Line): CatalogEvent {
  const revision = `${Timestamp} ${version}`;
  const publishedAt = new Date(Timestamp);
  if (PSEUDO.test(version)) return { type: "changed", package: { name }, version, revision: Timestamp, publishedAt };
  return { type: "changed", package: { name }, revision, publishedAt };
}
