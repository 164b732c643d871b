import { digestOfText } from "../src/contract/digest.ts";
import type {
  Doc,
  Ecosystem,
  Params,
  Path,
  Platform,
  Release,
  ReleaseFacts,
  StoredContent,
  View,
} from "../src/contract/ecosystem.ts";
import { gemCatalog } from "./gem/catalog.ts";
import {
  filteredVersions,
  HEAD_END,
  heldVersions,
  type InfoLine,
  type InfoSummary,
  linesBelow,
  readInfo,
  summaryOf,
} from "./gem/compact-index.ts";
import { gemfileLock } from "./gem/lockfile-gemfile.ts";
import { fitsGem } from "./gem/platform.ts";
import { type SpecList, specsOf } from "./gem/specs.ts";
import { compareRuby, isStableRuby, satisfiesRuby } from "./gem/versions.ts";

const INFO = "/info/";
const SPECS = /^\/(?<list>(?:latest_|prerelease_)?specs)\.4\.8\.gz$/;
/** Begins a marker that is what Ruby a gem takes. */
const RUBY = "ruby ";
/** A file of a gem. Nobody's name and version can be parted in more than eight ways, each of which is a document to ask for. */
const FILE = String.raw`(?<file>(?!(?:(?:(?!-\d)[^/])*-(?=\d)){9})[^/]+)`;

export const gem: Ecosystem = {
  id: "gem",
  contract: 2,
  title: "RubyGems: gem, bundler",
  spec: "https://github.com/rubygems/compact_index",
  upstreams: { default: "https://rubygems.org" },
  aliases: { "www.rubygems.org": "default", "index.rubygems.org": "default" },
  setup: (base) => `bundle config set --global mirror.all ${base}/`,

  routes: [
    {
      kind: "metadata",
      match: "/info/:name",
      mayBeCut: true,
      parse: (doc) => {
        const { found, leftOut } = readInfo(doc);
        return { releases: found.map((line) => stated(doc.params.name!, line)), leftOut };
      },
      rewrite: shownInfo,
      asIs: true,
    },
    {
      kind: "metadata",
      match: "/versions",
      mayBeCut: true,
      freshness: 60,
      grows: true,
      parse: readWhole,
      rewrite: shownVersions,
      asIs: true,
      covers: {
        below: INFO,
        line: (doc, served) => JSON.stringify(summaryOf(doc.params["name"]!, doc, served)),
      },
      blank: `created_at: 1970-01-01T00:00:00Z\n${HEAD_END}`,
    },
    {
      kind: "metadata",
      match: "/names",
      mayBeCut: true,
      freshness: 600,
      parse: readWhole,
      offline: (_params, _query, _view, stored) => storedNames(stored),
    },
    // Where it is there, gem before 3.4 takes it that the index is, too.
    { kind: "answer", match: "/", answer: () => "Gems: /versions, /info/NAME, /gems/FILE\n" },
    // Before the index there were these, which searches still read.
    {
      kind: "derived",
      match: SPECS,
      of: () => "/versions",
      orOriginal: true,
      derive: (versions, { list }) => ({
        body: specsOf(versions, list as SpecList),
        mediaType: "application/octet-stream",
      }),
    },
    // What `gem generate_index` made has these alone. Nothing can be withheld from them; files are.
    { kind: "metadata", match: SPECS, freshness: 600, mayBeCut: true },
    {
      kind: "artifact",
      signed: "tar",
      match: new RegExp(`^/gems/${FILE}$`),
      release: ({ file }) => guess(file!),
      describedBy,
    },
    // gem reads one before it installs, bundler where the index was not there.
    {
      kind: "metadata",
      match: new RegExp(`^/quick/Marshal\\.4\\.8/${FILE}$`),
      mayBeCut: true,
      freshness: "immutable",
      release: ({ file }) => guess(file!),
      describedBy,
    },
    {
      kind: "deny",
      match: /^\/api\/v1\/dependencies(?:\.json)?$/,
      status: 404,
      reason: "Gone from the registry, too: clients use the index at /versions and /info.",
    },
    { kind: "passthrough", match: /^\/api\/v1\/(?:gems|versions)\/[\w.-]+\.json$/ },
    { kind: "passthrough", match: /^\/api\/v2\/rubygems\/[\w.-]+\/versions\/[\w.-]+\.json$/ },
    {
      kind: "deny",
      match: "/api/v1/gems",
      methods: ["POST"],
      status: 403,
      reason: "This proxy only reads: push to the registry itself.",
    },
  ],

  names: /^[\w.-]+$/,
  index: ({ name }) => [infoPath(name)],
  catalog: gemCatalog,
  datedBy: ({ name, version }) => gemPath(name, version),
  digestHeaders: {
    sha256: { name: "repr-digest", value: (hex) => `sha-256=:${Buffer.from(hex, "hex").toString("base64")}:` },
    // Bundler before 2.5 compares the tag with the MD5 of what it has put together.
    md5: { name: "etag", value: (hex) => `"${hex}"` },
  },
  signs: ["x509"],
  lockfiles: [gemfileLock],
  versions: { compare: compareRuby, isStable: isStableRuby, satisfies: satisfiesRuby },
  selects: "compatible",
  runtimes: ["2.7", "3.0", "3.1", "3.2", "3.3", "3.4", "4.0"].map((ruby) => ({ ruby })),
  runsOn: (marker, platform) =>
    marker.startsWith(RUBY) ? takesRuby(marker.slice(RUBY.length), platform) : fitsGem(marker, platform),
};

