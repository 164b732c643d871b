/** Where an APT repository has what: suites below `/dists`, and flat repositories, which have all in one folder. */
import type { Generation, Package, Path, Traits } from "../../src/contract/ecosystem.ts";
import type { Fields } from "../shared/deb822.ts";

/** What clients read first of the compressions that are listed. */
const COMPRESSIONS = [".xz", ".zst", ".gz", ".bz2", ""];
/** What further clients have `apt update` ask for, in a component, by the word for it: software centres, command-not-found,
 * apt-file. Where one of their lists is missing, apt takes none of the suite's. */
const EXTRAS: Readonly<Record<string, (arch: string) => readonly string[]>> = {
  dep11: (arch) => [`dep11/Components-${arch}.yml`],
  icons: () => ["48x48", "64x64", "64x64@2", "128x128", "128x128@2"].map((size) => `dep11/icons-${size}.tar`),
  cnf: (arch) => [`cnf/Commands-${arch}`],
  contents: (arch) => [`Contents-${arch}`],
};
/** Folders below `/dists` that may hold a release file: `stable`, `stable/updates`. */
const DEPTH = 3;

/** The generation of what the release file of one of these folders lists. */
export function headedAt(folders: readonly string[]): Generation {
  const roots = folders.flatMap((dir) => [`${dir}/InRelease`, `${dir}/Release`].map((path) => encodeURI(path) as Path));
  return {
    roots,
    beside: folders.flatMap((dir) => [`${dir}/Release`, `${dir}/Release.gpg`]).map((path) => encodeURI(path) as Path),
  };
}

/** Where the release file of a document may be: `/dists/stable/main/i18n/x` → `/dists/stable`, `/dists/stable/main` … */
export function foldersOf(path: string): string[] {
  const segments = path.split("/");
  if (segments[1] !== "dists") return [segments.slice(0, -1).join("/")];
  const depths = Array.from({ length: Math.min(DEPTH, segments.length - 3) }, (_, i) => i + 3);
  return depths.map((depth) => segments.slice(0, depth).join("/"));
}

/** Of a suite as it is configured: `trixie` → `/dists/trixie`, `./` → the repository itself. */
export function folderOf(suite: string): string {
  return suite.endsWith("/") ? `/${suite}`.replaceAll(/\/(?:\.?\/)*$/g, "").replace(/^\/\.$/, "") : `/dists/${suite}`;
}

/** Those of the distribution that is asked for: `bookworm` and `bookworm-updates`; another one alone. */
export function suitesFor({ qualifiers: { distro } = {} }: Package, suites: readonly string[]): readonly string[] {
  if (!distro) return suites;
  const known = suites.filter(
    (suite) => suite === distro || suite.startsWith(`${distro}-`) || suite.startsWith(`${distro}/`),
  );
  if (known.length > 0) return known;
  // `debian-13` says nothing that the names of suites say.
  return /^[a-z]+-\d/.test(distro) ? suites : [distro];
}

/** Names of the indexes that list a package, and of what clients of these ask for beside. */
export function indexesListed(
  dir: string,
  { fields, names }: { fields: Fields; names: ReadonlySet<string> },
  { options }: Traits,
  only?: Package,
): { follow: string[]; beside: string[] } {
  const listed = (stems: readonly string[]) =>
    stems.flatMap((stem) => [COMPRESSIONS.map((end) => stem + end).filter((name) => names.has(name))]);
  const components = dir.startsWith("/dists/") ? options["components"]!.map((each) => `${each}/`) : [""];
  const folders = (kind: string) => components.map((each) => (each ? `${each}${kind}/` : ""));
  const { arch } = only?.qualifiers ?? {};
  const machines = arch && arch !== "all" ? [arch] : options["architectures"]!;
  // Where it says so, packages of all architectures are in the index of each.
  const all = fields["No-Support-for-Architecture-all"]?.includes("Packages") ? [] : ["all"];
  const indexes = listed(
    arch === "source"
      ? folders("source").map((each) => `${each}Sources`)
      : [...machines, ...all].flatMap((each) => folders(`binary-${each}`)).map((each) => `${each}Packages`),
  );
  const translations = options["languages"]!.flatMap((each) => folders("i18n").map((at) => `${at}Translation-${each}`));
  const others = [...(arch === "source" ? options["architectures"]! : machines), ...all].flatMap((each) =>
    options["extras"]!.flatMap((word) => EXTRAS[word]?.(each) ?? []),
  );
  const extras = [...new Set(others)].flatMap((stem) => components.map((each) => each + stem));
  return {
    follow: [...new Set(indexes.flatMap((forms) => forms.slice(0, 1)))],
    beside: [...indexes.flatMap((forms) => forms.slice(1)), ...listed([...translations, ...extras]).flat()],
  };
}

/** The indexes of the configured suites that may list a file which no held one lists. */
export function indexesFor(path: string, file: string, { options }: Traits): Path[] {
  const arch = /_([a-z0-9-]+)\.[ud]?deb$/.exec(file)?.[1];
  const machines = arch === "all" ? options["architectures"]! : [arch];
  const indexes = arch ? machines.map((each) => `binary-${each!}/Packages`) : ["source/Sources"];
  const part = file.endsWith(".udeb") ? "debian-installer/" : "";
  const component = /^\/pool\/([^/]+)\//.exec(path)?.[1];
  const components = component ? [component] : options["components"]!;
  const names = options["suites"]!.flatMap((suite) =>
    suite.endsWith("/")
      ? [`${folderOf(suite)}/${arch ? "Packages" : "Sources"}`]
      : components.flatMap((each) => indexes.map((index) => `${folderOf(suite)}/${each}/${part}${index}`)),
  );
  return names.flatMap((name) => [".xz", ".gz", ""].map((end) => encodeURI(`${name}${end}`) as Path));
}
