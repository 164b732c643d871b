import semver from "semver";
import type { Doc, Ecosystem, Path, Release, ReleaseFacts } from "../src/contract/ecosystem.ts";
import { withoutSlashes } from "../src/lib/text-ends.ts";
import { cargoCatalog } from "./cargo/catalog.ts";
import { type CargoFeatures, cargoRequirements } from "./cargo/features.ts";
import { cargoLock } from "./cargo/lockfile-cargo.ts";
import { type Entries, labelOf, readEntries } from "./shared/entries.ts";
import { json } from "./shared/json.ts";
import { searchStored } from "./shared/search.ts";
import { compareSemver, isStableSemver } from "./shared/semver.ts";

/** One line of an index file, which is one version of a crate. */
interface Line extends CargoFeatures {
  name: string;
  vers: string;
  cksum: string;
  yanked?: boolean;
  pubtime?: string;
}

const INDEX = /^\/(?:[12]|3\/[\w-]|[\w-]{2}\/[\w-]{2})\/(?<crate>[\w-]+)$/;
const DOWNLOAD = /^\/crates\/(?<crate>[\w-]+)\/(?<version>(?:[\w.+-]|%2[Bb])+)\/download$/;
/** The place that the public registry's files have, for clients that were told of it. */
const FILE = /^\/crates\/(?<crate>[\w-]+)\/\k<crate>-(?<version>\d(?:[\w.+-]|%2[Bb])*)\.crate$/;

export const cargo: Ecosystem = {
  id: "cargo",
  contract: 2,
  title: "Crates by the sparse index: cargo",
  spec: "https://doc.rust-lang.org/cargo/reference/registry-index.html",
  upstreams: {
    default: "https://index.crates.io",
    download: "https://static.crates.io/crates/{crate}/{crate}-{version}.crate",
    api: "https://crates.io",
    dump: "https://static.crates.io",
  },
  // Lockfiles have the address of the index as it was before it was sparse.
  aliases: { "github.com/rust-lang/crates.io-index": "default" },
  discovery: {
    path: "/config.json",
    read: (doc) => {
      const { dl, api } = doc.json<{ dl: string; api?: string | null }>();
      const download = dl.includes("{") ? dl : `${withoutSlashes(dl)}/{crate}/{version}/download`;
      return { download, ...(api && { api: withoutSlashes(api) }) };
    },
  },
  setup: (base) =>
    `in ~/.cargo/config.toml: [source.crates-io]\nreplace-with = "proxy"\n[source.proxy]\nregistry = "sparse+${base}/"`,

  routes: [
    // Without markers cargo appends /{crate}/{version}/download, so every cargo understands it. A {sha256-checksum} in it would
    // spare no look into the index, which says more than the digest (yanked, its date), and part a file's path from its PURL.
    {
      kind: "answer",
      match: "/config.json",
      answer: (_p, view) => json({ dl: view.link("/crates"), api: view.link("/").slice(0, -1) }),
    },
    {
      kind: "passthrough",
      match: "/api/v1/crates",
      from: "api",
      query: ["q", "per_page", "page", "sort"],
      offline: async (_p, query, _view, stored) => json(await search(query, stored.releases())),
    },
    {
      kind: "deny",
      match: "/api/:rest+",
      methods: ["PUT"],
      status: 403,
      reason: "This proxy only reads: publish to the registry itself.",
    },
    {
      kind: "deny",
      match: "/api/:rest+",
      status: 404,
      reason: "Accounts and owners are the registry's own business.",
    },
    ...[DOWNLOAD, FILE].map((match) => ({
      kind: "artifact" as const,
      match,
      // Every line of an index has a checksum.
      needsDigest: true,
      from: "download",
      canonical: ({ crate, version }: Record<string, string>) => download(crate!, version!),
      // Where an operator names only the folder that the crates are in.
      to: ({ crate, version }: Record<string, string>): Path => `/${crate!}/${crate!}-${version!}.crate`,
      markers: ({ crate }: Record<string, string>) => ({
        prefix: prefix(crate!),
        lowerprefix: prefix(crate!.toLowerCase()),
      }),
      release: ({ crate, version }: Record<string, string>) => ({ name: crate!, version: version! }),
    })),
    {
      kind: "metadata",
      match: INDEX,
      mayBeCut: true,
      canonical: ({ crate }) => indexPath(crate!),
      parse: (doc) => {
        const { found, leftOut } = linesOf(doc);
        return { releases: found.map(([, line]) => stated(line)), leftOut };
      },
      // Whole lines go or stay, byte for byte: what later versions of the index add is kept.
      rewrite: (doc, view) => {
        const shown = linesOf(doc).found.filter(([, { name, vers }]) =>
          view.admits({ name, version: vers }, download(name, vers)),
        );
        return { body: shown.map(([text]) => `${text}\n`).join(""), mediaType: "text/plain" };
      },
    },
  ],

  names: /^[\w-]+$/,
  index: ({ name }) => [indexPath(name)],
  catalog: cargoCatalog,
  datedBy: ({ name, version }) => download(name, version),
  problem: (_status, detail) => ({ errors: [{ detail }] }),

  // No `runsOn`: cargo's lock file is for all targets, so it must find what only another one needs.
  lockfiles: [cargoLock],
  versions: {
    compare: compareSemver,
    isStable: isStableSemver,
    satisfies: (version, range) => semver.satisfies(version, caret(range)),
  },
};

