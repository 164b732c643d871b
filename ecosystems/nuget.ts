import type { Ecosystem, MetadataRoute, Params, Path } from "../src/contract/ecosystem.ts";
import { advisories, advisoryFacts } from "./nuget/advisories.ts";
import { catalogFacts, catalogLeaf, catalogList } from "./nuget/catalog.ts";
import { nugetCatalog } from "./nuget/changes.ts";
import { packagesLock } from "./nuget/lockfile-packages.ts";
import { readNuspec } from "./nuget/nuspec.ts";
import { leafOf, listOf, nuspecOf, packageOf, registered, releaseOf, sha512Of } from "./nuget/paths.ts";
import { pagesElsewhere, registration, registrationFacts } from "./nuget/registration.ts";
import { completion, completionFacts, completionStored, search, searchFacts, searchStored } from "./nuget/search.ts";
import { declaredIn, indexesOfParts, PLACES, serviceIndex } from "./nuget/service-index.ts";
import { list, listFacts } from "./nuget/version-list.ts";
import { canonical, nugetVersions } from "./nuget/versions.ts";

const release = ({ id, version }: Params) => releaseOf(id!, version!);
/** Where upstream has what stands below a place here. */
const below = (place: Path, path: Path): Path => `/${path.slice(place.length + 1)}`;
const inFlat = (file: string) => new RegExp(`^${PLACES.flat}/(?<id>[^/]+)/(?<version>[^/]+)/${file}$`);

const flat = { from: "flat", release } as const;
/** Of a hive, completeness by completeness: index, pages and leaves. */
const hives = (["registration", "registration_gz", "registration_plain"] as const).map((from): MetadataRoute => {
  const place = PLACES[from];
  const path = ({ id, rest = "" }: Params): Path => {
    const isLeaf = !rest.includes("/") && rest !== "index.json";
    const own = isLeaf ? `${canonical(rest.replace(/\.json$/, ""))}.json` : rest;
    return `${place}/${encodeURIComponent(id!.toLowerCase())}/${own.split("/").map(encodeURIComponent).join("/")}`;
  };
  return {
    kind: "metadata",
    match: new RegExp(`^${place}/(?<id>[^/]+)/(?<rest>(?:page/[^/]+/)?[^/]+\\.json)$`),
    from,
    canonical: path,
    to: (p) => below(place, path(p)),
    // Some registries name pages by it.
    query: () => true,
    parse: registrationFacts,
    reads: pagesElsewhere,
    rewrite: registration,
  };
});

