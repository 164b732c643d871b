import { load } from "js-yaml";
import type { Doc, Ecosystem, Facts, Package, Params, Path, ReleaseFacts, Requirement } from "proxy/plugin";
import { comparePerl, isStablePerl, satisfiesPerl } from "./lib/perl-versions.ts";

const PACKAGES: Path = "/modules/02packages.details.txt.gz";
/** `/authors/id/J/JA/JANE`, and folders below it. */
const AUTHOR = String.raw`(?<author>/authors/id/[A-Z]/[A-Z][A-Z\d-]?/[A-Z][A-Z\d-]*(?:/[\w.+-]+)*)`;
/** `Acme-Tool-1.02`: the version is what begins with a digit after the last dash, or with a v. */
const RELEASE = String.raw`(?<dist>[A-Za-z][\w.+]*(?:-[A-Za-z_][\w.+]*)*)-(?<version>v?\d[\w.]*(?:-TRIAL\d*)?)`;
const ARCHIVE = String.raw`\.(?:tar\.gz|tgz|tar\.bz2|zip)`;

export const cpan: Ecosystem = {
  id: "cpan",
  contract: 2,
  title: "CPAN: cpanm, cpan, carton",
  spec: "https://metacpan.org/pod/CPAN::Meta::Spec",
  upstreams: { default: "https://www.cpan.org" },
  setup: (base) => `export PERL_CPANM_OPT="--mirror ${base} --mirror-only"`,
  // `pkg:cpan/JANE/Acme-Tool`: of the newest release the index knows the author; whoever is named has the earlier ones, too.
  purl: {
    read({ name, qualifiers, version }) {
      const slash = name.indexOf("/");
      const author = slash < 0 ? {} : { author: name.slice(0, slash).toUpperCase() };
      return {
        name: name.slice(slash + 1),
        qualifiers: { ...qualifiers, ...author },
        ...(version !== undefined && { version }),
      };
    },
    write: (pkg) => ({ ...pkg, type: "cpan" }),
  },

  routes: [
    { kind: "metadata", match: PACKAGES, packed: true, parse: readPackages },
    { kind: "metadata", match: new RegExp(`^${AUTHOR}/CHECKSUMS$`), parse: readChecksums },
    {
      // What a release requires, as its author's tools wrote it; registries keep it beside the archive.
      kind: "metadata",
      match: new RegExp(`^${AUTHOR}/${RELEASE}\\.meta$`),
      freshness: "immutable",
      release: releaseOf,
      describedBy: ({ author }) => [`${author!}/CHECKSUMS` as Path],
      parse: readMeta,
    },
    {
      kind: "artifact",
      match: new RegExp(`^${AUTHOR}/${RELEASE}${ARCHIVE}$`),
      needsDigest: true,
      release: releaseOf,
      describedBy: ({ author }) => [`${author!}/CHECKSUMS` as Path],
    },
    // Lists of authors and of categories, which older clients read.
    { kind: "metadata", match: /^\/(?:authors\/01mailrc\.txt|modules\/03modlist\.data)\.gz$/, freshness: 86_400 },
  ],

  index: ({ qualifiers = {} }) => [PACKAGES, ...(qualifiers["author"] ? [checksumsOf(qualifiers["author"])] : [])],
  versions: { compare: comparePerl, isStable: isStablePerl, satisfies: satisfiesPerl },
};

function releaseOf({ dist, version }: Params) {
  return { name: dist!, version: version! };
}

function checksumsOf(author: string): Path {
  return `/authors/id/${author.slice(0, 1)}/${author.slice(0, 2)}/${author}/CHECKSUMS`;
}

/** A release as the list of modules has it. */
type Listed = ReleaseFacts & { provides: { name: string; version: string }[] };

