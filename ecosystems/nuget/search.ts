/** What searches find. https://learn.microsoft.com/nuget/api/search-query-service-resource, and autocompletion beside it. */
import type { Body, Doc, Facts, Release, StoredContent, View } from "../../src/contract/ecosystem.ts";
import { type Entries, labelOf, readEntries } from "../shared/entries.ts";
import { json } from "../shared/json.ts";
import { linked } from "./links.ts";
import { registered, releaseOf } from "./paths.ts";
import { nugetVersions } from "./versions.ts";

interface Found {
  id: string;
  version: string;
  versions?: { version: string }[];
}

export function searchFacts(doc: Doc): Facts {
  const { found, leftOut } = foundIn(doc);
  return { releases: found.flatMap(releasesOf), leftOut };
}

/** A package is shown as the newest of its releases that are shown. */
export function search(doc: Doc, view: View): Body {
  const data = foundIn(doc).found.flatMap((found) => {
    const shown = releasesOf(found).filter((release) => view.admits(release));
    const versions = found.versions?.filter(({ version }) => view.admits(releaseOf(found.id, version)));
    const isShown = view.admits(releaseOf(found.id, found.version));
    const [newest] = shown.map(({ version }) => version).sort((a, b) => nugetVersions.compare(b, a));
    if (newest === undefined) return [];
    return [{ ...found, ...(!isShown && { version: newest }), ...(versions && { versions }) }];
  });
  return json(linked({ ...doc.json<object>(), data }, doc, view));
}

/** Of one package's versions; where it completes names, nothing is stated. */
export function completionFacts(doc: Doc): Facts {
  const data = dataOf<string>(doc);
  const id = idIn(doc);
  return { releases: id ? data.map((version) => releaseOf(id, version)) : [] };
}

export function completion(doc: Doc, view: View): Body {
  const id = idIn(doc);
  const data = dataOf<string>(doc).filter((version) => !id || view.admits(releaseOf(id, version)));
  return json({ ...doc.json<object>(), ...(id && { totalHits: data.length }), data });
}

/** The same of what is stored. */
export async function searchStored(query: URLSearchParams, view: View, stored: StoredContent): Promise<Body> {
  const packages = await storedOf(query, stored);
  const data = page(packages, query).map(([id, versions]) => ({
    "@id": view.link(registered(id)),
    "@type": "Package",
    registration: view.link(registered(id)),
    id,
    version: versions.at(-1),
    versions: versions.map((version) => ({
      version,
      downloads: 0,
      "@id": view.link(registered(id, `${version}.json`)),
    })),
  }));
  return json({ totalHits: packages.length, data });
}

export async function completionStored(query: URLSearchParams, stored: StoredContent): Promise<Body> {
  const id = query.get("id")?.toLowerCase();
  const packages = await storedOf(query, stored);
  const versions = packages.find(([name]) => name === id)?.[1] ?? [];
  return json(
    id
      ? { totalHits: versions.length, data: versions }
      : { totalHits: packages.length, data: page(packages, query).map(([name]) => name) },
  );
}

/** Stored packages that are asked for, with their versions, the oldest first. */
async function storedOf(query: URLSearchParams, stored: StoredContent): Promise<[string, string[]][]> {
  const wanted = (query.get("id") ?? query.get("q") ?? "").toLowerCase().replace(/^(?:packageid|id):/, "");
  const isShown = (version: string) => query.get("prerelease") === "true" || nugetVersions.isStable(version);
  const found = new Map<string, Set<string>>();
  for await (const { name, version } of stored.releases())
    if (name.includes(wanted) && isShown(version)) found.set(name, (found.get(name) ?? new Set()).add(version));
  return Array.from(found, ([name, versions]) => [name, [...versions].sort(nugetVersions.compare)]);
}

function page<T>(all: readonly T[], query: URLSearchParams): T[] {
  const skip = Number(query.get("skip") ?? 0);
  return all.slice(skip, skip + Number(query.get("take") ?? 20));
}

function releasesOf({ id, version, versions = [] }: Found): Release[] {
  return [...versions.map((each) => each.version), version].map((each) => releaseOf(id, each));
}

function foundIn(doc: Doc): Entries<Found> {
  return readEntries(dataOf<Found | null>(doc), (found) => {
    labelOf(found?.id, "id");
    labelOf(found?.version, "version");
    if (found?.versions !== undefined && !Array.isArray(found.versions)) throw new Error("its versions are no list");
    for (const each of found?.versions ?? []) labelOf(each?.version, "version");
    return found!;
  });
}

function dataOf<T>(doc: Doc): T[] {
  const { data } = doc.json<{ data?: T[] }>();
  if (!Array.isArray(data)) throw new Error(`${doc.path}: expected data, a list of what was found`);
  return data;
}

function idIn(doc: Doc): string | null {
  return new URLSearchParams(doc.path.split("?")[1]).get("id");
}
