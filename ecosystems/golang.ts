import type {
  Digest,
  Doc,
  Ecosystem,
  Facts,
  Params,
  Path,
  Release,
  StoredContent,
  Traits,
  View,
} from "../src/contract/ecosystem.ts";
import { goCatalog } from "./golang/catalog.ts";
import { readGoMod } from "./golang/go-mod.ts";
import { goMod as goModFile } from "./golang/lockfile-go-mod.ts";
import { goSum } from "./golang/lockfile-go-sum.ts";
import { labelOf, readEntries } from "./shared/entries.ts";
import { compareSemver, isSemver, isStableSemver } from "./shared/semver.ts";

const MODULE = "(?<module>[^@]+)";
/** A canonical version. Everything else that clients ask for (`master`, a commit) is a query, whose answer changes. */
const VERSION = String.raw`(?<version>v\d+\.\d+\.\d+(?:-[\w.!%-]+)?(?:(?:\+|%2B)incompatible)?)`;
const TILE = String.raw`tile/\d+/(?:data|\d+)/(?:x\d{3}/)*\d{3}(?:\.p/\d+)?`;
const HEAD = String.raw`go\.sum database tree\n(?<size>\d+)\n.+\n\n(?:— .+\n)+`;
const TREE_HEAD = new RegExp(`^${HEAD}$`);
/** A record's number, its go.sum lines and an empty line, then a signed tree head (golang.org/x/mod/sumdb/tlog). */
const RECORD = new RegExp(String.raw`^(?<record>(?<id>\d+)\n(?:.+\n)+\n)${HEAD}$`);

/** Clients send `%21` for the `!` that stands with a small letter in place of a capital. */
const module = { kind: "metadata", canonical: ({ path }: Params) => encode(path!) as Path } as const;
const immutable = {
  ...module,
  freshness: "immutable",
  mayBeCut: true,
  release: releaseOf,
  describedBy: () => [],
} as const;
const whole = { package: (params: Params) => releaseOf(params).name } as const;
const verified = { ...module, release: releaseOf, describedBy: lookedUp };
const database = { from: ({ db }: Params) => `sumdb/${db!}`, to: ({ rest }: Params) => encodeURI(rest!) as Path };

