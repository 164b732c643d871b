import type { Digest, Doc, Ecosystem, Facts, Params, Path, Release, UpstreamAt } from "../src/contract/ecosystem.ts";
import { ociCatalog } from "./oci/catalog.ts";
import {
  NO_REFERRERS,
  nextOf,
  shownReferrers,
  shownTags,
  storedRepositories,
  storedTags,
  taggedReferrerPaths,
  tagsIn,
} from "./oci/lists.ts";
import {
  DIGEST,
  digestOf,
  INDEX,
  MANIFESTS,
  manifestFacts,
  manifestPath,
  referrersIn,
  runsOn,
} from "./oci/manifests.ts";
import { json } from "./shared/json.ts";
import { compareSemver, isStableSemver } from "./shared/semver.ts";

const REPOSITORY = "(?:upstream/(?<registry>[\\w.:-]+)/)?(?<repository>(?!upstream/)[a-z0-9][a-z0-9._/-]*)";
const TAG = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";

/** What lies below the path of a repository, its own or at a named upstream. */
const at = (rest: string) => new RegExp(`^/${REPOSITORY}/(?<rest>${rest})$`);
const own = {
  from: ({ registry }: Params) => registry ?? "default",
  canonical: (params: Params): Path => `/${nameOf(params)}/${params.rest!}`,
  to: (params: Params): Path => `/v2/${repositoryOf(params)}/${params.rest!}`,
  // Digests stand in paths, and nothing states those of tags.
  describedBy: () => [],
} as const;
const digest = ({ digest: stated }: Params) => stated as Digest;
const header = { name: "docker-content-digest" };

export const oci: Ecosystem = {
  id: "oci",
  contract: 2,
  purlType: "docker",
  purlTypes: ["oci"],
  title: "Container images and other OCI artifacts: docker, podman, containerd, skopeo, crane, oras",
  spec: "https://github.com/opencontainers/distribution-spec/blob/main/spec.md",
  mount: "/v2",
  upstreams: { default: "https://registry-1.docker.io" },
  base: (url) => url.replace(/\/v2\/?$/, ""),
  options: {
    repositories: {
      default: [],
      help: "What mirrors of a whole registry hold: `library/alpine:3.*`, `registry.example/team/*`. Default: all that the registry lists.",
    },
  },
  aliases: { "docker.io": "default", "index.docker.io": "default", "hub.docker.com": "default" },
  setup: (base) => {
    const root = base.replace(/\/v2$/, "");
    const insecure = root.startsWith("http:") ? " --tls-verify=false" : "";
    return `podman pull${insecure} ${root.replace(/^https?:\/\//, "")}/library/alpine:3.20\nin /etc/docker/daemon.json: { "registry-mirrors": ["${root}"] }\n(${base})`;
  },
  routes: [
    { kind: "answer", match: "/", answer: () => json({}, { "docker-distribution-api-version": "registry/2.0" }) },
    { kind: "answer", match: "/_catalog", answer: (_, view, query, stored) => storedRepositories(query, view, stored) },
    { ...own, kind: "artifact", match: at(`blobs/(?<digest>${DIGEST})`), digest },
    {
      ...own,
      kind: "metadata",
      match: at(`manifests/(?<digest>${DIGEST})`),
      digest,
      freshness: "immutable",
      accept: MANIFESTS,
      release: (params) => ({ name: nameOf(params), version: params.digest! }),
      parse: (doc) => manifestFacts(doc, nameOf(doc.params), digest(doc.params)),
    },
    {
      ...own,
      kind: "metadata",
      match: at(`manifests/(?<tag>${TAG})`),
      pointer: true,
      probe: header.name,
      freshness: 60,
      accept: MANIFESTS,
      release: (params) => ({ name: nameOf(params), version: params.tag! }),
      parse: tagged,
    },
    {
      ...own,
      kind: "metadata",
      match: at("tags/list"),
      query: isOfPages,
      parse: (doc) => {
        const { found, leftOut } = tagsIn(doc, nameOf(doc.params));
        const next = nextOf(doc);
        return { releases: found, leftOut: [...leftOut, ...next.leftOut], follow: next.follow };
      },
      rewrite: (doc, view) => shownTags(doc, view, nameOf(doc.params)),
      offline: (params, query, view, stored) => storedTags(nameOf(params), query, view, stored),
    },
    {
      ...own,
      kind: "metadata",
      match: at(`referrers/(?<digest>${DIGEST})`),
      pointer: true,
      freshness: 60,
      accept: INDEX,
      blank: NO_REFERRERS,
      // All that refers is sent: clients choose among it themselves.
      query: (name) => name !== "artifactType" && isOfPages(name),
      release: (params) => ({ name: nameOf(params), version: params.digest! }),
      parse: (doc) => {
        const { leftOut, ...found } = referrersIn(doc, nameOf(doc.params));
        const next = nextOf(doc);
        return { ...found, leftOut: [...leftOut, ...next.leftOut], follow: next.follow };
      },
      reads: (doc) => taggedReferrerPaths(doc, nameOf(doc.params)),
      rewrite: (doc, view) => shownReferrers(doc, view, nameOf(doc.params)),
    },
    {
      kind: "deny",
      match: "/:name+/blobs/uploads/",
      methods: ["POST"],
      status: 405,
      reason: "Nothing is pushed through here.",
    },
  ],
  names: /^(?:upstream\/[\w.:-]+\/)?[a-z\d]+(?:[._/-]+[a-z\d]+)*$/,
  index: ({ name }) => [`/${name}/tags/list`],
  catalog: ociCatalog,
  files: ({ name, version }) => [{ path: manifestPath(name, version) }],
  purl: {
    // A digest of one architecture needs no other word for it.
    read: ({ type, name, version, qualifiers = {} }, upstreamAt) => {
      const { repository_url: url, tag, arch: _, ...others } = qualifiers;
      const label = version ?? tag;
      return { name: placeOf(type, name, url, upstreamAt), ...(label && { version: label }), ...rest(others) };
    },
    write: ({ name, version, qualifiers }) => {
      const { registry, repository = name } = at("").exec(`/${name}/`)?.groups ?? {};
      const short = registry ? repository : repository.replace(/^library\/(?=[^/]+$)/, "");
      const asked = { ...qualifiers, ...(registry && { repository_url: registry }) };
      return { type: "docker", name: short, ...(version && { version }), ...rest(asked) };
    },
  },
  readdress: (path, query, upstreamAt) => {
    const namespace = query.get("ns");
    if (namespace === null || path === "/" || path.startsWith("/upstream/")) return undefined;
    const upstream = upstreamAt(namespace)?.name ?? namespace;
    const to: Path = upstream === "default" ? path : `/upstream/${encodeURIComponent(upstream)}${path}`;
    return { path: to, headers: { "oci-namespace": namespace } };
  },
  versions: {
    compare: (a, b) => compareSemver(a, b) || (a < b ? -1 : Number(a > b)),
    isStable: (version) => isStableSemver(version) || version === "latest",
    satisfies: (version, range) => version === range,
  },
  runsOn,
  problem: (status, message) => ({ errors: [{ code: codeOf(status, message), message }] }),
  keepHeaders: [header.name, "link"],
  digestHeaders: {
    sha256: { ...header, value: (hex) => `sha256:${hex}` },
    sha512: { ...header, value: (hex) => `sha512:${hex}` },
  },
};

