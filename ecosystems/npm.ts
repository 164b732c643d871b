import { digestOfSri, digestOfText } from "../src/contract/digest.ts";
import type { Doc, Ecosystem, FileFacts, Path, Release, View } from "../src/contract/ecosystem.ts";
import { decodedPath } from "../src/contract/path.ts";
import { npmCatalog } from "./npm/catalog.ts";
import { bunLock } from "./npm/lockfile-bun.ts";
import { withScopes } from "./npm/lockfile-entry.ts";
import { packageLock } from "./npm/lockfile-npm.ts";
import { pnpmLock } from "./npm/lockfile-pnpm.ts";
import { yarnLock } from "./npm/lockfile-yarn.ts";
import {
  abbreviate,
  type Manifest,
  mendTags,
  type Packument,
  runsScripts,
  signaturesOf,
  tagsByVersion,
} from "./npm/packument.ts";
import { fitsNpm, npmMarker } from "./npm/platform.ts";
import { npmRequirements } from "./npm/requirements.ts";
import { fromNpm } from "./shared/attestations.ts";
import { type Entries, labelOf, readEntries } from "./shared/entries.ts";
import { json } from "./shared/json.ts";
import { searchStored } from "./shared/search.ts";
import { compareSemver, inNpmRange, isStableSemver } from "./shared/semver.ts";

const FULL = "application/json";
const ABBREVIATED = "application/vnd.npm.install-v1+json";
/** A part of a path in which no slash is hidden. */
const SEGMENT = "(?:(?!%2f)[^/])+";
/** `lodash`, `@scope/name`, `@scope%2fname`; never a name of the registry's own (`-`). */
const NAME = `(?<name>(?:(?:@|%40)[^/%]+(?:/|%2f))?(?!-(?:/|%2f))(?![@%])${SEGMENT})`;
const ADVISORIES = /^\/-\/npm\/v1\/security\/(?:advisories\/bulk|audits(?:\/quick)?)$/;

