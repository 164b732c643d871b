import type { Doc, Ecosystem, Facts, Params, Path, Release, ReleaseFacts, View } from "../../src/ecosystem.ts";
import { json } from "../../src/formats/json.ts";
import { searchHeld } from "../../src/formats/search.ts";
import { compareSemver, isStableSemver } from "../../src/formats/semver.ts";

interface ServiceIndex {
  resources: { "@id": string; "@type": string }[];
}
interface Leaf {
  "@id": string;
  catalogEntry: { "@id": string; id: string; version: string; listed?: boolean; published?: string };
  packageContent: string;
  registration: string;
}
interface Page {
  "@id": string;
  count: number;
  lower: string;
  upper: string;
  items?: Leaf[];
}
interface CatalogLeaf {
  id: string;
  version: string;
  created: string;
  packageHash: string;
  packageSize: number;
}

const HIVE = "/registration5-gz-semver2";
const flat = { from: "flat", to: ({ rest }: Params): Path => `/${rest!}` } as const;
const registration = { from: "registration", to: flat.to } as const;

export const nuget: Ecosystem = {
  id: "nuget",
  contract: 1,
  title: "NuGet packages: dotnet",
  spec: "https://learn.microsoft.com/nuget/api/overview",
  upstreams: {
    default: "https://nuget.example",
    flat: "https://nuget.example/v3-flatcontainer",
    registration: `https://nuget.example/v3${HIVE}`,
    search: ["https://search-a.example/query", "https://search-b.example/query"],
  },
  discovery: {
    path: "/v3/index.json",
    read: (doc) => {
      const { resources } = doc.json<ServiceIndex>();
      const at = (type: string) => resources.find((each) => each["@type"].startsWith(type))?.["@id"].replace(/\/$/, "");
      const found = {
        flat: "PackageBaseAddress/",
        registration: "RegistrationsBaseUrl/3.6",
        search: "SearchQueryService",
      };
      return Object.fromEntries(Object.entries(found).flatMap(([name, type]) => (at(type) ? [[name, at(type)!]] : [])));
    },
  },
  setup: (base) => `dotnet nuget add source ${base}/v3/index.json`,
  routes: [
    {
      kind: "answer",
      match: "/v3/index.json",
      answer: (_, view) =>
        json({
          version: "3.0.0",
          resources: [
            { "@id": view.link("/flat/"), "@type": "PackageBaseAddress/3.0.0" },
            { "@id": view.link(`${HIVE}/`), "@type": "RegistrationsBaseUrl/3.6.0" },
            { "@id": view.link("/query"), "@type": "SearchQueryService/3.5.0" },
          ],
        }),
    },
    {
      ...flat,
      kind: "metadata",
      match: /^\/flat\/(?<rest>(?<id>[^/]+)\/index\.json)$/,
      parse: (doc) => ({ releases: versions(doc) }),
      rewrite: (doc, view) => {
        const shown = versions(doc).filter((release) => view.admits(release, packageOf(release)));
        return JSON.stringify({ versions: shown.map(({ version }) => version) });
      },
    },
    {
      ...flat,
      kind: "artifact",
      match: /^\/flat\/(?<rest>(?<id>[^/]+)\/(?<version>[^/]+)\/[^/]+\.(?:nupkg|nuspec))$/,
      release: ({ id, version }) => release(id!, version!),
      // HOLE: it names the catalog's leaf, which has the digest: two hops, and facts are looked for after one.
      describedBy: ({ id, version }) => [`${HIVE}/${id!}/${version!}.json`],
    },
    {
      ...registration,
      kind: "metadata",
      match: /^\/registration5-gz-semver2\/(?<rest>(?<id>[^/]+)\/index\.json)$/,
      parse: (doc) => pagesOf(doc, pages(doc)),
      rewrite: (doc, view) => {
        const items = pages(doc).flatMap((page) =>
          page.items ? filtered(doc, page, view) : [linked(doc, page, view)],
        );
        return JSON.stringify({ ...doc.json<object>(), count: items.length, items });
      },
    },
    {
      ...registration,
      kind: "metadata",
      match: /^\/registration5-gz-semver2\/(?<rest>(?<id>[^/]+)\/page\/[^/]+\/[^/]+\.json)$/,
      parse: (doc) => pagesOf(doc, [page(doc)]),
      rewrite: (doc, view) =>
        JSON.stringify(filtered(doc, page(doc), view)[0] ?? { ...page(doc), count: 0, items: [] }),
    },
    {
      ...registration,
      kind: "metadata",
      match: /^\/registration5-gz-semver2\/(?<rest>(?<id>[^/]+)\/(?<version>[^/]+)\.json)$/,
      parse: (doc) => ({ follow: at(doc, doc.json<{ catalogEntry: string }>().catalogEntry) }),
    },
    {
      kind: "metadata",
      match: /^\/v3\/catalog0\/data\/[^/]+\/[^/]+\.json$/,
      freshness: "immutable",
      describedBy: () => [],
      parse: leaf,
    },
    // HOLE: what it finds is sent as it is: with upstream's own addresses, and with releases that are withheld.
    {
      kind: "passthrough",
      match: "/query",
      from: "search",
      to: () => "/",
      query: ["q", "skip", "take", "prerelease", "semVerLevel", "packageType"],
      offline: (_, query, view) => json({ data: searchHeld(view.held(), query.get("q"), compareSemver) }),
    },
  ],
  index: ({ name }) => [`/flat/${name}/index.json`, `${HIVE}/${name}/index.json`],
  files: ({ name, version }) => [
    { path: packageOf({ name, version }) },
    { path: `/flat/${name}/${version}/${name}.nuspec`, optional: true },
  ],
  datedBy: packageOf,
  identity: (name) => name.toLowerCase(),
  // HOLE: `1.0` and `1.0.0.0` are `1.0.0`, in paths too; of versions there is no `identity`.
  versions: { compare: compareSemver, isStable: isStableSemver, satisfies: (version, range) => version === range },
  catalog: {
    async *changes(reader, checkpoint = "") {
      type Listing<T> = { items: (T & { "@id": string; commitTimeStamp: string })[] };
      const newer = <T extends { commitTimeStamp: string }>(items: T[]) =>
        items
          .filter((item) => item.commitTimeStamp > checkpoint)
          .sort((a, b) => (a.commitTimeStamp < b.commitTimeStamp ? -1 : 1));
      for (const { "@id": url, commitTimeStamp } of newer(
        (await reader.json<Listing<object>>("/v3/catalog0/index.json")).items,
      )) {
        // HOLE: pages are named by address, and a reader takes paths: wrong as soon as upstream's own base has one.
        const { items } = await reader.json<Listing<{ "@type": string; "nuget:id": string; "nuget:version": string }>>(
          new URL(url).pathname,
        );
        const events = newer(items).map((item) => {
          const { name, version } = release(item["nuget:id"], item["nuget:version"]);
          return item["@type"] === "nuget:PackageDelete"
            ? { type: "gone" as const, package: { name }, version }
            : { type: "changed" as const, package: { name } };
        });
        yield { events, checkpoint: commitTimeStamp };
      }
    },
  },
};

