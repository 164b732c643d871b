/** A NuGet v3 feed laid out as the public one: service index, flat container, registrations by pages, catalog, search. */
import { padded } from "../archives/files.ts";
import { zip } from "../archives/zip.ts";
import { type Content, json, type Request } from "../tree.ts";
import { base64, type Package, type Release, releasesOf } from "./package.ts";

export interface NugetRelease extends Release {
  unlisted?: boolean;
  /** Default: one that is made of what is said here. */
  file?: Uint8Array<ArrayBuffer>;
}

export type NugetPackage = Package<NugetRelease>;

export interface NugetOptions {
  /** Versions up to which a registration is one document. Default: 128, as the public feed has it. */
  inlined?: number;
  /** Versions of a page. Default: 64. */
  paged?: number;
  /** Whether there is a catalog, which alone has the digests. Default: yes. */
  catalog?: boolean;
  /** Whether digests stand beside the packages. Default: no, as at the public feed. */
  sidecars?: boolean;
}

const HIVE = "/v3/registration5-gz-semver2";
const FLAT = "/v3-flatcontainer";

export function makeNuget(
  packages: readonly NugetPackage[],
  base: string,
  options: NugetOptions = {},
): Map<string, Content> {
  const { catalog = true, sidecars = false } = options;
  const tree = new Map<string, Content>();
  const changes: { commitTimeStamp: string }[] = [];
  for (const path of ["/index.json", "/v3/index.json"]) tree.set(path, json(serviceIndex(base, catalog)));
  for (const pack of packages) {
    const id = pack.name.toLowerCase();
    for (const { version, publishedAt, size, file = nupkg(pack, version, size) } of releasesOf(pack)) {
      const modified = { "last-modified": new Date(publishedAt).toUTCString() };
      tree.set(nupkgPath(id, version), {
        body: file,
        headers: { ...modified, "content-type": "application/octet-stream" },
      });
      tree.set(`${FLAT}/${id}/${version}/${id}.nuspec`, {
        body: nuspec(pack, version),
        headers: { "content-type": "text/xml" },
      });
      if (sidecars) tree.set(`${nupkgPath(id, version)}.sha512`, { body: base64("sha512", file) });
      if (!catalog) continue;
      const entry = { id: pack.name, version, created: publishedAt, published: publishedAt };
      const digest = { packageHash: base64("sha512", file), packageHashAlgorithm: "SHA512", packageSize: file.length };
      const at = catalogPath(id, version);
      tree.set(at, json({ "@id": base + at, "@type": ["PackageDetails"], ...entry, ...digest }));
      const change = { "@id": base + at, "@type": "nuget:PackageDetails", commitTimeStamp: publishedAt };
      changes.push(Object.assign(change, { "nuget:id": pack.name, "nuget:version": version }));
    }
    tree.set(
      `${FLAT}/${id}/index.json`,
      json({ versions: Object.keys(pack.versions).map((version) => version.toLowerCase()) }),
    );
    for (const [path, document] of registrationOf(pack, base, options)) tree.set(path, zipped(document));
  }
  if (catalog) {
    const page = `${base}/v3/catalog0/page0.json`;
    const commitTimeStamp = changes
      .map((change) => change.commitTimeStamp)
      .sort()
      .at(-1);
    tree.set("/v3/catalog0/page0.json", json({ "@id": page, commitTimeStamp, count: changes.length, items: changes }));
    tree.set("/v3/catalog0/index.json", json({ commitTimeStamp, count: 1, items: [{ "@id": page, commitTimeStamp }] }));
  }
  tree.set(
    "/v3/vulnerabilities/index.json",
    json([{ "@name": "base", "@id": `${base}/v3/vulnerabilities/1/base.json`, "@updated": "2026-01-01T00:00:00Z" }]),
  );
  tree.set("/v3/vulnerabilities/1/base.json", json({}));
  tree.set("/find", ({ query }) => json(search(packages, query, base)));
  tree.set("/complete", ({ query }) => json(complete(packages, query)));
  return tree;
}

export const nupkgPath = (id: string, version: string): string =>
  `${FLAT}/${id.toLowerCase()}/${version.toLowerCase()}/${id.toLowerCase()}.${version.toLowerCase()}.nupkg`;

const catalogPath = (id: string, version: string) =>
  `/v3/catalog0/data/2026.01.01.00.00.00/${id}.${version.toLowerCase()}.json`;

function serviceIndex(base: string, catalog: boolean) {
  const resources = [
    ["PackageBaseAddress/3.0.0", `${FLAT}/`],
    ["RegistrationsBaseUrl/3.6.0", `${HIVE}/`],
    ["RegistrationsBaseUrl/Versioned", `${HIVE}/`],
    ["SearchQueryService", "/find"],
    ["SearchQueryService/3.5.0", "/find"],
    ["SearchAutocompleteService", "/complete"],
    ["PackagePublish/2.0.0", "/api/v2/package"],
    ["VulnerabilityInfo/6.7.0", "/v3/vulnerabilities/index.json"],
    ...(catalog ? [["Catalog/3.0.0", "/v3/catalog0/index.json"]] : []),
  ].map(([type, path]) => ({ "@id": `${base}${path!}`, "@type": type }));
  return { version: "3.0.0", resources };
}

