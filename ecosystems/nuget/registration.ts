/** A package's registration: an index of pages of leaves. https://learn.microsoft.com/nuget/api/registration-base-url-resource */
import type { Doc, Facts, Path, Release, ReleaseFacts, View } from "../../src/contract/ecosystem.ts";
import { type Entries, labelOf, readEntries } from "../shared/entries.ts";
import { documentOf, linked } from "./links.ts";
import { requirementsOf } from "./nuspec.ts";
import { filesOf, packageOf, releaseOf } from "./paths.ts";
import { PLACES } from "./service-index.ts";
import { nugetVersions } from "./versions.ts";

interface Entry {
  "@id"?: string;
  id: string;
  version: string;
  listed?: boolean;
  published?: string;
  deprecation?: object;
  packageContent?: string;
  dependencyGroups?: { dependencies?: { id: string; range?: string }[] }[];
}
interface Leaf {
  catalogEntry: Entry;
  packageContent?: string;
}
/** With few versions pages stand in the index; else they are documents of their own. */
interface Page {
  "@id": string;
  count?: number;
  lower?: string | undefined;
  upper?: string | undefined;
  items?: Leaf[];
}
/** A leaf as a document of its own: most registries name its entry, which is in their log of changes. */
type LeafDocument = Omit<Entry, "id" | "version"> & { catalogEntry: Entry | string };
type Registration = { items: (Page | Leaf)[] } | LeafDocument;

export function registrationFacts(doc: Doc): Facts {
  const found = read(doc);
  if (!("items" in found)) return leafFacts(doc, found);
  const { found: items, leftOut } = itemsIn(found.items);
  const pages = items.filter((item): item is Page => !isLeaf(item));
  const within = pages.flatMap((page) => leavesOf(doc, page) ?? []);
  const leaves = [...items.filter(isLeaf), ...within.flatMap((each) => each.found)];
  return {
    releases: leaves.map(({ catalogEntry, packageContent }) => stated(catalogEntry, packageContent)),
    follow: pages.flatMap((page) => (page.items ? [] : (documentOf(page["@id"], doc) ?? []))),
    leftOut: [...leftOut, ...within.flatMap((each) => each.leftOut)],
  };
}

/** The pages that are documents of their own. */
export function pagesElsewhere(doc: Doc): Path[] {
  const found = read(doc);
  if (!("items" in found)) return [];
  const pages = itemsIn(found.items).found.filter((item): item is Page => !isLeaf(item) && !item.items);
  return pages.flatMap((page) => documentOf(page["@id"], doc) ?? []);
}

/** `undefined`: clients may see nothing of it. */
export function registration(doc: Doc, view: View): string | undefined {
  const found = read(doc);
  const send = (body: object) => JSON.stringify(linked(body, doc, view));
  if (!("items" in found)) {
    const release = releaseIn(doc);
    return admits(view, release) ? send(served(found, release, view)) : undefined;
  }
  const { found: all, leftOut } = itemsIn(found.items);
  const own: Entries<Leaf> = { found: all.filter(isLeaf), leftOut };
  if (own.found.length > 0) return send(bounded(found as Page, own, view));
  const pages = (all as Page[]).flatMap((page) => {
    const leaves = leavesOf(doc, page);
    if (!leaves) return documentOf(page["@id"], doc) ? [page] : refuse(page);
    const { items, ...shown } = bounded(page, leaves, view);
    return items.length > 0 ? [page.items ? { ...shown, items } : shown] : [];
  });
  return pages.length > 0 ? send({ ...found, count: pages.length, items: pages }) : undefined;
}

