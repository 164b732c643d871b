import type { Digest, Ecosystem, Facts, Params, Path } from "../../src/ecosystem.ts";
import { compareSemver, isStableSemver } from "../../src/formats/semver.ts";

interface Descriptor {
  digest: Digest;
  size: number;
}
/** An image manifest or an index of them; only one of the two shapes is filled. */
interface Manifest {
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: Descriptor[];
}

const DIGEST = `(?<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})`;
const MANIFESTS = ["index.v1", "manifest.v1"].map((kind) => `application/vnd.oci.image.${kind}+json`).join(", ");
const digest = (p: Params) => p.digest as Digest;
const release = ({ name, digest: version }: Params) => ({ name: name!, version: version! });

/** HOLES: bearer challenges per repository (a transport trait of the upstream); several named registries under one mount. */
export const oci: Ecosystem = {
  id: "oci",
  contract: 1,
  title: "Container images",
  spec: "https://github.com/opencontainers/distribution-spec/blob/main/spec.md",
  mount: "/v2",
  upstreams: { default: "https://oci.example/v2" },
  setup: (base) => `registry mirror: ${base}`,
  routes: [
    { kind: "answer", match: "/", answer: () => ({}) },
    { kind: "artifact", match: new RegExp(`^/(?<name>.+)/blobs/${DIGEST}$`), release, digest, describedBy: () => [] },
    {
      kind: "metadata",
      match: new RegExp(`^/(?<name>.+)/manifests/${DIGEST}$`),
      freshness: "immutable",
      accept: MANIFESTS,
      release,
      digest,
      describedBy: () => [],
      parse: (doc) => leadsTo(doc.params.name!, doc.json()),
    },
    {
      kind: "metadata",
      match: /^\/(?<name>.+)\/manifests\/(?<tag>[^/]+)$/,
      freshness: 60,
      accept: MANIFESTS,
      parse: (doc) => leadsTo(doc.params.name!, doc.json()),
    },
    {
      kind: "metadata",
      match: /^\/(?<name>.+)\/tags\/list$/,
      query: ["n", "last"],
      parse: (doc) => {
        const { tags } = doc.json<{ tags: string[] }>();
        return { follow: tags.map((tag): Path => `/${doc.params.name!}/manifests/${tag}`) };
      },
    },
    { kind: "deny", match: "/:rest+", methods: ["POST", "PUT"], status: 405, reason: "This mirror is read-only." },
  ],
  index: ({ name }) => [`/${name}/tags/list`],
  problem: (status, message) => ({ errors: [{ code: status === 404 ? "NAME_UNKNOWN" : "DENIED", message }] }),
  keepHeaders: ["docker-content-digest", "docker-distribution-api-version"],
  versions: { compare: compareSemver, isStable: isStableSemver, satisfies: (a, b) => a === b },
};

function leadsTo(name: string, { config, layers = [], manifests = [] }: Manifest): Facts {
  const blobs = config ? [config, ...layers] : layers;
  return {
    follow: manifests.map(({ digest: child }): Path => `/${name}/manifests/${child}`),
    releases: blobs.map(({ digest: version, size }) => {
      return { name, version, files: [{ path: `/${name}/blobs/${version}`, digest: version, size }] };
    }),
  };
}
