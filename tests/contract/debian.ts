import type { Digest, Doc, Ecosystem, Path, ReleaseFacts } from "../../src/ecosystem.ts";

/** HOLES: suites and architectures are settings of a mount; a generation (InRelease and all it names) is published as one. */
const SUITES = ["bookworm"];
const ARCHITECTURES = ["amd64", "all"];

export const debian: Ecosystem = {
  id: "debian",
  contract: 1,
  purlType: "deb",
  title: "Debian packages: apt",
  spec: "https://wiki.debian.org/DebianRepository/Format",
  upstreams: { default: "https://debian.example/debian" },
  setup: (base) => `deb ${base} bookworm main`,
  routes: [
    {
      kind: "artifact",
      match: /^\/pool\/.+\/(?<name>[^/_]+)_(?<version>[^/_]+)_[^/_.]+\.u?deb$/,
      release: ({ name, version }) => ({ name: `debian/${name!}`, version: version! }),
      // One index lists every package, so the files' own documents are those of the suites.
      describedBy: () => packages(),
    },
    {
      kind: "metadata",
      match: /^\/dists\/.+\/by-hash\/(?<algorithm>SHA256|SHA512)\/(?<hex>[0-9a-f]+)$/,
      freshness: "immutable",
      digest: ({ algorithm, hex }) => `${algorithm!.toLowerCase() as "sha256" | "sha512"}:${hex!}`,
      describedBy: () => [],
    },
    // InRelease signs the digests of every index, so nothing below /dists may be rewritten.
    {
      kind: "metadata",
      match: "/dists/:suite/InRelease",
      freshness: 300,
      parse: (doc) => ({ follow: listed(doc).map((file): Path => `/dists/${doc.params.suite!}/${file}`) }),
    },
    {
      kind: "metadata",
      match: /^\/dists\/(?<suite>.+?)\/(?<component>[^/]+)\/binary-(?<arch>[^/]+)\/Packages$/,
      freshness: 300,
      parse: (doc) => ({ releases: paragraphs(doc.text()).flatMap(binary) }),
    },
    { kind: "metadata", match: "/dists/:rest+", freshness: 300 },
  ],
  index: () => SUITES.map((suite): Path => `/dists/${suite}/InRelease`),
  versions: { compare: (a, b) => (a < b ? -1 : Number(a > b)), isStable: () => true, satisfies: (a, b) => a === b },
};

function packages(): Path[] {
  return SUITES.flatMap((suite) => ARCHITECTURES.map((arch): Path => `/dists/${suite}/main/binary-${arch}/Packages`));
}

function listed(doc: Doc): string[] {
  const files = Array.from(doc.text().matchAll(/^ [0-9a-f]{64} +\d+ (\S+)$/gm), ([, file]) => file!);
  return files.filter((file) => ARCHITECTURES.some((arch) => file.endsWith(`/binary-${arch}/Packages`)));
}

function binary({ Package, Version, Architecture, Filename, SHA256, Size }: Record<string, string>): ReleaseFacts[] {
  if (!Package || !Version || !Filename || !SHA256) return [];
  const digest: Digest = `sha256:${SHA256}`;
  const qualifiers = Architecture ? { arch: Architecture } : {};
  return [
    {
      name: `debian/${Package}`,
      version: Version.replace(/^\d+:/, ""),
      files: [{ path: `/${Filename}`, digest, size: Number(Size), qualifiers }],
    },
  ];
}

/** RFC 822 paragraphs; continuation lines join the field above them. */
function paragraphs(text: string): Record<string, string>[] {
  return text.split(/\n{2,}/).map((block) => {
    const fields = block.matchAll(/^([A-Za-z0-9-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm);
    return Object.fromEntries(Array.from(fields, ([, key, value]) => [key!, value!.trim()]));
  });
}