/** A head, an empty line, and `Acme::Tool  1.02  J/JA/JANE/Acme-Tool-1.02.tar.gz` for each module: the newest that there is. */
function readPackages(doc: Doc, only?: Package): Facts {
  const text = doc.text();
  const head = text.indexOf("\n\n");
  const count = /^Line-Count:\s*(\d+)/m.exec(text.slice(0, Math.max(head, 0)))?.[1];
  if (count === undefined) throw new Error(`${doc.path} is no list of modules: it has no Line-Count`);
  const lines = text.slice(head + 2).split("\n");
  if (lines.pop() !== "" || lines.length !== Number(count))
    throw new Error(`${doc.path} is cut off: expected ${count} lines, found ${lines.length}`);
  const releases = new Map<string, Listed>();
  const line = new RegExp(String.raw`^(?<module>\S+)\s+(?<own>\S+)\s+(?<path>\S+/${RELEASE}${ARCHIVE})$`);
  for (const each of lines) {
    const found = line.exec(each)?.groups;
    if (!found) continue;
    const path: Path = `/authors/id/${found["path"]!}`;
    const release = { name: found["dist"]!, version: found["version"]! };
    const known: Listed = releases.get(path) ?? { ...release, files: filesOf(path), provides: [] };
    known.provides.push({ name: found["module"]!, version: found["own"] === "undef" ? "0" : found["own"]! });
    releases.set(path, known);
  }
  const wanted = ({ name, provides }: ReleaseFacts) =>
    !only || name === only.name || provides?.some((each) => each.name === only.name) === true;
  return { releases: [...releases.values()].filter(wanted) };
}

function filesOf(path: Path) {
  const meta = path.replace(new RegExp(`${ARCHIVE}$`), ".meta") as Path;
  return [{ path }, { path: meta, optional: true, beside: path }];
}

/** Perl that is data: `'Acme-Tool-1.02.tar.gz' => { 'sha256' => '…', 'size' => 123, 'mtime' => '2024-01-02' },`, signed or not. */
function readChecksums(doc: Doc): Facts {
  const text = doc.text();
  const body = /^\$cksum = \{\n([\s\S]*)^\};$/m.exec(text)?.[1];
  if (body === undefined) throw new Error(`${doc.path} is no list of checksums, or it is cut off`);
  const file = new RegExp(`^${RELEASE}(?:${ARCHIVE}|\\.meta)$`);
  const entries = Array.from(body.matchAll(/^ {2}'([^']+)' => \{\n([\s\S]*?)^ {2}\},?$/gm), ([, name, fields]) => ({
    name: name!,
    fields: Object.fromEntries(
      Array.from(fields!.matchAll(/'(\w+)' => '?([^',\n]+)'?/g), ([, key, value]) => [key, value]),
    ),
  }));
  const folder = doc.path.slice(0, doc.path.lastIndexOf("/"));
  return {
    releases: entries.flatMap(({ name, fields }): ReleaseFacts[] => {
      const { dist, version } = file.exec(name)?.groups ?? {};
      const { sha256, size, mtime } = fields as Record<string, string | undefined>;
      if (!dist || !version || !sha256) return [];
      const facts = { path: `${folder}/${name}` as Path, digest: `sha256:${sha256}` as const };
      return [
        {
          name: dist,
          version,
          ...(mtime && { publishedAt: new Date(mtime) }),
          files: [{ ...facts, ...(size && { size: Number(size) }) }],
        },
      ];
    }),
  };
}

interface Meta {
  name?: unknown;
  prereqs?: Record<string, { requires?: Record<string, unknown> } | undefined>;
  requires?: Record<string, unknown>;
  configure_requires?: Record<string, unknown>;
  build_requires?: Record<string, unknown>;
  test_requires?: Record<string, unknown>;
}

/** META.json (version 2) or META.yml (1.4). Clients need what it takes to build, too; tests they can leave (`--notest`). */
function readMeta(doc: Doc): Facts {
  const meta = load(doc.text()) as Meta | null | undefined;
  if (typeof meta !== "object" || meta === null || meta.name === undefined)
    throw new Error(`${doc.path} is no META file: it has no name`);
  const { prereqs = {} } = meta;
  const all = {
    ...meta.configure_requires,
    ...meta.build_requires,
    ...meta.requires,
    ...prereqs["configure"]?.requires,
    ...prereqs["build"]?.requires,
    ...prereqs["runtime"]?.requires,
  };
  const tests = Object.entries({ ...meta.test_requires, ...prereqs["test"]?.requires }).filter(
    ([name]) => !(name in all),
  );
  const requires = [
    ...Object.entries(all).map(requirement),
    ...tests.map((each) => ({ ...requirement(each), weak: true })),
  ].filter(({ name }) => !comesWithPerl(name));
  return { releases: [{ ...releaseOf(doc.params), requires }] };
}

function requirement([name, range]: [string, unknown]): Requirement {
  return { name, range: isPlain(range) ? String(range) : "" };
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

/** Perl itself, its pragmas, and what builds modules: each is part of every Perl. */
function comesWithPerl(module: string): boolean {
  return !/[A-Z]/.test(module) || module === "ExtUtils::MakeMaker";
}
