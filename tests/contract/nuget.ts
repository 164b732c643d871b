import type { Doc, Ecosystem, Facts, Path } from "../../src/ecosystem.ts";
import { searchHeld } from "../../src/formats/search.ts";
import { compareSemver, isStableSemver } from "../../src/formats/semver.ts";

interface Leaf {
  "@id": string;
  catalogEntry: { "@id": string; id: string; version: string; listed?: boolean; published?: string };
  packageContent: string;
}
interface Page {
  "@id": string;
  items?: Leaf[];
}

/** HOLES: sums of pages that lie in other documents; a hive that must be sent gzip-encoded whatever the client says. */
export const nuget: Ecosystem = {
  id: "nuget",
  contract: 1,
  title: "NuGet packages: dotnet",
  spec: "https://learn.microsoft.com/nuget/api/overview",
  upstreams: {
    default: "https://nuget.example",
    flat: "https://nuget.example/v3-flatcontainer",
    search: "https://search.example/query",
  },
  discovery: {
    path: "/v3/index.json",
    read: (doc) => {
      const { resources } = doc.json<{ resources: { "@id": string; "@type": string }[] }>();
      const at = (type: string) =>
        resources.find((resource) => resource["@type"].startsWith(type))?.["@id"].replace(/\/$/, "");
      const [flat, search] = [at("PackageBaseAddress/"), at("SearchQueryService")];
      return { ...(flat && { flat }), ...(search && { search }) };
    },
  },
  setup: (base) => `dotnet nuget add source ${base}/v3/index.json`,
  routes: [
    {
      kind: "answer",
      match: "/v3/index.json",
      answer: (_p, view) => ({
        version: "3.0.0",
        resources: [{ "@id": view.link("/flat/"), "@type": "PackageBaseAddress/3.0.0" }],
      }),
    },
    {
      kind: "metadata",
      match: "/flat/:id/index.json",
      from: "flat",
      to: ({ id }) => `/${id!}/index.json`,
      parse: (doc) => ({ releases: versions(doc).map((version) => ({ name: doc.params.id!, version })) }),
      rewrite: (doc, view) =>
        JSON.stringify({ versions: versions(doc).filter((version) => view.admits({ name: doc.params.id!, version })) }),
    },
    {
      kind: "artifact",
      match: /^\/flat\/(?<id>[^/]+)\/(?<version>[^/]+)\/(?<file>[^/]+\.(?:nupkg|nuspec))$/,
      from: "flat",
      to: ({ id, version, file }) => `/${id!}/${version!}/${file!}`,
      release: ({ id, version }) => ({ name: id!, version: version! }),
      describedBy: ({ id, version }) => [`/v3/registration5-gz-semver2/${id!}/${version!}.json`],
    },
    {
      kind: "metadata",
      match: /^\/v3\/registration5-gz-semver2\/(?<id>[^/]+)\/(?:index|page\/.+)\.json$/,
      parse: pages,
    },
    {
      kind: "metadata",
      match: "/v3/registration5-gz-semver2/:id/:leaf",
      parse: (doc) => ({ follow: [doc.pathOf(doc.json<Leaf>().catalogEntry["@id"]) ?? doc.path] }),
    },
    {
      kind: "passthrough",
      match: "/query",
      from: "search",
      to: () => "/",
      query: ["q", "skip", "take", "prerelease"],
      offline: (_p, query, held) => ({ data: searchHeld(held(), query.get("q"), compareSemver) }),
    },
  ],
  index: ({ name }) => [`/flat/${name}/index.json`],
  files: ({ name, version }) =>
    [`${name}.${version}.nupkg`, `${name}.nuspec`].map((file) => ({
      path: `/flat/${name}/${version}/${file}` as const,
    })),
  identity: (name) => name.toLowerCase(),
  versions: { compare: compareSemver, isStable: isStableSemver, satisfies: (a, b) => a === b },
};

function versions(doc: Doc): string[] {
  return doc.json<{ versions: string[] }>().versions;
}

function pages(doc: Doc): Facts {
  const { items = [] } = doc.json<{ items?: Page[] }>();
  return {
    follow: items
      .filter((page) => !page.items)
      .flatMap((page): Path[] => [doc.pathOf(page["@id"])].filter((path) => path !== undefined)),
  };
}