/** The folder of an index file: `a` → `1`, `ab` → `2`, `abc` → `3/a`, `serde` → `se/rd`. */
function prefix(crate: string): string {
  if (crate.length <= 2) return String(crate.length);
  return crate.length === 3 ? `3/${crate[0]}` : `${crate.slice(0, 2)}/${crate.slice(2, 4)}`;
}

/** Always in small letters. */
function indexPath(crate: string): Path {
  const name = crate.toLowerCase();
  return `/${prefix(name)}/${name}`;
}

function download(crate: string, version: string): Path {
  return `/crates/${crate}/${version}/download`;
}

/** What cargo reads of a line. */
function stated(line: Line): ReleaseFacts {
  return {
    name: line.name,
    version: line.vers,
    ...(line.pubtime && { publishedAt: new Date(line.pubtime) }),
    ...(line.yanked && { state: "yanked" as const }),
    files: [{ path: download(line.name, line.vers), digest: `sha256:${line.cksum}` as const }],
    requires: cargoRequirements(line),
  };
}

/** Each line with what it says; cargo skips lines that it cannot read. Throws where the last one is cut off, or none can be read. */
function linesOf(doc: Doc): Entries<[text: string, line: Line]> {
  const texts = doc.text().split(/\r?\n/);
  const rest = texts.at(-1)!;
  if (rest !== "") lineOf(rest);
  return readEntries(
    texts.filter((text) => text.trim() !== ""),
    (text) => [text, lineOf(text)],
  );
}

function lineOf(text: string): Line {
  const line = JSON.parse(text) as Line;
  labelOf(line?.name, "name");
  labelOf(line.vers, "vers");
  if (typeof line.cksum !== "string" || !/^[\da-f]{64}$/i.test(line.cksum)) throw new Error("its cksum is no sha256");
  line.cksum = line.cksum.toLowerCase();
  stated(line);
  return line;
}

/** A bare `1.2` means `^1.2` to cargo, and a comma means "and". */
function caret(range: string): string {
  const parts = range.split(",").map((part) => part.trim());
  return parts.map((part) => (/^\d/.test(part) && !part.includes("*") ? `^${part}` : part)).join(" ");
}

async function search(query: URLSearchParams, stored: AsyncIterable<Release>) {
  const found = await searchStored(stored, query.get("q"), compareSemver);
  const crates = found.map(({ name, version }) => ({ name, max_version: version, description: null }));
  return { crates: crates.slice(0, Number(query.get("per_page") ?? 10)), meta: { total: crates.length } };
}
