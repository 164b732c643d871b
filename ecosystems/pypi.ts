import { hash } from "../src/digest.ts";
import type { Digest, Doc, Ecosystem, FileFacts, Path, Release, ReleaseFacts, View } from "../src/ecosystem.ts";
import { canonicalVersion, normalize, pythonVersions, releaseOf, requirementsOf } from "../src/formats/distribution.ts";
import { filterLegacy, type LegacyFile, readLegacy } from "../src/formats/legacy-project.ts";
import {
  digestOf,
  HTML_TYPES,
  JSON_TYPE,
  metadataOf,
  type Project,
  type ProjectFile,
  readProject,
  renderRoot,
  toHtml,
  withoutMetadata,
} from "../src/formats/simple-index.ts";

const ACCEPT = `${JSON_TYPE}, ${HTML_TYPES[1]};q=0.2, ${HTML_TYPES[0]};q=0.1`;
/** HTML first: it is for clients that do not say what they take. */
const VARIANTS = [HTML_TYPES[0], JSON_TYPE, HTML_TYPES[1]];
/** How the public registry and its mirrors lay files out, wherever these are: by the BLAKE2b of their bytes. */
const LAYOUT = /\/packages\/(?:[^?#]*\/)?(?<place>[\da-f]{2}\/[\da-f]{2}\/[\da-f]{60}\/[^/?#]+)$/;

export const pypi: Ecosystem = {
  id: "pypi",
  contract: 1,
  title: "Python package index: pip, uv, poetry, pdm",
  spec: "https://packaging.python.org/en/latest/specifications/simple-repository-api/",
  upstreams: { default: "https://pypi.org", files: "https://files.pythonhosted.org" },
  setup: (base) => `pip config set global.index-url ${base}/simple/`,

  routes: [
    {
      kind: "metadata",
      match: /^\/packages\/(?:.+\/)?(?<file>[^/]+)\.metadata$/,
      freshness: "immutable",
      from: ["files", "default"],
      release: ({ file }) => releaseOf(file!),
      parse: (doc) => ({ releases: [{ ...releaseOf(doc.params.file!), requires: requirementsOf(doc.text()) }] }),
    },
    {
      kind: "artifact",
      match: /^\/packages\/(?:.+\/)?(?<file>[^/]+)$/,
      from: ["files", "default"],
      release: ({ file }) => releaseOf(file!),
    },
    {
      kind: "metadata",
      match: /^\/simple\/(?<name>[\w.-]+)\/?$/,
      // Any spelling is answered directly, where the registry would redirect: old clients do not follow.
      canonical: ({ name }) => `/simple/${normalize(name!)}/`,
      accept: ACCEPT,
      variants: VARIANTS,
      parse,
      rewrite,
    },
    {
      kind: "metadata",
      match: /^\/simple\/?$/,
      canonical: () => "/simple/",
      accept: ACCEPT,
      variants: VARIANTS,
      freshness: 3_600,
      rewrite: (doc, view) => renderRoot(doc, view.variant),
    },
    {
      kind: "metadata",
      match: /^\/pypi\/(?<name>[\w.-]+)(?:\/(?<version>(?:[\w.!+-]|%2[Bb])+))?\/json$/,
      canonical: ({ name, version }) => `/pypi/${normalize(name!)}/${version ? `${version}/` : ""}json`,
      parse: (doc) => {
        const { releases = {}, urls } = readLegacy(doc);
        return { releases: [...Object.values(releases).flat(), ...urls].map((file) => stated(doc, fromLegacy(file))) };
      },
      rewrite: rewriteLegacy,
    },
    {
      // Attestations are made when the file is uploaded (PEP 740).
      kind: "metadata",
      match: "/integrity/:name/:version/:file/provenance",
      freshness: "immutable",
      accept: "application/vnd.pypi.integrity.v1+json",
    },
    {
      kind: "deny",
      match: /^\/(?:legacy\/?)?$/,
      methods: ["POST"],
      status: 403,
      reason: "This proxy only reads: upload to the registry itself.",
    },
  ],

  index: ({ name }) => [`/simple/${normalize(name)}/`],
  identity: normalize,
  keepHeaders: ["x-pypi-last-serial"],
  problem: (status, detail) => ({ status, detail }),

  versions: pythonVersions,
};

function parse(doc: Doc) {
  const { files, meta } = readProject(doc, normalize(doc.params.name!));
  const serial = Number(meta?.["_last-serial"] ?? Number.NaN);
  return { releases: files.map((file) => stated(doc, file)), ...(serial > 0 && { revision: serial }) };
}

/**
 * One entry a file, not a release: a file that is added late to an old release is as young as it is, and a cooldown must hold
 * it back alone. The earliest date would let it pass, the latest would hide what has been there for years.
 */
function stated(doc: Doc, file: ProjectFile): ReleaseFacts {
  const path = pathOf(doc, file);
  const metadata = metadataOf(file);
  const provenance = provenanceOf(doc, file);
  const at = new Date(file["upload-time"] ?? "");
  const fact = (of: Path, url: string, digest: Digest | undefined): FileFacts => ({
    path: of,
    url,
    qualifiers: { file_name: file.filename },
    ...(digest && { digest }),
  });
  return {
    ...releaseOf(file.filename, normalize(doc.params.name!)),
    ...(!Number.isNaN(at.getTime()) && { publishedAt: at }),
    ...(file.yanked && { state: "yanked" as const }),
    files: [
      { ...fact(path, file.url, digestOf(file.hashes)), ...(file.size && { size: file.size }) },
      ...(metadata
        ? [fact(`${path}.metadata`, besides(file.url), metadata === true ? undefined : digestOf(metadata))]
        : []),
      ...(provenance ? [{ ...fact(provenance, file.provenance!, undefined), optional: true }] : []),
    ],
  };
}

/** PEP 658: the suffix belongs to the path, not to a query behind it. */
function besides(url: string): string {
  return url.replace(/(?=\?|$)/, ".metadata");
}

function rewrite(doc: Doc, view: View): string {
  const name = normalize(doc.params.name!);
  const project = readProject(doc, name);
  const files = project.files.flatMap((file) => shown(doc, view, file, releaseOf(file.filename, name)));
  const versions = new Set(files.map(({ filename }) => canonicalVersion(releaseOf(filename, name).version)));
  const { tracks: _, ...meta } = project.meta;
  const kept: Project = {
    ...project,
    meta,
    files,
    ...(project.versions && { versions: project.versions.filter((each) => versions.has(canonicalVersion(each))) }),
  };
  // Other indexes that a project points to (PEP 708) are not behind this proxy.
  delete kept["alternate-locations"];
  return view.variant === JSON_TYPE ? JSON.stringify(kept) : toHtml(kept);
}

/** A file as clients see it, if they do. Metadata that is not there must not be announced: to pip a 404 is fatal. */
function shown(doc: Doc, view: View, file: ProjectFile, release: Release): ProjectFile[] {
  const path = pathOf(doc, file);
  if (!view.admits(release, path)) return [];
  const provenance = provenanceOf(doc, file);
  const isLinked = provenance && view.admits(release, provenance);
  const linked = {
    ...file,
    url: view.link(path),
    ...(file.provenance && { provenance: isLinked ? view.link(provenance) : null }),
  };
  return [view.admits(release, `${path}.metadata`) ? linked : withoutMetadata(linked)];
}

/** The registry's own path where it has one, else one made of what identifies the file. */
function pathOf(doc: Doc, { url, filename, hashes }: Pick<ProjectFile, "url" | "filename" | "hashes">): Path {
  const place = LAYOUT.exec(url)?.groups?.["place"];
  if (place) return `/packages/${place}`;
  const path = doc.pathOf(url);
  if (path?.startsWith("/packages/")) return path;
  const id = hashes["sha256"] ?? hash("sha256", url);
  return `/packages/${id.slice(0, 2)}/${id.slice(2, 4)}/${id.slice(4)}/${encodeURIComponent(filename)}`;
}

function provenanceOf(doc: Doc, { provenance }: ProjectFile): Path | undefined {
  const path = provenance ? doc.pathOf(provenance) : undefined;
  return path?.startsWith("/integrity/") ? path : undefined;
}

function fromLegacy({ filename, url, digests, size, yanked, upload_time_iso_8601: at }: LegacyFile): ProjectFile {
  return { filename, url, hashes: digests, size: size ?? null, yanked: yanked ?? false, "upload-time": at ?? null };
}

function rewriteLegacy(doc: Doc, view: View): string | undefined {
  const name = normalize(doc.params.name!);
  const kept = filterLegacy(readLegacy(doc), (files) =>
    files.flatMap((file) => {
      const path = pathOf(doc, fromLegacy(file));
      return view.admits(releaseOf(file.filename, name), path) ? [{ ...file, url: view.link(path) }] : [];
    }),
  );
  return kept && JSON.stringify(kept);
}
