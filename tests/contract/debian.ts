import type {
  Digest,
  Doc,
  Ecosystem,
  Facts,
  FileFacts,
  Params,
  Path,
  ReleaseFacts,
  Requirement,
} from "../../src/ecosystem.ts";

// HOLE: suites, components and architectures are a mirror's choice and differ between repositories: settings of a mount.
const SUITES = ["bookworm"];
const WANTED = /^main\/binary-(?:amd64|all)\/Packages$/;
const BINARIES = "/dists/(?<suite>.+?)/(?<component>[^/]+)/binary-(?<arch>[^/]+)";

const canonical = { canonical: ({ path }: Params) => encodeURI(path!) as Path };
const at = (source: string) => new RegExp(`^(?<path>${source})$`);

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
      ...canonical,
      kind: "artifact",
      // The epoch (`1:`) is in no file name, so the path does not tell the version.
      match: at(String.raw`/pool/.+/(?<name>[^/_]+)_[^/_]+_[^/_]+\.u?deb`),
      release: ({ name }) => ({ name: `debian/${name!}`, version: "" }),
      // HOLE: apt reads indexes by their hash, under names that no pool path leads to. Whichever held document states the
      // file should vouch for it.
      describedBy: () => SUITES.map((suite): Path => `/dists/${suite}/main/binary-amd64/Packages`),
    },
    {
      kind: "metadata",
      match: new RegExp(`^${BINARIES}/by-hash/(?<algorithm>SHA256|SHA512)/(?<hex>[0-9a-f]{64,128})$`),
      freshness: "immutable",
      digest: ({ algorithm, hex }) => `${algorithm!.toLowerCase() as "sha256" | "sha512"}:${hex!}`,
      describedBy: () => [],
      // HOLE: the bytes are xz, whatever the name; a document is read decompressed only where HTTP says so.
      parse: (doc) => ({ releases: paragraphs(doc).map(binary) }),
    },
    // It signs the digest of every index, so nothing below /dists may be rewritten: what is withheld is refused in the pool.
    // HOLE: it and all that it names are one generation. Served before its indexes are held, or with those of another day,
    // apt fails ("Hash Sum mismatch").
    { kind: "metadata", match: "/dists/:suite/InRelease", freshness: 300, parse: suite },
    {
      ...canonical,
      kind: "metadata",
      match: at(`${BINARIES}/Packages`),
      freshness: 300,
      // HOLE: 57 MB are one string.
      parse: (doc) => ({ releases: paragraphs(doc).map(binary) }),
    },
    { ...canonical, kind: "metadata", match: at("/dists/.+"), freshness: 300 },
  ],
  index: () => SUITES.map((each): Path => `/dists/${each}/InRelease`),
  versions: { compare: (a, b) => (a < b ? -1 : Number(a > b)), isStable: () => true, satisfies: (a, b) => a === b },
};

function suite(doc: Doc): Facts {
  const text = doc.text();
  const listed = /^SHA256:\n((?: .*\n)+)/m.exec(text)?.[1];
  const signed = !text.startsWith("-----BEGIN PGP SIGNED") || text.trimEnd().endsWith("-----END PGP SIGNATURE-----");
  if (!listed || !signed) throw new Error(`${doc.path} is no whole release file`);
  // HOLE: their digests and sizes are here, and `follow` has room for paths alone.
  const names = Array.from(listed.matchAll(/^ [0-9a-f]{64} +\d+ (\S+)$/gm), ([, name]) => name!);
  const date = Date.parse(/^Date: (.+)$/m.exec(text)?.[1] ?? "");
  return {
    follow: names.filter((name) => WANTED.test(name)).map((name): Path => `/dists/${doc.params.suite!}/${name}`),
    ...(Number.isFinite(date) && { revision: date }),
  };
}

function binary(fields: Record<string, string>): ReleaseFacts {
  const { Package = "", Version = "", Architecture = "", Filename = "", SHA256 = "", Size = "", Depends = "" } = fields;
  const digest: Digest = `sha256:${SHA256}`;
  const file: FileFacts = {
    path: `/${encodeURI(Filename)}`,
    digest,
    size: Number(Size),
    qualifiers: { arch: Architecture },
  };
  return { name: `debian/${Package}`, version: Version, files: [file], requires: requirements(Depends) };
}

/** `libc6 (>= 2.36), default-mta | mail-transport-agent`. HOLE: of alternatives only the first can be said. */
function requirements(depends: string): Requirement[] {
  const found = depends.matchAll(/(?:^|,)\s*([a-z0-9][a-z0-9+.-]*)(?::\w+)?(?:\s*\(([^)]*)\))?/g);
  return Array.from(found, ([, name, range = ""]) => ({ name: `debian/${name!}`, range }));
}

/** RFC 822 paragraphs; continuation lines join the field above them. */
function paragraphs(doc: Doc): Record<string, string>[] {
  const blocks = doc
    .text()
    .split(/\n{2,}/)
    .filter((block) => block.trim());
  return blocks.map((block) => {
    const matched = block.matchAll(/^([A-Za-z0-9-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm);
    const fields = Object.fromEntries(Array.from(matched, ([, key, value]) => [key!, value!.trim()]));
    const { Package, Version, Filename, SHA256 = "" } = fields;
    if (!Package || !Version || !Filename || SHA256.length !== 64)
      throw new Error(
        `${doc.path} has a paragraph without Package, Version, Filename or SHA256: ${block.slice(0, 80)}`,
      );
    return fields;
  });
}