export const golang: Ecosystem = {
  id: "golang",
  contract: 2,
  title: "Go modules and their checksum database: go",
  spec: "https://go.dev/ref/mod#goproxy-protocol",
  mount: "/go",
  upstreams: {
    default: "https://proxy.golang.org",
    index: "https://index.golang.org",
    // Named as its paths and signatures name it. The second way, through the module proxy, is for networks without the first.
    "sumdb/sum.golang.org": ["https://sum.golang.org", "https://proxy.golang.org/sumdb/sum.golang.org"],
  },
  purl: {
    read: ({ qualifiers, ...rest }) => ({ ...rest, ...chosen(qualifiers) }),
    write: (pkg) => ({ ...pkg, type: "golang" }),
  },
  setup: (base) => `go env -w GOPROXY=${base}`,
  routes: [
    { kind: "answer", match: "/sumdb/:db+/supported", from: database.from, answer: () => "" },
    // The go command never asks for it. A mirror job ends with it, and what is held is then served under this head.
    {
      ...module,
      ...database,
      match: at("sumdb/(?<db>.+)(?<rest>/latest)"),
      freshness: 0,
      mayBeCut: true,
      parse: treeHead,
    },
    // Documents, not artifacts, so that `seal` sees which tree heads clients were served before.
    { ...immutable, ...database, match: at(`sumdb/(?<db>.+)(?<rest>/${TILE})`), release: () => undefined, parse: tile },
    {
      ...immutable,
      ...database,
      match: at(`sumdb/(?<db>.+?)(?<rest>/lookup/${MODULE}@${VERSION})`),
      parse: checksums,
      reads: (doc, view) => (view?.offline ? [headOf(doc.params.db!)] : []),
      rewrite: (doc, view) => (view.offline ? underHeldHead(doc) : doc.bytes()),
    },
    { ...module, match: at(`${MODULE}/@v/list`), mayBeCut: true, parse: list, rewrite: filter },
    { ...module, ...whole, match: at(`${MODULE}/@latest`), freshness: 60, parse: commit, rewrite: wholeOrNothing },
    { ...immutable, match: at(String.raw`${MODULE}/@v/${VERSION}\.info`), mayBeCut: false, parse: commit },
    {
      ...module,
      ...whole,
      match: at(`${MODULE}/@v/[^/]+\\.info`),
      freshness: 60,
      parse: commit,
      rewrite: wholeOrNothing,
    },
    { ...immutable, ...verified, match: at(String.raw`${MODULE}/@v/${VERSION}\.mod`), parse: goMod },
    { ...verified, kind: "artifact", match: at(String.raw`${MODULE}/@v/${VERSION}\.zip`) },
  ],
  // golang.org/x/mod/module.CheckPath, but for what concerns private modules.
  names: /^[\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*$/,
  index: ({ name }) => [`/${encode(name)}/@v/list`],
  files: (release, traits) => [
    { path: pathOf(release, "info") },
    // Of a version that is not selected, clients read the go.mod only.
    ...(["mod", "zip"] as const).map((type) => ({ path: pathOf(release, type), qualifiers: { type } })),
    // A private module is in no public database, and is kept unverified.
    ...lookups(release, traits).map((path) => ({ path, optional: true })),
  ],
  graph: (release) => ({ path: pathOf(release, "mod"), qualifiers: { type: "mod" } }),
  // Syft and cyclonedx-gomod state the standard library as a module.
  builtIn: (name) => (/^(?:std|stdlib|cmd)$/.test(name) ? "comes with the Go toolchain" : undefined),
  catalog: goCatalog,
  datedBy: (release) => pathOf(release, "info"),
  seal,
  lockfiles: [goSum, goModFile],
  versions: {
    compare: compareSemver,
    isStable: isStableSemver,
    // A go.mod states minimums; what is incompatible has another module path.
    prefers: () => "lowest",
    satisfies: (version, range) => version === range || (isSemver(range) && compareSemver(version, range) > 0),
  },
};

/**
 * `type=mod` and `type=zip` choose files. cyclonedx-gomod states `type=module` or `type=package` of each module, for all
 * of which the whole is needed, and the platform that was built for, which chooses nothing.
 */
function chosen(given: Readonly<Record<string, string>> = {}): Pick<Release, "qualifiers"> {
  const meant = Object.entries(given).filter(
    ([key, value]) => key !== "goos" && key !== "goarch" && !(key === "type" && /^(?:module|package)$/.test(value)),
  );
  return meant.length > 0 ? { qualifiers: Object.fromEntries(meant) } : {};
}

function at(source: string): RegExp {
  return new RegExp(`^(?<path>/${source})$`);
}

/** `BurntSushi` → `!burnt!sushi`: some file systems cannot tell the case. */
function encode(text: string): string {
  return encodeURI(text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`));
}

/** What a path names; without a version where it names a module only. */
function releaseOf({ module = "", version = "" }: Params): Release {
  const decode = (text: string) => text.replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { name: decode(module), version: decode(version) };
}

function pathOf({ name, version }: Release, extension: "info" | "mod" | "zip"): Path {
  return `/${encode(name)}/@v/${encode(version)}.${extension}`;
}

function lookedUp(params: Params, _path: Path, traits: Traits): Path[] {
  return lookups(releaseOf(params), traits);
}

function lookups({ name, version }: Release, { upstreams }: Traits): Path[] {
  const databases = upstreams.filter((upstream) => upstream.startsWith("sumdb/"));
  return databases.map((upstream): Path => `/${upstream}/lookup/${encode(name)}@${encode(version)}`);
}

/** A version a line; some proxies add its time. The go command skips what is no version. */
function list(doc: Doc) {
  const { name } = releaseOf(doc.params);
  const text = doc.text().split("\n");
  const lines = text.flatMap((line) => /\S+/.exec(line)?.[0] ?? []);
  const { found: versions, leftOut } = readEntries(lines, (version) => {
    if (!/^v\d/.test(version)) throw new Error("the line begins with no version");
    return labelOf(version, "version");
  });
  // Clients ask for the newest commit only where no version is listed.
  const follow: Path[] = versions.length > 0 ? [] : [`/${encode(name)}/@latest`];
  return { releases: versions.map((version) => ({ name, version })), follow, leftOut };
}

/** A version is of use only where its zip can be had. */
function filter(doc: Doc, view: View): string {
  const shown = list(doc).releases.filter((release) => view.admits(release, pathOf(release, "zip")));
  return shown.map(({ version }) => `${version}\n`).join("");
}

/** The time is the commit's, which its author sets. */
function commit(doc: Doc) {
  const { Version: version, Time } = doc.json<{ Version?: string; Time?: string }>();
  if (!version) throw new Error(`${doc.path} states no Version`);
  const dated = Time ? { publishedAt: new Date(Time), dateTrust: "author" as const } : {};
  return { releases: [{ name: releaseOf(doc.params).name, version, ...dated }] as const };
}

function wholeOrNothing(doc: Doc, view: View): Uint8Array | undefined {
  const [release] = commit(doc).releases;
  return view.admits(release, pathOf(release, "zip")) ? doc.bytes() : undefined;
}

function goMod(doc: Doc): Facts {
  const { requires, isPruned } = readGoMod(doc.text());
  return { releases: [{ ...releaseOf(doc.params), requires, ...(isPruned && { requiresAll: true }) }] };
}

function checksums(doc: Doc): Facts {
  const sums = take(doc, RECORD).record!.matchAll(/^(\S+) (\S+?)(\/go\.mod)? (h1:\S+)$/gm);
  const files = Array.from(sums, ([, name, version, mod, digest]) => {
    return { path: pathOf({ name: name!, version: version! }, mod ? "mod" : "zip"), digest: digest as Digest };
  });
  return { releases: [{ ...releaseOf(doc.params), files }] };
}

function take(doc: Doc, pattern: RegExp): Params {
  const groups = pattern.exec(doc.text())?.groups;
  if (!groups) throw new Error(`${doc.path} has no whole signed tree head of a checksum database`);
  return groups;
}

/** Hashes of 32 bytes each, or records, which begin with their number. Throws where it is something else. */
function tile(doc: Doc): Facts {
  const isData = /\/tile\/\d+\/data\//.test(doc.path);
  const { length } = doc.bytes();
  if (isData ? !/^\d+\n\S/.test(doc.text()) : length === 0 || length % 32 !== 0)
    throw new Error(`${doc.path} has ${length} bytes, which are no ${isData ? "records" : "hashes"}`);
  return {};
}

/** The number of records only grows, so it is the head's revision. */
function treeHead(doc: Doc): { revision: number } {
  return { revision: Number(take(doc, TREE_HEAD).size) };
}

function headOf(database: string): Path {
  return `/sumdb/${database}/latest`;
}

/** A client takes any signed head that covers the record, and asks for the tiles under it: so it gets the one whose tiles are held. */
function underHeldHead(doc: Doc): string {
  const { id, record } = take(doc, RECORD);
  const head = doc.stored(headOf(doc.params.db!));
  return head && Number(id) < treeHead(head).revision ? record + head.text() : doc.text();
}

/** What golang.org/x/mod/sumdb/tlog's TileHashReader asks for under the newest head: the tiles at the right edge of the tree
 * and, for every stored record and every edge that clients were shown before, its tile and those above. */
async function* seal(stored: StoredContent): AsyncGenerator<Path> {
  const starts = new Map<string, [level: number, number: number][]>();
  for await (const path of stored.documents("/sumdb/")) {
    const [, db, level, number] = /^\/sumdb\/(.+?)\/(?:lookup\/.+|tile\/8\/(\d+)\/(.+)\.p\/\d+)$/.exec(path) ?? [];
    if (!db) continue;
    if (!starts.has(db)) starts.set(db, []);
    const record = level ? undefined : await stored.read(path);
    if (level) starts.get(db)!.push([Number(level), Number(number!.replace(/[x/]/g, ""))]);
    else if (record) starts.get(db)!.push([0, Math.floor(Number(take(record, RECORD).id) / 256)]);
  }
  for (const [db, tiles] of starts) {
    yield headOf(db);
    const head = await stored.read(headOf(db));
    const size = head ? treeHead(head).revision : 0;
    for (let level = 0; 256 ** level <= size; level++) tiles.push([level, Math.floor(size / 256 ** (level + 1))]);
    yield* new Set(tiles.flatMap((start) => upwards(start, size)).map((tile): Path => `/sumdb/${db}/${tile}`));
  }
}

/** A tile of 256 hashes and those above it, as far as a tree of that size has them: `tile/8/0/x001/234.p/7`. */
function upwards([level, number]: [level: number, number: number], size: number): string[] {
  const width = Math.min(256, Math.floor(size / 256 ** level) - number * 256);
  if (width <= 0) return [];
  const digits = String(number).padStart(12, "0");
  const name = digits.replace(/\d{3}(?=\d)/g, "x$&/").replace(/^(?:x000\/)+/, "");
  const tile = `tile/8/${level}/${name}${width < 256 ? `.p/${width}` : ""}`;
  return [tile, ...upwards([level + 1, Math.floor(number / 256)], size)];
}
