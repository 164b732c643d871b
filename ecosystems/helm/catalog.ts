/** The list of chart repositories: the index of each that a mount names. One that changed has all of them compared. */
import type { Catalog, CatalogEvent, Reader } from "../../src/contract/catalog.ts";
import { hash } from "../../src/contract/digest.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { Unread } from "../shared/list-failures.ts";
import { readTree, textAt, textsAt, valueAt } from "./yaml-tree.ts";

/** By repository: which index was read. `etag` empty: it has none. */
type Position = Record<string, { digest: string; etag: string }>;

const FILE = "/index.yaml";

export const helmCatalog: Catalog = {
  async *list(reader) {
    const position: Position = {};
    const unread = new Unread();
    for (const repo of reader.traits.upstreams) {
      const index = await unread.attempt(repo, async () => {
        const { text, etag } = await indexOf(reader, repo);
        return { events: chartsIn(repo, text), digest: hash("sha256", text), etag };
      });
      if (!index) continue;
      const { events, ...read } = index;
      position[repo] = read;
      yield { events, checkpoint: JSON.stringify(position) };
    }
    unread.tell();
  },
  async *changes(reader, checkpoint = "{}") {
    const before = JSON.parse(checkpoint) as Position;
    const other = Object.keys(before).filter((repo) => !reader.traits.upstreams.includes(repo));
    const unread = new Unread();
    for (const repo of reader.traits.upstreams) {
      const known = before[repo];
      if (!known || (await unread.attempt(repo, () => hasChanged(reader, repo, known)))) other.push(repo);
    }
    if (other.length > 0)
      yield { events: [{ type: "resync", reason: `another index: ${other.join(", ")}` }], checkpoint: "" };
    unread.tell();
  },
};

async function hasChanged(reader: Reader, repo: string, { digest, etag }: Position[string]): Promise<boolean> {
  const { status, text } = await indexOf(reader, repo, etag);
  return status !== 304 && hash("sha256", text) !== digest;
}

async function indexOf(reader: Reader, repo: string, known = "") {
  const headers = known ? { headers: { "if-none-match": known } } : {};
  const reading = await reader.open(FILE, { upstream: repo, ...headers });
  const chunks = await Array.fromAsync(reading.chunks());
  return { status: reading.status, text: new TextDecoder().decode(joined(chunks)), etag: reading.header("etag") ?? "" };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** The revision of a chart follows from what its versions are, and where. */
function chartsIn(repo: string, text: string): CatalogEvent[] {
  const charts = valueAt(readTree(text), "entries");
  if (charts?.kind !== "mapping")
    throw new UpstreamFailed(`${FILE} of ${repo} is no index of charts: it has no entries`, { retryable: true });
  return charts.items.flatMap(({ key, value }): CatalogEvent[] => {
    const nodes = value.kind === "sequence" ? value.items.filter((each) => each.kind === "mapping") : [];
    if (key.kind !== "scalar" || nodes.length === 0) return [];
    const stated = nodes.flatMap((node) => [
      ...["version", "digest", "deprecated"].map((field) => textAt(node, field)),
      ...textsAt(node, "urls").map((url) => url.value),
    ]);
    const revision = hash("sha256", stated.join("\n")).slice(0, 32);
    return [{ type: "changed", package: { name: `${repo}/${key.value}` }, revision }];
  });
}