export const nuget: Ecosystem = {
  id: "nuget",
  contract: 2,
  title: "NuGet packages by the v3 protocol: dotnet, nuget, msbuild",
  spec: "https://learn.microsoft.com/nuget/api/overview",
  upstreams: { default: "https://api.nuget.org/v3" },
  aliases: { "www.nuget.org": "default", "nuget.org": "default" },
  // A source is known by the address of its service index. Of a bare host the usual place is meant.
  base: (url, upstream) => {
    const usual: Record<string, string> = { default: "/v3", search: "/query", autocomplete: "/autocomplete" };
    const base = url.replace(/\/(?:index\.json)?$/, "");
    return /^https?:\/\/[^/]+$/.test(base) ? `${base}${usual[upstream] ?? ""}` : base;
  },
  discovery: { path: `${PLACES.default}/index.json`, read: declaredIn },
  places: PLACES,
  setup: (base) =>
    `in nuget.config: <configuration><packageSources><clear/>\n<add key="proxy" value="${base}/v3/index.json" protocolVersion="3" allowInsecureConnections="true"/>\n</packageSources></configuration>`,

  routes: [
    {
      kind: "metadata",
      match: `${PLACES.default}/index.json`,
      to: () => "/index.json",
      freshness: 3_600,
      parse: (doc) => {
        declaredIn(doc);
        return {};
      },
      reads: indexesOfParts,
      rewrite: serviceIndex,
    },
    {
      kind: "metadata",
      match: `${PLACES.flat}/:id/index.json`,
      from: "flat",
      canonical: ({ id }) => listOf(id!.toLowerCase()),
      to: ({ id }) => below(PLACES.flat, listOf(id!.toLowerCase())),
      parse: listFacts,
      rewrite: list,
    },
    {
      ...flat,
      kind: "artifact",
      signed: "zip",
      match: inFlat("[^/]+\\.nupkg"),
      canonical: (p) => packageOf(release(p)),
      to: (p) => below(PLACES.flat, packageOf(release(p))),
      // The leaf leads to the entry of the catalog, which has the digest. Where there is no catalog, some have it beside the file.
      describedBy: (p) => [leafOf(release(p)), `${packageOf(release(p))}.sha512`],
      // What clients read the dependencies from.
      inside: { member: /^[^/]+\.nuspec$/i, parse: (doc) => readNuspec(doc.text()) },
    },
    {
      ...flat,
      kind: "metadata",
      match: inFlat("[^/]+\\.nupkg\\.sha512"),
      canonical: (p) => `${packageOf(release(p))}.sha512`,
      to: (p) => below(PLACES.flat, `${packageOf(release(p))}.sha512`),
      freshness: "immutable",
      describedBy: () => [],
      parse: (doc) => {
        const stated = release(doc.params);
        return { releases: [{ ...stated, files: [{ path: packageOf(stated), digest: sha512Of(doc.text()) }] }] };
      },
    },
    {
      ...flat,
      kind: "artifact",
      match: inFlat("[^/]+\\.nuspec"),
      canonical: (p) => nuspecOf(release(p)),
      to: (p) => below(PLACES.flat, nuspecOf(release(p))),
      describedBy: (p) => [leafOf(release(p))],
    },
    {
      kind: "passthrough",
      match: inFlat("(?<file>icon|readme|license)"),
      from: "flat",
      to: (p) => below(PLACES.flat, `${packageOf(release(p)).split("/").slice(0, -1).join("/")}/${p["file"]!}` as Path),
    },
    ...hives,
    {
      kind: "metadata",
      match: new RegExp(`^${PLACES.catalog}(?<rest>/data/[^/]+/[^/]+\\.json)$`),
      from: "catalog",
      to: ({ rest }) => rest as Path,
      freshness: "immutable",
      describedBy: () => [],
      parse: catalogLeaf,
    },
    {
      kind: "metadata",
      match: new RegExp(`^${PLACES.catalog}(?<rest>/(?:index|page\\d+)\\.json)$`),
      from: "catalog",
      to: ({ rest }) => rest as Path,
      parse: catalogFacts,
      rewrite: catalogList,
    },
    {
      kind: "metadata",
      match: `${PLACES.vulnerabilities}/index.json`,
      from: "vulnerabilities",
      to: () => "/index.json",
      parse: advisoryFacts,
      reads: (doc, view) => (view?.offline ? advisoryFacts(doc).follow : []),
      rewrite: advisories,
    },
    {
      kind: "metadata",
      match: new RegExp(`^${PLACES.vulnerabilities}(?<rest>/.+\\.json)$`),
      from: "vulnerabilities",
      to: ({ rest }) => rest as Path,
      // Each has its time in its name, but the registry does not promise that it never changes.
      describedBy: () => [],
      parse: (doc) => {
        if (typeof doc.json<unknown>() !== "object") throw new Error(`${doc.path} is no page of vulnerabilities`);
        return {};
      },
    },
    {
      kind: "passthrough",
      match: PLACES.search,
      from: "search",
      to: () => "/",
      query: ["q", "skip", "take", "prerelease", "semVerLevel", "packageType"],
      parse: searchFacts,
      rewrite: search,
      offline: (_, query, view, stored) => searchStored(query, view, stored),
    },
    {
      kind: "passthrough",
      match: PLACES.autocomplete,
      from: "autocomplete",
      to: () => "/",
      query: ["q", "id", "skip", "take", "prerelease", "semVerLevel", "packageType"],
      parse: completionFacts,
      rewrite: completion,
      offline: (_, query, _view, stored) => completionStored(query, stored),
    },
    {
      kind: "deny",
      match: "/api/v2/:rest+",
      methods: ["PUT", "POST"],
      status: 403,
      reason: "This proxy only reads: push to the registry itself.",
    },
  ],

  names: /^[\p{L}\p{M}\p{N}_.-]+$/u,
  index: ({ name }) => [listOf(name), registered(name)],
  roots: [`${PLACES.default}/index.json`, `${PLACES.vulnerabilities}/index.json`],
  datedBy: packageOf,
  identity: (name) => name.toLowerCase(),
  signs: ["x509"],
  lockfiles: [packagesLock],
  versions: nugetVersions,
  catalog: nugetCatalog,
};