/** Counts and bounds follow what is shown. */
function bounded(page: Page, leaves: Entries<Leaf>, view: View): Page & { items: Leaf[] } {
  const items = leaves.found.flatMap((leaf) => {
    const release = releaseOf(leaf.catalogEntry.id, leaf.catalogEntry.version);
    return admits(view, release) ? [served(leaf, release, view)] : [];
  });
  if (items.length === leaves.found.length && leaves.leftOut.length === 0) return { ...page, items };
  const versions = items.map(({ catalogEntry: { version } }) => version.replace(/\+.*/, ""));
  const sorted = versions.toSorted(nugetVersions.compare);
  const [lower, upper] = [sorted[0], sorted.at(-1)];
  // A page within the index is named after its bounds.
  const id = String(page["@id"]).replace(/#page\/.*/, `#page/${lower}/${upper}`);
  return { ...page, "@id": id, count: items.length, lower, upper, items };
}

function admits(view: View, release: Release): boolean {
  return view.admits(release, packageOf(release));
}

/** With the package's address here, wherever upstream has it. */
function served<T extends Leaf | LeafDocument>(leaf: T, release: Release, view: View): T {
  const packageContent = view.link(packageOf(release));
  const { catalogEntry: entry } = leaf;
  const here = typeof entry === "object" && entry.packageContent !== undefined;
  return { ...leaf, packageContent, ...(here && { catalogEntry: { ...entry, packageContent } }) };
}

function read(doc: Doc): Registration {
  const found = doc.json<Partial<{ items: unknown; catalogEntry: unknown }>>();
  if (!Array.isArray(found.items) && found.catalogEntry === undefined)
    throw new Error(`${doc.path} is no registration: it has neither items nor a catalogEntry`);
  return found as Registration;
}

function isLeaf(item: Page | Leaf): item is Leaf {
  return "catalogEntry" in item;
}

/** Pages of an index, or leaves of a page. */
function itemsIn(items: readonly unknown[]): Entries<Page | Leaf> {
  return readEntries(items as readonly (Page | Leaf | null)[], (item) => {
    if (typeof item !== "object" || item === null) throw new Error("it is no object");
    if (isLeaf(item)) return checked(item);
    if (typeof item["@id"] !== "string")
      throw new Error("it is neither a leaf nor a page: it has no catalogEntry and no @id");
    if (item.items !== undefined && !Array.isArray(item.items)) throw new Error("its items are no list");
    return item;
  });
}

function checked(leaf: Leaf): Leaf {
  const { catalogEntry: entry, packageContent } = leaf;
  if (typeof entry !== "object" || entry === null) throw new Error("its catalogEntry is no object");
  labelOf(entry.id, "id");
  labelOf(entry.version, "version");
  stated(entry, packageContent);
  return leaf;
}

/** Of a page that stands elsewhere, where that is stored. */
function leavesOf(doc: Doc, page: Page): Entries<Leaf> | undefined {
  const path = page.items ? undefined : documentOf(page["@id"], doc);
  const items = page.items ?? (path && doc.stored(path)?.json<Page>().items);
  return items && readEntries(items, checked);
}

function refuse(page: Page): never {
  throw new Error(`the page ${page["@id"]} lies below none of this mount's upstreams`);
}

/** What the path of a leaf names. */
function releaseIn({ params }: Doc): Release {
  return releaseOf(params["id"] ?? "", (params["rest"] ?? "").replace(/\.json$/, ""));
}

function leafFacts(doc: Doc, { catalogEntry, packageContent, ...own }: LeafDocument): Facts {
  const { name: id, version } = releaseIn(doc);
  const entry = typeof catalogEntry === "string" ? { "@id": catalogEntry } : catalogEntry;
  const path = doc.pathOf(entry["@id"] ?? "");
  return {
    releases: [stated({ ...own, ...entry, id, version }, packageContent)],
    follow: path?.startsWith(`${PLACES.catalog}/data/`) ? [path] : [],
  };
}

/** What is unlisted is dated 1900. */
function stated({ id, version, listed, published = "1900", ...entry }: Entry, url?: string): ReleaseFacts {
  const release = releaseOf(id, version);
  const isDated = !published.startsWith("1900");
  const isUnlisted = listed === false || published.startsWith("1900-");
  return {
    ...release,
    ...(isDated && { publishedAt: new Date(published) }),
    ...(isUnlisted ? { state: "unlisted" as const } : entry.deprecation && { state: "deprecated" as const }),
    requires: requirementsOf((entry.dependencyGroups ?? []).flatMap(({ dependencies = [] }) => dependencies)),
    files: filesOf(release, url),
  };
}
