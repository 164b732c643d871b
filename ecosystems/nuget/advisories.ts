/** Known vulnerabilities, by pages: https://learn.microsoft.com/nuget/api/vulnerability-info */
import type { Doc, Facts, Path, View } from "../../src/contract/ecosystem.ts";
import { type Entries, readEntries } from "../shared/entries.ts";
import { linked, NOT_BELOW } from "./links.ts";

interface Page {
  "@id": string;
}

export function advisoryFacts(doc: Doc): Facts & { follow: Path[] } {
  const { found, leftOut } = pagesOf(doc);
  return { follow: found.flatMap((page) => doc.pathOf(page["@id"]) ?? []), leftOut };
}

/** A page that is none of this mount's upstreams' is left out, and offline one that is not stored. */
export function advisories(doc: Doc, view: View): string {
  const shown = pagesOf(doc).found.filter((page) => !view.offline || doc.stored(doc.pathOf(page["@id"])!));
  return JSON.stringify(linked(shown, doc, view));
}

function pagesOf(doc: Doc): Entries<Page> {
  const pages = doc.json<Page[]>();
  if (!Array.isArray(pages)) throw new Error(`${doc.path} is no list of pages`);
  return readEntries(pages, (page: Page | null) => {
    if (typeof page?.["@id"] !== "string") throw new Error("it has no @id");
    if (!doc.pathOf(page["@id"])) throw new Error(NOT_BELOW);
    return page;
  });
}