/** A library without code. */
export function nupkg(pack: NugetPackage, version: string, size?: number): Uint8Array<ArrayBuffer> {
  const types = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="nuspec" ContentType="application/octet"/><Default Extension="txt" ContentType="application/octet"/></Types>`;
  const files = {
    "[Content_Types].xml": types,
    [`${pack.name}.nuspec`]: nuspec(pack, version),
    "lib/netstandard2.0/_._": "",
    "notes.txt": `${pack.name} ${version}\n`,
  };
  return zip(padded(files, "filler.txt", size));
}

function nuspec({ name, versions }: NugetPackage, version: string): string {
  const dependencies = Object.entries(versions[version]?.dependencies ?? {}).map(
    ([id, range]) => `<dependency id="${id}" version="${range}"/>`,
  );
  return `<?xml version="1.0"?><package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>${name}</id><version>${version}</version><authors>fx</authors><description>fx</description><dependencies><group targetFramework=".NETStandard2.0">${dependencies.join("")}</group></dependencies></metadata></package>`;
}

/** The public feed sends registrations compressed, whatever was asked for. */
function zipped(document: object): Content {
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  return { body: Bun.gzipSync(Buffer.from(JSON.stringify(document))), headers };
}

function* registrationOf(
  pack: NugetPackage,
  base: string,
  { inlined = 128, paged = 64, catalog = true }: NugetOptions,
): Iterable<[string, object]> {
  const folder = `${HIVE}/${pack.name.toLowerCase()}`;
  const leaves = releasesOf(pack).map((release) => leafOf(pack.name, release, base, catalog));
  for (const { listed, published, packageContent, catalogEntry, ...leaf } of leaves) {
    const own = catalog ? { catalogEntry: catalogEntry["@id"] } : { catalogEntry };
    yield [
      `${folder}/${catalogEntry.version.toLowerCase()}.json`,
      { ...leaf, ...own, listed, published, packageContent },
    ];
  }
  const size = leaves.length < inlined ? leaves.length : paged;
  const pages = Array.from({ length: Math.ceil(leaves.length / size) }, (_, at) =>
    leaves.slice(at * size, (at + 1) * size),
  );
  const items = [];
  for (const part of pages) {
    const [lower, upper] = [part[0]!, part.at(-1)!].map(({ catalogEntry }) => catalogEntry.version);
    const path =
      pages.length > 1 ? `${folder}/page/${lower!}/${upper!}.json` : `${folder}/index.json#page/${lower!}/${upper!}`;
    const page = { "@id": base + path, count: part.length, lower, upper };
    const full = { ...page, items: part.map(withoutState) };
    if (pages.length > 1) yield [path, full];
    items.push(pages.length > 1 ? page : full);
  }
  yield [`${folder}/index.json`, { "@id": `${base}${folder}/index.json`, count: items.length, items }];
}

function leafOf(
  id: string,
  { version, publishedAt, unlisted = false, dependencies }: NugetRelease & { version: string },
  base: string,
  catalog: boolean,
) {
  const name = id.toLowerCase();
  const registration = `${base}${HIVE}/${name}/index.json`;
  const at = `${base}${HIVE}/${name}/${version.toLowerCase()}.json`;
  const packageContent = base + nupkgPath(id, version);
  const published = unlisted ? "1900-01-01T00:00:00+00:00" : publishedAt!;
  const groups = Object.entries(dependencies ?? {}).map(([other, range]) => ({ id: other, range }));
  const entry = catalog ? base + catalogPath(name, version) : at;
  const catalogEntry = {
    "@id": entry,
    id,
    version,
    listed: !unlisted,
    published,
    packageContent,
    dependencyGroups: [{ targetFramework: ".NETStandard2.0", dependencies: groups }],
  };
  return { "@id": at, "@type": "Package", catalogEntry, packageContent, registration, listed: !unlisted, published };
}

function search(packages: readonly NugetPackage[], query: Request["query"], base: string) {
  const wanted = (query.get("q") ?? "").toLowerCase();
  const data = packages
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .map((pack) => {
      const versions = releasesOf(pack)
        .filter(({ unlisted }) => !unlisted)
        .map(({ version }) => version);
      const registration = `${base}${HIVE}/${pack.name.toLowerCase()}/index.json`;
      const at = (version: string) => `${base}${HIVE}/${pack.name.toLowerCase()}/${version}.json`;
      return {
        "@id": registration,
        registration,
        id: pack.name,
        version: versions.at(-1),
        versions: versions.map((version) => ({ version, "@id": at(version) })),
      };
    });
  return { totalHits: data.length, data };
}

function complete(packages: readonly NugetPackage[], query: Request["query"]) {
  const id = query.get("id")?.toLowerCase();
  const found = packages.filter(({ name }) =>
    id ? name.toLowerCase() === id : name.toLowerCase().includes(query.get("q") ?? ""),
  );
  return {
    totalHits: found.length,
    data: id ? found.flatMap(({ versions }) => Object.keys(versions)) : found.map(({ name }) => name),
  };
}

/** Within a page these stand in the entry. */
function withoutState({ catalogEntry, packageContent, registration, ...leaf }: ReturnType<typeof leafOf>) {
  return { "@id": leaf["@id"], "@type": leaf["@type"], catalogEntry, packageContent, registration };
}