function release(id: string, version: string): Release {
  return { name: id.toLowerCase(), version: version.toLowerCase().replace(/\+.*$/, "") };
}

function packageOf({ name, version }: Release): Path {
  return `/flat/${name}/${version}/${name}.${version}.nupkg`;
}

function versions(doc: Doc): Release[] {
  return doc.json<{ versions: string[] }>().versions.map((version) => release(doc.params.id!, version));
}

function pages(doc: Doc): Page[] {
  const { items } = doc.json<{ items?: Page[] }>();
  if (!items) throw new Error(`${doc.path} is no registration index: it has no items`);
  return items;
}

function page(doc: Doc): Page {
  const found = doc.json<Page>();
  if (!found.items) throw new Error(`${doc.path} is no registration page: it has no items`);
  return found;
}

function pagesOf(doc: Doc, found: Page[]): Facts {
  const releases = found.flatMap(({ items = [] }) => items.map(({ catalogEntry }) => stated(catalogEntry)));
  return { releases, follow: found.flatMap((each) => (each.items ? [] : at(doc, each["@id"]))) };
}

/** Unlisted ones are dated 1900. HOLE: "unlisted" is said of a release as "yanked", which to other registries is more. */
function stated({ id, version, listed, published }: Leaf["catalogEntry"]): ReleaseFacts {
  const date = published && !published.startsWith("1900") ? { publishedAt: new Date(published) } : {};
  return { ...release(id, version), ...date, ...(listed === false && { state: "yanked" as const }) };
}

function filtered(doc: Doc, { items = [], ...rest }: Page, view: View): Page[] {
  const shown = items.filter(({ catalogEntry: { id, version } }) =>
    view.admits(release(id, version), packageOf(release(id, version))),
  );
  if (shown.length === 0) return [];
  const own = shown.map((each): Leaf => {
    const { name, version } = release(each.catalogEntry.id, each.catalogEntry.version);
    const packageContent = view.link(packageOf({ name, version }));
    const catalogEntry = { ...each.catalogEntry, packageContent };
    const [index, itself]: [Path, Path] = [`${HIVE}/${name}/index.json`, `${HIVE}/${name}/${version}.json`];
    return { ...each, "@id": view.link(itself), catalogEntry, packageContent, registration: view.link(index) };
  });
  const [lower = "", upper = ""] = [shown[0], shown.at(-1)].map((each) => each?.catalogEntry.version);
  return [{ ...linked(doc, rest, view), count: own.length, lower, upper, items: own }];
}

function linked(doc: Doc, source: Page, view: View): Page {
  const [path] = at(doc, source["@id"]);
  return path ? { ...source, "@id": view.link(path) } : source;
}

/** HOLE: `pathOf` drops the base without telling whose it was, takes the first that fits (of `default` and `flat` the shorter),
 * and does not know upstreams that were discovered. So the place is guessed from the end of the address. */
function at(doc: Doc, url: string): Path[] {
  const hive = /\/registration[^/]*(\/[^/]+\/(?:page\/[^/]+\/)?[^/]+\.json)(?:#.*)?$/.exec(url)?.[1];
  const path = hive ? (`${HIVE}${hive}` as Path) : doc.pathOf(url);
  return path ? [path] : [];
}

function leaf(doc: Doc): Facts {
  const { id, version, created, packageHash, packageSize } = doc.json<CatalogLeaf>();
  const own = release(id, version);
  const digest = `sha512:${Buffer.from(packageHash, "base64").toString("hex")}` as const;
  return {
    releases: [
      { ...own, publishedAt: new Date(created), files: [{ path: packageOf(own), digest, size: packageSize }] },
    ],
  };
}
