import { hash } from "../src/digest.ts";
import type { Doc, Ecosystem, Path, Release, ReleaseFacts, View } from "../src/ecosystem.ts";
import { normalize, pythonVersions, releaseOf, requirementsOf } from "../src/formats/distribution.ts";
import { type LegacyFile, readLegacy } from "../src/formats/legacy-project.ts";
import {
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
      match: /^\/simple\/(?<name>[^/]+)\/?$/,
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
      match: /^\/pypi\/(?<name>[^/]+)(?:\/[^/]+)?\/json$/,
      parse: parseLegacy,
      rewrite: rewriteLegacy,
    },
    {
      kind: "metadata",
      match: "/integrity/:name/:version/:file/provenance",
      accept: "application/vnd.pypi.integrity.v1+json",
    },
    { kind: "deny", match: "/legacy/:rest+", status: 403, reason: "Uploads go to the registry itself." },
  ],

  index: ({ name }) => [`/simple/${normalize(name)}/`],
  identity: normalize,
  keepHeaders: ["x-pypi-last-serial"],

  versions: pythonVersions,
};

/** One entry a file: each has its own date, and a file that is added late to an old release is as young as it is. */
function parse(doc: Doc) {
  const name = normalize(doc.params.name!);
  const { files, meta } = readProject(doc, name);
  const releases = files.map((file): ReleaseFacts => {
    const path = pathOf(doc, file);
    const { sha256 } = file.hashes;
    const metadata = metadataOf(file);
    const known = typeof metadata === "object" && metadata.sha256;
    const named = { qualifiers: { file_name: file.filename } };
    return {
      ...releaseOf(file.filename, name),
      ...(file["upload-time"] && { publishedAt: new Date(file["upload-time"]) }),
      ...(file.yanked && { state: "yanked" as const }),
      files: [
        {
          ...named,
          path,
          url: file.url,
          ...(sha256 && { digest: `sha256:${sha256}` }),
          ...(file.size && { size: file.size }),
        },
        ...(metadata
          ? [
              {
                ...named,
                path: `${path}.metadata` as Path,
                url: `${file.url}.metadata`,
                ...(known && { digest: `sha256:${known}` as const }),
              },
            ]
          : []),
      ],
    };
  });
  const serial = Number(meta?.["_last-serial"] ?? Number.NaN);
  return { releases, ...(Number.isFinite(serial) && { revision: serial }) };
}

function rewrite(doc: Doc, view: View): string {
  const name = normalize(doc.params.name!);
  const project = readProject(doc, name);
  const files = project.files.flatMap((file) => {
    const path = pathOf(doc, file);
    const release = releaseOf(file.filename, name);
    return view.admits(release, path) ? [shown(doc, view, file, path, release)] : [];
  });
  const versions = new Set(files.map(({ filename }) => releaseOf(filename, name).version));
  const { tracks: _, ...meta } = project.meta;
  const kept: Project = {
    ...project,
    meta,
    files,
    ...(project.versions && { versions: project.versions.filter((version) => versions.has(version)) }),
  };
  // Other indexes that a project points to (PEP 708) are not behind this proxy.
  delete kept["alternate-locations"];
  return view.variant === JSON_TYPE ? JSON.stringify(kept) : toHtml(kept);
}

/** A file as clients see it. Metadata that is not there must not be announced: to pip a 404 is fatal. */
function shown(doc: Doc, view: View, file: ProjectFile, path: Path, release: Release): ProjectFile {
  const provenance = doc.pathOf(file.provenance ?? "");
  const linked = {
    ...file,
    url: view.link(path),
    ...(file.provenance && { provenance: provenance ? view.link(provenance) : null }),
  };
  return view.admits(release, `${path}.metadata`) ? linked : withoutMetadata(linked);
}

/** The registry's own path where it has one, else one made of what identifies the file. */
function pathOf(doc: Doc, { url, filename, hashes }: Pick<ProjectFile, "url" | "filename" | "hashes">): Path {
  const path = doc.pathOf(url);
  if (path?.startsWith("/packages/")) return path;
  const id = hashes.sha256 ?? hash("sha256", url);
  return `/packages/${id.slice(0, 2)}/${id.slice(2, 4)}/${id.slice(4)}/${encodeURIComponent(filename)}`;
}

function parseLegacy(doc: Doc) {
  const { releases = {}, urls } = readLegacy(doc);
  const files = [...Object.values(releases).flat(), ...urls];
  return {
    releases: files.map(({ upload_time_iso_8601: at, ...file }): ReleaseFacts => {
      const named = { path: pathOf(doc, { ...file, hashes: file.digests }), url: file.url };
      return { ...releaseOf(file.filename), ...(at && { publishedAt: new Date(at) }), files: [named] };
    }),
  };
}

function rewriteLegacy(doc: Doc, view: View): string {
  const mend = (files: LegacyFile[]) =>
    files.flatMap((file) => {
      const path = pathOf(doc, { ...file, hashes: file.digests });
      return view.admits(releaseOf(file.filename), path) ? [{ ...file, url: view.link(path) }] : [];
    });
  const found = readLegacy(doc);
  const releases = Object.entries(found.releases ?? {}).map(([version, files]) => [version, mend(files)] as const);
  return JSON.stringify({
    ...found,
    urls: mend(found.urls),
    ...(found.releases && { releases: Object.fromEntries(releases.filter(([, files]) => files.length > 0)) }),
  });
}