export const npm: Ecosystem = {
  id: "npm",
  contract: 2,
  title: "npm registry: npm, pnpm, yarn, bun, deno",
  spec: "https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md",
  upstreams: { default: "https://registry.npmjs.org", replication: "https://replicate.npmjs.com/registry" },
  // Yarn 1 has the first in its lockfiles.
  aliases: { "registry.yarnpkg.com": "default", "registry.npmjs.com": "default" },
  setup: (base) => `npm config set registry ${base}/`,

  routes: [
    {
      kind: "passthrough",
      match: "/-/v1/search",
      query: ["text", "size", "from", "quality", "popularity", "maintenance"],
      offline: async (_p, query, _view, stored) => json(await search(query, stored.releases())),
    },
    // Offline nothing is known of advisories. An empty answer would say that there are none; of 404 `npm audit` fails with the
    // reason, and installations go on.
    { kind: "passthrough", match: ADVISORIES, methods: ["POST"] },
    { kind: "answer", match: "/-/ping", answer: () => json({}) },
    { kind: "metadata", match: "/-/npm/v1/keys", freshness: 86_400, parse: keys },
    {
      kind: "metadata",
      match: new RegExp(`^/-/npm/v1/attestations/${NAME}@(?<version>${SEGMENT})$`, "i"),
      canonical: ({ name, version }) => attestations(name!, version!),
      package: ({ name }) => name,
      freshness: "immutable",
      attests: fromNpm,
    },
    {
      kind: "derived",
      match: new RegExp(`^/-/package/${NAME}/dist-tags$`, "i"),
      of: ({ name }) => document(name!),
      derive: (served) => JSON.stringify(read(served)["dist-tags"] ?? {}),
    },
    { kind: "deny", match: /^\/-(?:\/.*)?$/, status: 404, reason: "This registry endpoint is not proxied." },
    {
      kind: "artifact",
      match: new RegExp(`^/${NAME}/-/(?<file>${SEGMENT})$`, "i"),
      release: ({ name, file }) => release(name!, file!),
      canonical: ({ name, file }) => `/${encode(name!)}/-/${encodeURIComponent(file!)}`,
    },
    {
      kind: "derived",
      match: new RegExp(`^/${NAME}/(?<version>${SEGMENT})$`, "i"),
      of: ({ name }) => document(name!),
      derive: (served, { version }) => {
        const { versions = {}, "dist-tags": tags = {} } = read(served);
        const manifest = versions[tags[version!] ?? version!];
        return manifest && { body: JSON.stringify(manifest), mediaType: FULL };
      },
    },
    {
      kind: "metadata",
      match: new RegExp(`^/${NAME}$`, "i"),
      canonical: ({ name }) => document(name!),
      // Only the full document has publish times; the abbreviated one is derived from it.
      accept: FULL,
      variants: [FULL, ABBREVIATED],
      parse,
      rewrite,
    },
  ],

  // Old packages have capitals and signs in their names.
  names: /^(?:@[\w.~!'()*-]+\/)?[\w.~!'()*-]+$/,
  index: ({ name }) => [document(name)],
  catalog: npmCatalog,
  roots: ["/-/npm/v1/keys"],
  signs: ["registry", "sigstore"],
  problem: (_status, message) => ({ error: message }),

  lockfiles: [bunLock, packageLock, pnpmLock, yarnLock].map(withScopes),
  versions: { compare: compareSemver, isStable: isStableSemver, satisfies: inNpmRange },
  runsOn: fitsNpm,
};

function parse(doc: Doc) {
  const source = packument(doc);
  const { name, time } = source;
  const tagged = tagsByVersion(source);
  const { found, leftOut } = manifestsOf(source);
  return {
    leftOut,
    releases: found.map(([version, manifest]) => {
      const published = time?.[version];
      const [marker, tags] = [npmMarker(manifest), tagged.get(version)];
      let files: FileFacts[] | undefined;
      return {
        name,
        version,
        ...(typeof published === "string" && { publishedAt: new Date(published) }),
        ...(manifest.deprecated && { state: "deprecated" as const }),
        ...(tags && { tags }),
        ...(marker && { marker }),
        ...(runsScripts(manifest) && { builds: "runs an install script" }),
        // Read only where it is asked for: of hundreds of versions few are.
        get files() {
          files ??= filesOf(doc, { name, version }, manifest);
          return files;
        },
        get requires() {
          return npmRequirements(manifest);
        },
      };
    }),
  };
}

/** States nothing of releases. Throws where it is something else. */
function keys(doc: Doc) {
  if (!Array.isArray(doc.json<{ keys?: unknown }>()?.keys)) throw new Error(`${doc.path} is no list of keys`);
  return {};
}

function filesOf(doc: Doc, { name, version }: Release, { dist }: Manifest): FileFacts[] {
  const path = tarball(doc, name, version, dist);
  // What is no digest stays what nothing has: clients refuse the file, too.
  const sha1 = dist.shasum && (digestOfText("sha1", dist.shasum) ?? (`sha1:${dist.shasum}` as const));
  const digest = digestOfSri(dist.integrity ?? "") ?? sha1;
  const proof = dist.attestations && { path: attestations(name, version), optional: true, beside: path };
  const file = {
    path,
    url: dist.tarball,
    ...(digest && { digest }),
    ...signaturesOf({ name, version }, dist),
    ...(proof && { attestedIn: proof.path }),
  };
  return [file, ...(proof ? [proof] : [])];
}

function rewrite(doc: Doc, view: View) {
  const source = packument(doc);
  const { name, time, "dist-tags": tags = {} } = source;
  const versions: Record<string, unknown> = {};
  for (const [version, manifest] of manifestsOf(source).found) {
    const path = tarball(doc, name, version, manifest.dist);
    manifest.dist.tarball = view.link(path);
    // npm takes only the path of it, and asks the registry that it was configured with.
    if (manifest.dist.attestations) manifest.dist.attestations.url = view.link(attestations(name, version));
    if (!view.admits({ name, version }, path)) delete time?.[version];
    else versions[version] = view.variant === ABBREVIATED ? abbreviate(manifest) : manifest;
  }
  mendTags(tags, Object.keys(versions));
  if (view.variant !== ABBREVIATED) return JSON.stringify({ ...source, versions });
  const modified = source.modified ?? time?.modified;
  return JSON.stringify({ name, "dist-tags": tags, versions, ...(typeof modified === "string" && { modified }) });
}

function packument(doc: Doc): Packument {
  const found = doc.json<Packument>();
  if (typeof found?.name !== "string") throw new Error(`${doc.path} is no package document: it has no name`);
  if (found.versions !== undefined && !isRecord(found.versions))
    throw new Error(`${doc.path} is no package document: its versions are no object`);
  if (!isRecord(found["dist-tags"])) delete found["dist-tags"];
  if (!isRecord(found.time)) delete found.time;
  return found;
}

/** The versions that can be installed; clients skip one without an archive unless they choose it. */
function manifestsOf({ versions = {} }: Packument): Entries<[version: string, manifest: Manifest]> {
  return readEntries(
    Object.entries(versions),
    ([version, manifest]) => {
      labelOf(version, "version");
      if (!isRecord(manifest)) throw new Error("it is no manifest");
      if (!isRecord(manifest.dist) || typeof manifest.dist.tarball !== "string" || manifest.dist.tarball === "")
        throw new Error("it has no dist.tarball");
      const { shasum, integrity, attestations: proof } = manifest.dist as Record<string, unknown>;
      if (![shasum, integrity].every((each) => each === undefined || each === null || typeof each === "string"))
        throw new Error("its digest is no text");
      // What states nothing is as if it was not there.
      for (const field of ["shasum", "integrity"] as const)
        if (manifest.dist[field] === null) delete manifest.dist[field];
      if (proof !== undefined && !isRecord(proof)) delete manifest.dist.attestations;
      if (!isRecord(manifest.scripts)) delete manifest.scripts;
      return [version, manifest];
    },
    ([version]) => version,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function read(served: Uint8Array): Packument {
  return JSON.parse(new TextDecoder().decode(served)) as Packument;
}

/** `@scope/name`, its parts percent-encoded where they must be. */
function encode(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/").replace("%40", "@");
}

function document(name: string): Path {
  return `/${encode(name).replace("/", "%2f")}`;
}

function attestations(name: string, version: string): Path {
  return `/-/npm/v1/attestations/${encode(name)}@${encodeURIComponent(version)}`;
}

/** The registry's own path where it has this package's shape (lockfiles keep it), else one that every package could have. */
function tarball(doc: Doc, name: string, version: string, { tarball: url }: Manifest["dist"]): Path {
  const path = doc.pathOf(url);
  const known =
    path && decodedPath(path).startsWith(`/${name}/-/`) && !/\/|%2f/i.test(path.slice(path.indexOf("/-/") + 3));
  return known
    ? path
    : `/${encode(name)}/-/${encodeURIComponent(`${name.slice(name.indexOf("/") + 1)}-${version}.tgz`)}`;
}

/** `lodash-4.17.21.tgz` in `lodash`, `core-7.0.0.tgz` in `@babel/core`; old files have other names, and facts know them. */
function release(name: string, file: string): Release {
  const prefix = `${name.slice(name.indexOf("/") + 1)}-`;
  return { name, version: file.startsWith(prefix) ? file.slice(prefix.length).replace(/\.tgz$/, "") : "" };
}

async function search(query: URLSearchParams, stored: AsyncIterable<Release>) {
  // npm lists the maintainers without a look whether there are any.
  const found = await searchStored(stored, query.get("text"), compareSemver);
  const objects = found.map((release) => ({ package: { ...release, maintainers: [] } }));
  return { objects: objects.slice(0, Number(query.get("size") ?? 20)), total: objects.length };
}
