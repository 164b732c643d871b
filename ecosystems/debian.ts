import type {
  Doc,
  DocumentFacts,
  Ecosystem,
  Facts,
  Package,
  Params,
  Path,
  Traits,
  UpstreamAt,
} from "../src/contract/ecosystem.ts";
import type { Purl } from "../src/contract/purl.ts";
import { debianCatalog } from "./debian/catalog.ts";
import { folderOf, foldersOf, headedAt, indexesFor, indexesListed, suitesFor } from "./debian/layout.ts";
import { binariesOf, kindOf, sourcesOf } from "./debian/packages.ts";
import { HASHES, readRelease, saysTheSame } from "./debian/release.ts";
import { compareDebian, satisfiesDebian } from "./debian/versions.ts";
import { fieldsOf } from "./shared/deb822.ts";

/** Seconds that a signed root is believed: clients have to learn of security updates. */
const FRESH = 60;

/** Clients write `+`, `~` and `:` in both ways. Some stores take a plain `+` for a space. */
const spelled = {
  canonical: ({ path }: Params) => encodeURI(path!) as Path,
  to: ({ path }: Params) => encodeURI(path!).replaceAll("+", "%2B") as Path,
};
const document = { ...spelled, kind: "metadata", freshness: FRESH } as const;
const root = {
  ...document,
  pointer: true,
  mayBeCut: isOpenText,
  generation: ({ dir = "" }: Params) => headedAt([dir]),
};
/** Documents that a release file lists; most of them are compressed. */
const listed = {
  ...document,
  packed: true,
  mayBeCut: true,
  generation: ({ path }: Params) => headedAt(foldersOf(path!)),
  parse: read,
};
const file = { ...spelled, kind: "artifact", needsDigest: true } as const;

export const debian: Ecosystem = {
  id: "debian",
  contract: 2,
  title: "Debian packages, of any APT repository: apt",
  spec: "https://wiki.debian.org/DebianRepository/Format",
  upstreams: { default: "https://deb.debian.org/debian" },
  purlType: "deb",
  purl: {
    read: readPurl,
    write: ({ name, ...rest }, traits) => ({ ...rest, type: "deb", name: `${namespaceOf(traits)}/${name}` }),
  },
  identity: (name) => name.toLowerCase(),
  options: {
    suites: {
      default: ["trixie", "trixie-updates"],
      help: "Folders of release files below `/dists`; one that ends with a slash is a flat repository.",
    },
    namespaces: {
      default: ["debian"],
      help: "Distributions whose packages it has, as `pkg:deb/NAMESPACE/…` names them; the first is written.",
    },
    components: { default: ["main"], help: "Parts of the suites that mirrors look into." },
    architectures: { default: ["amd64"], help: "Machines for which mirrors hold packages, where a PURL does not say." },
    languages: { default: ["en"], help: "Languages of the descriptions that mirrors hold." },
    extras: {
      default: ["dep11", "cnf"],
      help: "What else mirrors hold for clients that ask: dep11 (software centres), icons, cnf (command-not-found), contents (apt-file).",
    },
  },
  setup: (base) =>
    `in /etc/apt/sources.list.d/proxy.sources: Types: deb\nURIs: ${base}\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg`,
  scopes: ["arch", "distro"],
  filesAreDated: true,
  signs: ["openpgp"],
  keepHeaders: ["last-modified"],
  routes: [
    // What a build of an installer consists of, by its version; of "current" it is another every time.
    {
      ...file,
      match: at(String.raw`(?<dir>/dists/.+/installer-[^/]+/(?!current/)[^/]+/images)/(?!\w+SUMS$).+`),
      describedBy: ({ dir }) => [`${encodeURI(dir!)}/SHA256SUMS` as Path],
    },
    { ...listed, match: at("/dists/.+/(?:binary-[^/]+|source)/Release") },
    { ...root, match: at("(?<dir>/.+)?/InRelease"), parse: release, signed: {} },
    {
      ...root,
      match: at("(?<dir>/.+)?/Release"),
      parse: release,
      signed: { at: ({ dir = "" }) => encodeURI(`${dir}/Release.gpg`) as Path },
      agrees: (doc, other) => saysTheSame(doc.text(), other.text()),
    },
    { ...root, match: at(String.raw`(?<dir>/.+)?/Release\.gpg`) },
    {
      ...listed,
      match: at("(?:/.+)?/by-hash/(?<field>SHA512|SHA256|SHA1|MD5Sum)/(?<hex>(?:[0-9a-f]{32}){1,4}|[0-9a-f]{40})"),
      freshness: "immutable",
      digest: ({ field, hex }) => `${HASHES.find(([name]) => name === field)![1]}:${hex!}`,
      describedBy: () => [],
    },
    // Patches from one version of an index to the next.
    {
      ...file,
      match: at(String.raw`(?<dir>/.+\.diff)/(?!Index$)[^/]+`),
      describedBy: ({ dir }) => [`${encodeURI(dir!)}/Index` as Path, { below: `${encodeURI(dir!)}/` as Path }],
    },
    { ...listed, match: at("/dists/.+") },
    {
      ...file,
      match: at(String.raw`/(?:.+/)?(?<file>[^/]+\.(?:[ud]?deb|ddeb|dsc|diff\.gz|tar\.\w+)(?:\.asc)?)`),
      release: ({ file }) => ({ name: file!.split("_", 1)[0]!.toLowerCase(), version: "" }),
      describedBy: ({ path, file }, _, traits) => [{ below: "/" }, ...indexesFor(path!, file!, traits)],
    },
    // Flat repositories have their indexes anywhere.
    { ...listed, match: at(String.raw`(?:/.+)?/(?:Packages|Sources|Contents|Translation)(?:[-.][\w.-]+)?`) },
    // Keys that a repository offers beside its packages.
    { ...document, match: at(String.raw`/(?:.+/)?[^/]+\.(?:asc|gpg|key)`) },
  ],
  names: /^[a-z\d][a-z\d+._:~-]*$/,
  index: (pkg, { options }) => suitesFor(pkg, options["suites"]!).flatMap((suite) => headedAt([folderOf(suite)]).roots),
  catalog: debianCatalog,
  versions: { compare: compareDebian, isStable: () => true, satisfies: satisfiesDebian },
};

