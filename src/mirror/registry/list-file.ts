/** Files that stand in for a registry's own list: names that somebody chose, or a snapshot of the list. */
import { existsSync } from "node:fs";
import { gunzip } from "../../../ecosystems/shared/gzip.ts";
import { linesOf } from "../../../ecosystems/shared/lines.ts";
import type { CatalogEvent } from "../../contract/catalog.ts";
import { parsePurl } from "../../contract/purl.ts";
import { BadRequest } from "../../lib/errors.ts";
import { type Mount, meaningOf } from "../../mounts/mounts.ts";

const BATCH = 1_000;

/** A name or package URL a line; what follows ` #` is for people. Throws BadRequest, with the line, for what is neither. */
export async function* namesIn(file: string, mount: Mount): AsyncGenerator<CatalogEvent[]> {
  let batch: CatalogEvent[] = [];
  let at = 0;
  for await (const line of linesOf(opened(file))) {
    at++;
    const text = line.replace(/(^|\s)#.*/s, "").trim();
    if (!text) continue;
    try {
      const isPurl = text.startsWith("pkg:");
      const { name, version } = isPurl ? meaningOf(mount, parsePurl(text)) : { name: text, version: undefined };
      batch.push({ type: "changed", package: { name }, ...(version && { version }) });
    } catch (error) {
      throw new BadRequest(`${file}: line ${at}: ${(error as Error).message}`);
    }
    if (batch.length >= BATCH) {
      yield batch;
      batch = [];
    }
  }
  yield batch;
}

/** Its bytes, decompressed where they are gzip. Throws BadRequest where it is not there. */
export async function* opened(file: string): AsyncGenerator<Uint8Array> {
  if (!existsSync(file)) throw new BadRequest(`there is no file ${file}`);
  const [first = 0, second = 0] = await Bun.file(file).slice(0, 2).bytes();
  const bytes = Bun.file(file).stream();
  yield* first === 0x1f && second === 0x8b ? gunzip(bytes) : bytes;
}