/** Official images of the default upstream are in `library/`, which clients leave out. */
function repositoryOf({ registry, repository = "" }: Params): string {
  return registry === undefined && !repository.includes("/") ? `library/${repository}` : repository;
}

/** The name of a package is the path of its repository here. */
function nameOf(params: Params): string {
  return params.registry === undefined ? repositoryOf(params) : `upstream/${params.registry}/${params.repository!}`;
}

/** `pkg:oci` has the whole place in `repository_url`, `pkg:docker` the registry only. */
function placeOf(type: string, name: string, url: string | undefined, upstreamAt: UpstreamAt): string {
  if (url === undefined) return nameOf({ repository: name });
  const upstream = upstreamAt(url);
  if (!upstream) throw new Error(`no upstream of this mount is at ${url}: name it under upstream.oci, by its host`);
  const isWhole = upstream.path === name || upstream.path.endsWith(`/${name}`);
  const repository = type === "oci" && isWhole ? upstream.path : [upstream.path, name].filter(Boolean).join("/");
  return nameOf({ repository, ...(upstream.name !== "default" && { registry: upstream.name }) });
}

/** Registries name their pages as they like. `ns` is a client's word for this proxy. */
function isOfPages(name: string): boolean {
  return name !== "ns";
}

/** A tag is a name of what it points to, which clients ask for by digest from then on. */
function tagged(doc: Doc): Facts {
  const name = nameOf(doc.params);
  const version = digestOf(doc);
  const { leftOut } = manifestFacts(doc, name, version);
  const file = { path: manifestPath(name, version), digest: version, size: doc.bytes().length };
  return { releases: [{ name, version, tags: [doc.params.tag!], files: [file] }], leftOut };
}

const UNKNOWN = { blobs: "BLOB_UNKNOWN", manifests: "MANIFEST_UNKNOWN", tags: "NAME_UNKNOWN" };
const CODES = { 401: "UNAUTHORIZED", 403: "DENIED", 405: "UNSUPPORTED", 429: "TOOMANYREQUESTS", 451: "DENIED" };

/** The codes of the specification, from which clients draw conclusions: of a repository that is not known there are no referrers. */
function codeOf(status: number, message: string): string {
  const kind = /\/(blobs|manifests|tags)\//.exec(message)?.[1] as keyof typeof UNKNOWN | undefined;
  if (status === 404) return kind ? UNKNOWN[kind] : "NOT_FOUND";
  return CODES[status as keyof typeof CODES] ?? "UNKNOWN";
}

function rest(qualifiers: Readonly<Record<string, string>>): Pick<Release, "qualifiers"> {
  return Object.keys(qualifiers).length > 0 ? { qualifiers } : {};
}