/** What is signed ends with its signature. */
function isOpenText(doc: Doc): boolean {
  return !/-----END PGP [A-Z ]+-----\s*$/.test(doc.text().slice(-200)) && (doc.bytes()[0] ?? 0) < 0x80;
}

function at(source: string): RegExp {
  return new RegExp(`^(?<path>${source})$`);
}

/** A version may have its epoch as a qualifier (Trivy). Another distribution has other packages by the same names. */
function readPurl(
  { name, version, qualifiers = {} }: Purl,
  _: UpstreamAt,
  traits?: Traits,
): Package & { version?: string } {
  const slash = name.lastIndexOf("/");
  const [namespace, { epoch, ...others }] = [name.slice(0, Math.max(0, slash)).toLowerCase(), qualifiers];
  const known = traits?.options["namespaces"] ?? [];
  if (namespace && traits && !known.includes(namespace))
    throw new Error(
      `no repository here has packages of ${namespace}; this one has those of ${known.join(", ")} (option namespaces)`,
    );
  const isBare = version !== undefined && !/^\d+:/.test(version);
  const label = isBare && epoch && epoch !== "0" ? `${epoch}:${version}` : version;
  return {
    name: name.slice(slash + 1),
    ...(label && { version: label }),
    ...(Object.keys(others).length > 0 && { qualifiers: others }),
  };
}

function namespaceOf(traits: Traits | undefined): string {
  return traits?.options["namespaces"]?.[0] ?? "debian";
}

function release(doc: Doc, only?: Package): Facts {
  const { dir = "" } = doc.params;
  const { fields, date, files } = readRelease(doc.text());
  const documents = files.map(({ name, size, digests }): DocumentFacts => {
    const path = `${dir}/${name}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    const at = digests.map((digest) => {
      const [algorithm, hex] = digest.split(":");
      return encodeURI(`${folder}/by-hash/${HASHES.find(([, each]) => each === algorithm)![0]}/${hex!}`) as Path;
    });
    return { path: encodeURI(path) as Path, digest: digests[0]!, size, at };
  });
  const { follow, beside } = indexesListed(
    dir,
    { fields, names: new Set(files.map(({ name }) => name)) },
    doc.traits,
    only,
  );
  const paths = (names: readonly string[]) => names.map((name) => encodeURI(`${dir}/${name}`) as Path);
  const others = ["Release", "Release.gpg"].filter((name) => doc.path !== encodeURI(`${dir}/${name}`));
  return {
    documents,
    follow: paths(follow),
    beside: paths([...others, ...beside]),
    ...(date !== undefined && { revision: date }),
  };
}

/** What an index states; others state nothing that is of use here. */
function read(doc: Doc, only?: Package): Facts {
  const { path = "", field } = doc.params;
  const [folder, name] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
  const below = field ? folder.replace(/\/by-hash\/\w+$/, "") : folder;
  // What has its digest for a name is told by what it says.
  switch (field ? kindOf(doc.bytes()) : name.replace(/(?<=^(?:Packages|Sources))\.\w+$/, "")) {
    case "Packages":
      return binariesOf(doc.bytes(), only?.name);
    case "Sources":
      return sourcesOf(doc.bytes(), only?.name);
    case "Index":
      return { documents: documentsIn(below, fieldsOf(doc.text())["SHA256-Download"] ?? "") };
    case "SHA256SUMS":
      return { documents: documentsIn(below, doc.text()) };
    default:
      return {};
  }
}

/** `HEX SIZE NAME` or `HEX  ./NAME`. */
function documentsIn(folder: string, lines: string): DocumentFacts[] {
  const matched = lines.matchAll(/^[ \t]*([0-9a-f]{64})[ \t]+(?:\d+[ \t]+)?\*?(?:\.\/)?(\S+)$/gm);
  return Array.from(matched, ([, hex, name]) => ({
    path: encodeURI(`${folder}/${name!}`) as Path,
    digest: `sha256:${hex!}`,
  }));
}
