/** The documents of NuGet's log of changes: an index of pages of leaves, one a change. https://learn.microsoft.com/nuget/api/catalog-resource */
import type { Doc, Facts, View } from "../../src/contract/ecosystem.ts";
import { type Entries, labelOf, readEntries } from "../shared/entries.ts";
import { documentOf, linked, NOT_BELOW } from "./links.ts";
import { packageOf, releaseOf, sha512Of } from "./paths.ts";

interface Change {
  "@id": string;
  commitTimeStamp: string;
  "nuget:id"?: string;
  "nuget:version"?: string;
}
interface List {
  count?: number;
  items: Change[];
}
interface Details {
  id: string;
  version: string;
  created?: string;
  packageHash: string;
  packageHashAlgorithm?: string;
  packageSize?: number;
}

/** Of a leaf: the digest of a release's package, and when it came. */
export function catalogLeaf(doc: Doc): Facts {
  const { id, version, created, packageHash, packageHashAlgorithm = "SHA512", packageSize } = doc.json<Details>();
  const release = releaseOf(id, version);
  const digest = packageHashAlgorithm.toUpperCase() === "SHA512" ? { digest: sha512Of(packageHash) } : {};
  const file = { path: packageOf(release), ...digest, ...(packageSize !== undefined && { size: packageSize }) };
  return { releases: [{ ...release, ...(created && { publishedAt: new Date(created) }), files: [file] }] };
}

/** Of the index, which names pages, and of a page, which names changes of releases. */
export function catalogFacts(doc: Doc): Facts {
  const { found, leftOut } = itemsOf(doc);
  const releases = found.flatMap(({ "nuget:id": id, "nuget:version": version, commitTimeStamp }) =>
    id && version ? [{ ...releaseOf(id, version), publishedAt: new Date(commitTimeStamp) }] : [],
  );
  return { releases, leftOut };
}

export function catalogList(doc: Doc, view: View): string {
  const items = itemsOf(doc).found.filter(
    ({ "nuget:id": id, "nuget:version": version }) => !id || !version || view.admits(releaseOf(id, version)),
  );
  return JSON.stringify(linked({ ...doc.json<List>(), count: items.length, items }, doc, view));
}

function itemsOf(doc: Doc): Entries<Change> {
  const { items } = doc.json<Partial<List>>();
  if (!Array.isArray(items)) throw new Error(`${doc.path} is no list of a catalog: it has no items`);
  return readEntries(items, (item: Change | null) => {
    if (typeof item?.["@id"] !== "string") throw new Error("it has no @id");
    if (!documentOf(item["@id"], doc)) throw new Error(NOT_BELOW);
    // Of a page; in the index items name pages.
    if (item["nuget:id"] !== undefined || item["nuget:version"] !== undefined) {
      labelOf(item["nuget:id"], "nuget:id");
      labelOf(item["nuget:version"], "nuget:version");
    }
    return item;
  });
}
