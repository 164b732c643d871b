/** The list of a Python package index: its root, with the serial of each project where it is JSON (PEP 691). */
import type { Catalog, CatalogEvent, Reader, Reading } from "../../src/contract/catalog.ts";
import { leaveOut, readEvents } from "../shared/entries.ts";
import { itemsOf } from "../shared/json-items.ts";
import { linesOf } from "../shared/lines.ts";
import { normalize } from "./distribution.ts";

interface Listed {
  name: string;
  /** Some indexes send a string. */
  "_last-serial"?: number | string;
}

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const ACCEPT = `${JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`;

export const pypiCatalog: Catalog = {
  async *list(reader: Reader) {
    const root = await reader.open("/simple/", { isList: true, headers: { accept: ACCEPT } });
    for await (const events of read(root)) yield { events, checkpoint: root.header("x-pypi-last-serial") ?? "" };
  },
  snapshot: { what: `the answer to /simple/ as ${JSON_TYPE}`, read: fromJson },
};

function read(root: Reading): AsyncIterable<CatalogEvent[]> {
  return (root.header("content-type") ?? "").includes("json") ? fromJson(root.chunks()) : fromHtml(root.chunks());
}

async function* fromJson(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CatalogEvent[]> {
  for await (const projects of itemsOf<Listed>(bytes, "$.projects.*"))
    yield readEvents(projects, ({ name, "_last-serial": serial }) => ({
      type: "changed",
      package: { name },
      ...(serial !== undefined && { revision: String(serial) }),
    }));
}

/** An anchor a line, as all indexes write it (PEP 503); which of them changed is not said. */
async function* fromHtml(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CatalogEvent[]> {
  let events: CatalogEvent[] = [];
  let isWhole = false;
  for await (const line of linesOf(bytes)) {
    for (const [, attributes = "", name = ""] of line.matchAll(/<a ([^<>]*)>\s*([^<\s]+)\s*<\/a>/gi))
      events.push(
        leadsTo(attributes, name)
          ? { type: "changed", package: { name } }
          : { type: "odd", ...leaveOut(name, "its link does not lead to the page of the project") },
      );
    isWhole ||= /<\/html>/i.test(line);
    if (events.length < 1_000) continue;
    yield events;
    events = [];
  }
  if (!isWhole) throw new SyntaxError("the list of projects ends before its page does");
  yield events;
}

/** The address of a project's page ends with its name (PEP 503); other pages, such as of a portal, have other links. */
function leadsTo(attributes: string, name: string): boolean {
  const [, href = ""] = /\bhref\s*=\s*["']?([^"'\s>?#]*)/i.exec(attributes) ?? [];
  return normalize(href.split("/").findLast(Boolean) ?? "") === normalize(name);
}
