/**
 * The list of a Cargo registry. Its sparse index has none: the daily dump of the database has, with all that may change of a
 * version. A snapshot may also be a tar of the index as git keeps it.
 */
import type { Catalog, CatalogEvent, Reader } from "../../src/contract/catalog.ts";
import { hash } from "../../src/contract/digest.ts";
import { recordsOf } from "../shared/csv.ts";
import { gunzip } from "../shared/gzip.ts";
import { type Member, membersOf } from "../shared/tar-members.ts";

/** `prefix/se/rd/serde`, `1/a`, `3/l/log`. */
const INDEX_FILE = /(?:^|\/)(?:[12]|3\/[\w-]|[\w-]{2}\/[\w-]{2})\/(?<name>[\w-]+)$/;
const LOT = 1_000;

export const cargoCatalog: Catalog = {
  async *list(reader: Reader) {
    const { chunks } = await reader.open("/db-dump.tar.gz", { upstream: "dump", isList: true });
    for await (const events of read(gunzip(chunks()))) yield { events, checkpoint: "" };
  },
  snapshot: { what: "the registry's db-dump.tar.gz, or a tar of its git index", read },
};

async function* read(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CatalogEvent[]> {
  const crates = new Map<string, { name: string; revision: number }>();
  let files: CatalogEvent[] = [];
  for await (const member of membersOf(bytes)) {
    const file = INDEX_FILE.exec(member.name)?.groups?.name;
    if (member.name.endsWith("/crates.csv"))
      for await (const { id = "", name = "" } of recordsOf(member.chunks())) crates.set(id, { name, revision: 0 });
    else if (member.name.endsWith("/versions.csv")) await weigh(member, crates);
    else if (file && crates.size === 0) files.push(await fromIndex(file, member));
    if (files.length < LOT) continue;
    yield files;
    files = [];
  }
  yield files;
  const all = crates.values();
  for (let lot = all.take(LOT).toArray(); lot.length > 0; lot = all.take(LOT).toArray())
    yield lot.map(({ name, revision }) => ({
      type: "changed",
      package: { name },
      revision: `v${revision.toString(36)}`,
    }));
}

/** A sum over its versions changes with each of them, in whatever order they come. */
async function weigh(member: Member, crates: ReadonlyMap<string, { revision: number }>): Promise<void> {
  for await (const { crate_id: id = "", num, checksum, yanked } of recordsOf(member.chunks())) {
    const crate = crates.get(id);
    if (!crate) continue;
    const weight = Number.parseInt(hash("sha1", `${num} ${checksum} ${yanked}`).slice(0, 12), 16);
    crate.revision = (crate.revision + weight) % Number.MAX_SAFE_INTEGER;
  }
}

async function fromIndex(name: string, { chunks }: Member): Promise<CatalogEvent> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks()) parts.push(chunk);
  return { type: "changed", package: { name }, revision: `i${hash("sha1", Buffer.concat(parts)).slice(0, 16)}` };
}
