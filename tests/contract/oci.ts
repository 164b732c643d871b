import type { Digest, Doc, Ecosystem, Facts, Params, Path, Release, View } from "../../src/ecosystem.ts";
import { json } from "../../src/formats/json.ts";
import { compareSemver, isStableSemver } from "../../src/formats/semver.ts";

interface Descriptor {
  digest: Digest;
  size: number;
  platform?: { architecture?: string };
}
/** An image manifest or an index of them; only one of the two shapes is filled. */
interface Manifest {
  schemaVersion?: number;
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: Descriptor[];
}

// HOLE: containerd names the registry in a query (`?ns=registry.example`), which no route sees: only paths tell.
const NAME = "(?<name>(?:(?<registry>[^/]+\\.[^/]+)/)?(?:[^/]+/)*[^/]+)";
const DIGEST = "(?<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})";
const MANIFESTS = ["image.index.v1", "image.manifest.v1"].map((kind) => `application/vnd.oci.${kind}+json`).join(", ");

/** `/registry.example/acme/app/…` is of the upstream of that name; what has none is of the default one. */
const anywhere = {
  from: ({ registry }: Params) => registry ?? "default",
  to: ({ name, registry, rest }: Params): Path => `/${name!.slice(registry ? registry.length + 1 : 0)}/${rest!}`,
};
const digest = (params: Params) => params.digest as Digest;
const byDigest = { ...anywhere, digest, describedBy: () => [] } as const;
const at = (rest: string) => new RegExp(`^/${NAME}/(?<rest>${rest})$`);

// HOLE: upstreams ask for a token per repository (`WWW-Authenticate: Bearer realm=…,scope=…`): the engine's, with no word here.
export const oci: Ecosystem = {
  id: "oci",
  contract: 1,
  // HOLE: `pkg:oci/app@sha256:…?repository_url=registry.example/acme/app` has no namespace, and the name in a qualifier.
  purlType: "docker",
  title: "Container images: docker, podman, containerd, helm",
  spec: "https://github.com/opencontainers/distribution-spec/blob/main/spec.md",
  mount: "/v2",
  upstreams: { default: "https://registry.example/v2" },
  setup: (base) => `docker: registry-mirrors [${base}]`,
  routes: [
    // HOLE: clients look for the header `Docker-Distribution-API-Version: registry/2.0`, and an answer has no headers.
    { kind: "answer", match: "/", answer: () => json({}) },
    // No release: a layer is of many images, and of no date. HOLE: yet a file is stated only as one release's.
    { ...byDigest, kind: "artifact", match: at(`blobs/${DIGEST}`) },
    {
      ...byDigest,
      kind: "metadata",
      match: at(`manifests/${DIGEST}`),
      freshness: "immutable",
      accept: MANIFESTS,
      parse: manifest,
    },
    {
      ...anywhere,
      kind: "metadata",
      match: at("manifests/(?<tag>[^/]+)"),
      freshness: 60,
      accept: MANIFESTS,
      release: tagged,
      describedBy: () => [],
      // HOLE: published before what it leads to is held, a tag names manifests that clients cannot have offline.
      parse: manifest,
    },
    {
      ...anywhere,
      kind: "metadata",
      match: at("tags/list"),
      query: ["n", "last"],
      // HOLE: the next page is named in upstream's `Link` header, which a document does not have.
      parse: (doc) => ({ releases: tags(doc), follow: tags(doc).map(manifestOf) }),
      rewrite: (doc, view) => shownTags(doc, view),
    },
    { ...anywhere, kind: "metadata", match: at(`referrers/${DIGEST}`), query: ["artifactType"], parse: manifest },
    { kind: "deny", match: "/:rest+", methods: ["POST", "PUT"], status: 405, reason: "Nothing is published here." },
  ],
  index: ({ name }) => [`/${name}/tags/list`],
  problem: (status, message) => ({ errors: [{ code: status === 404 ? "NAME_UNKNOWN" : "DENIED", message }] }),
  // HOLE: where upstream does not send the digest it could be computed, but `digestHeaders` writes hex without `sha256:`.
  keepHeaders: ["docker-content-digest", "docker-distribution-api-version"],
  versions: { compare: compareSemver, isStable: isStableSemver, satisfies: (version, range) => version === range },
};

function tagged({ name, tag }: Params): Release {
  return { name: name!, version: tag! };
}

function manifestOf({ name, version }: Release): Path {
  return `/${name}/manifests/${version}`;
}

/** Everything of an image hangs on the label by which it was asked for. */
function manifest(doc: Doc): Facts {
  const { name = "", tag, digest: own } = doc.params;
  const { schemaVersion, config, layers = [], manifests = [] } = doc.json<Manifest>();
  if (schemaVersion !== 2)
    throw new Error(`${doc.path} is no image manifest: expected schemaVersion 2, found ${schemaVersion}`);
  const blobs = config ? [config, ...layers] : layers;
  const files = blobs.map((blob) => ({
    path: `/${name}/blobs/${blob.digest}` as Path,
    digest: blob.digest,
    size: blob.size,
  }));
  return {
    // HOLE: a mirror of one architecture follows all of them; `follow` has no qualifiers.
    follow: manifests.map((child): Path => `/${name}/manifests/${child.digest}`),
    releases: [{ name, version: tag ?? own!, files }],
  };
}

function tags(doc: Doc): Release[] {
  const found = doc.json<{ tags?: string[] | null }>();
  if (found.tags === undefined) throw new Error(`${doc.path} is no list of tags`);
  return (found.tags ?? []).map((version) => ({ name: doc.params.name!, version }));
}

function shownTags(doc: Doc, view: View): string {
  const shown = tags(doc).filter((release) => view.admits(release, manifestOf(release)));
  return JSON.stringify({ ...doc.json<object>(), tags: shown.map(({ version }) => version) });
}