function infoPath(name: string): Path {
  return `${INFO}${encodeURIComponent(name)}`;
}

/** A Ruby is its newest patch. */
function takesRuby(range: string, { ruby }: Platform): boolean {
  return ruby === undefined || satisfiesRuby(`${ruby}.99`, range);
}

function gemPath(name: string, label: string): Path {
  return `/gems/${encodeURIComponent(`${name}-${label}.gem`)}`;
}

/** A line of `/info`: a release for one platform. What Ruby it takes (`ruby: >= 3.1`) limits it, and nothing can be mirrored for that. */
function stated(name: string, { label, version, platform, requires, attributes }: InfoLine): ReleaseFacts {
  const digest = digestOfText("sha256", attributes.get("checksum") ?? "");
  const [at, ruby] = [attributes.get("created_at"), attributes.get("ruby")];
  const marker = platform === "ruby" ? ruby && `${RUBY}${ruby}` : platform;
  const path = gemPath(name, label);
  const common = { qualifiers: { platform }, ...(platform !== "ruby" && { marker: platform }) };
  const quick: Path = `/quick/Marshal.4.8/${encodeURIComponent(`${name}-${label}.gemspec.rz`)}`;
  return {
    name,
    version,
    requires,
    ...(at && { publishedAt: new Date(at) }),
    ...(marker && { marker }),
    files: [
      // A few of the oldest gems have no checksum there.
      { path, ...common, ...(digest && { digest }) },
      { path: quick, ...common, beside: path, optional: true },
    ],
  };
}

/** Whole lines go or stay, byte for byte: what later versions of the index add is kept. */
function shownInfo(doc: Doc, view: View): string | undefined {
  const name = doc.params.name!;
  const lines = readInfo(doc).found.filter(({ version, label }) =>
    view.admits({ name, version }, gemPath(name, label)),
  );
  return `${HEAD_END}${lines.map(({ text }) => `${text}\n`).join("")}`;
}

/** States nothing of files; throws where it is cut off, or another document. */
function readWhole(doc: Doc) {
  linesBelow(doc);
  return {};
}

/** Every sum in it is of the info that clients are sent. */
function shownVersions(doc: Doc, view: View): string {
  const infos = view.lines.map((line) => JSON.parse(line) as InfoSummary);
  return view.offline ? heldVersions(doc, infos) : filteredVersions(doc, infos);
}

async function storedNames(stored: StoredContent): Promise<string> {
  const names = new Set(await Array.fromAsync(stored.releases(), ({ name }) => name));
  return `${HEAD_END}${Array.from(names, (name) => `${name}\n`).join("")}`;
}

/** `foo-1-2.gem` does not tell; what an index states of the path wins. */
function guess(file: string): Release | undefined {
  const base = file.replace(/\.(?:gem|gemspec\.rz)$/, "");
  const at = base.slice(1).search(/-\d/) + 1;
  const [version = "", ...platform] = base.slice(at + 1).split("-");
  // A platform that is empty is none.
  const isOne = base !== file && at > 0 && (platform.join("-") !== "") === platform.length > 0;
  return isOne ? { name: base.slice(0, at), version } : undefined;
}

/** Every way to part the name from the version: the index of the right one states the path, and the others do not. */
function describedBy({ file }: Params): Path[] {
  const parts = file!.replace(/\.(?:gem|gemspec\.rz)$/, "").split("-");
  return parts.flatMap((part, at) => (at > 0 && /^\d/.test(part) ? [infoPath(parts.slice(0, at).join("-"))] : []));
}
