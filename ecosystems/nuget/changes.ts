/**
 * The list and the feed of a NuGet registry are its log of changes, which knows all that ever was. As a list it is read from its
 * end: what is met first of a package is the last that became of it. https://learn.microsoft.com/nuget/guides/query-for-all-published-packages
 */
import type { Catalog, CatalogEvent, CatalogPage, Reader } from "../../src/contract/catalog.ts";
import { UpstreamFailed } from "../../src/lib/errors.ts";
import { readEvents } from "../shared/entries.ts";
import { releaseOf } from "./paths.ts";

/** A change, or a page of them; then `commitTimeStamp` is that of its newest. */
interface Item {
  "@id": string;
  "@type"?: string;
  commitTimeStamp: string;
  "nuget:id"?: string;
  "nuget:version"?: string;
}
interface List {
  count?: number;
  items?: Item[];
}

const CATALOG = { upstream: "catalog" } as const;

export const nugetCatalog: Catalog = {
  list,
  changes,
  // Versions are listed by documents that come from caches.
  isCurrent: (revision, releases) => {
    const [, sign = "", version = ""] = /^\S+ ([+-])(.+)$/.exec(revision) ?? [];
    return version === "" || releases.some((release) => release.version === version) === (sign === "+");
  },
};

async function* list(reader: Reader): AsyncGenerator<CatalogPage> {
  const pages = (await indexOf(reader)).reverse();
  const checkpoint = pages[0]?.commitTimeStamp ?? "";
  /** Of packages that were not met but as deleted: since when, and which versions. Others: nothing more is to be said. */
  const met = new Map<string, { revision: string; gone: Set<string> } | "told">();
  for (const page of pages) {
    const events: CatalogEvent[] = [];
    for (const change of (await changesIn(reader, page)).reverse()) {
      if (!isWhole(change)) {
        events.push(...readEvents([change], eventsOf));
        continue;
      }
      const { name, version } = releaseIn(change);
      const known = met.get(name);
      if (known === "told" || known?.gone.has(version)) continue;
      const revision = known?.revision ?? revisionOf(change);
      if (isDelete(change)) met.set(name, { revision, gone: (known?.gone ?? new Set()).add(version) });
      else {
        met.set(name, "told");
        events.push({ type: "changed", package: { name }, revision });
      }
    }
    yield { events, checkpoint };
  }
}

async function* changes(reader: Reader, checkpoint = ""): AsyncGenerator<CatalogPage> {
  const pages = await indexOf(reader);
  const newest = pages.at(-1)?.commitTimeStamp ?? "";
  if (isBefore(newest, checkpoint))
    return void (yield again(`it is at ${newest || "nothing"}, and was at ${checkpoint}`));
  let waiting: Item[] = [];
  let told = checkpoint;
  for (const page of pages) {
    if (!isBefore(checkpoint, page.commitTimeStamp)) continue;
    const all = await changesIn(reader, page);
    const odd = all.filter(({ commitTimeStamp }) => commitTimeStamp === "");
    if (odd.length > 0) yield { events: readEvents(odd, requireTime), checkpoint: told };
    const fresh = all.filter(({ commitTimeStamp }) => commitTimeStamp !== "" && isBefore(checkpoint, commitTimeStamp));
    const [first, last] = [fresh[0], waiting.at(-1)];
    // One commit may go on in the next page; between the two there is no place to begin at.
    if (first && last && isBefore(last.commitTimeStamp, first.commitTimeStamp)) {
      yield pageOf(waiting);
      told = last.commitTimeStamp;
      waiting = [];
    }
    waiting.push(...fresh);
  }
  if (waiting.length > 0) yield pageOf(waiting);
}

/** Pages, the oldest first; the document has them in any order. */
async function indexOf(reader: Reader): Promise<Item[]> {
  const pages = sorted("/index.json", await reader.json<List>("/index.json", CATALOG));
  const [first] = pages;
  if (first && (!first.commitTimeStamp || typeof first["@id"] !== "string"))
    throw new UpstreamFailed("/index.json of its catalog names a page without its address and time", {
      retryable: true,
    });
  return pages;
}

/** Throws where the page is not as new as the index says: what it lacks would never be met again. */
async function changesIn(reader: Reader, { "@id": url, commitTimeStamp }: Item): Promise<Item[]> {
  const path = url.slice(url.lastIndexOf("/"));
  const found = sorted(path, await reader.json<List>(path, CATALOG));
  const newest = found.at(-1)?.commitTimeStamp ?? "";
  if (isBefore(newest, commitTimeStamp))
    throw new UpstreamFailed(
      `${path} of its catalog ends at ${newest || "nothing"}, and the index says ${commitTimeStamp}; a cache in between is behind`,
      { retryable: true },
    );
  return found;
}

function sorted(path: string, { items, count = 0 }: List): Item[] {
  if (!Array.isArray(items) || items.length < count)
    throw new UpstreamFailed(`${path} of its catalog has ${items?.length ?? "no"} items, and says ${count}`, {
      retryable: true,
    });
  // Without a time it stands before all others.
  const dated = items.map((item) => ({ ...item, commitTimeStamp: String(item?.commitTimeStamp ?? "") }));
  return dated.sort((a, b) => order(a, b) || (a["@id"] < b["@id"] ? -1 : 1));
}

function pageOf(items: readonly Item[]): CatalogPage {
  return { events: readEvents(items, eventsOf), checkpoint: items.at(-1)!.commitTimeStamp };
}

/** A version that was deleted, and the package whose documents say the rest. */
function eventsOf(change: Item): CatalogEvent[] {
  const { name, version } = releaseIn(change);
  const changed: CatalogEvent = { type: "changed", package: { name }, revision: revisionOf(change) };
  return isDelete(change) ? [{ type: "gone", package: { name }, version }, changed] : [changed];
}

function requireTime(): never {
  throw new Error("it has no commitTimeStamp");
}

function isWhole({ "nuget:id": id, "nuget:version": version }: Item): boolean {
  return typeof id === "string" && typeof version === "string" && id !== "" && version !== "";
}

function releaseIn(change: Item) {
  const { "@id": url, "nuget:id": id = "", "nuget:version": version = "" } = change;
  if (!isWhole(change)) throw new UpstreamFailed(`a change of its catalog names no id or no version: ${String(url)}`);
  return releaseOf(id, version);
}

/** When, and what its documents have to list since then, or no longer. */
function revisionOf(change: Item): string {
  return `${change.commitTimeStamp} ${isDelete(change) ? "-" : "+"}${releaseIn(change).version}`;
}

function isDelete({ "@type": type }: Item): boolean {
  return type === "nuget:PackageDelete";
}

function order(a: Item, b: Item): number {
  return (
    Number(isBefore(b.commitTimeStamp, a.commitTimeStamp)) - Number(isBefore(a.commitTimeStamp, b.commitTimeStamp))
  );
}

function isBefore(a: string, b: string): boolean {
  return momentOf(a) < momentOf(b);
}

/** Fractions are written without the zeros at their end, so that `.9Z` comes before `.92Z`. */
function momentOf(stamp: string): string {
  const [seconds = "", fraction = ""] = stamp.replace(/Z$|\+00:00$/, "").split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}

function again(reason: string): CatalogPage {
  return { events: [{ type: "resync", reason }], checkpoint: "" };
}
