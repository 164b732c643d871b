import type { Doc, Ecosystem, Facts, Release, View } from "../src/contract/ecosystem.ts";
import { pypiCatalog } from "./pypi/catalog.ts";
import { canonicalVersion, normalize, pythonVersions, releaseOf, requirementsOf } from "./pypi/distribution.ts";
import { filterLegacy, fromLegacy, readLegacy } from "./pypi/legacy-project.ts";
import { pdmLock } from "./pypi/lockfile-pdm.ts";
import { pipfileLock } from "./pypi/lockfile-pipfile.ts";
import { poetryLock } from "./pypi/lockfile-poetry.ts";
import { pylock } from "./pypi/lockfile-pylock.ts";
import { requirementsTxt } from "./pypi/lockfile-requirements.ts";
import { uvLock } from "./pypi/lockfile-uv.ts";
import { mayHold } from "./pypi/markers.ts";
import { pathOf, provenanceOf, stated } from "./pypi/project-files.ts";
import {
  HTML_TYPES,
  JSON_TYPE,
  type Project,
  type ProjectFile,
  readProject,
  renderRoot,
  requireRoot,
  toHtml,
  withoutMetadata,
} from "./pypi/simple-index.ts";
import { fitsWheel, isWheelTags } from "./pypi/wheel-tags.ts";
import { fromProvenance } from "./shared/attestations.ts";

const ACCEPT = `${JSON_TYPE}, ${HTML_TYPES[1]};q=0.2, ${HTML_TYPES[0]};q=0.1`;
/** HTML first: it is for clients that do not say what they take. */
const VARIANTS = [HTML_TYPES[0], JSON_TYPE, HTML_TYPES[1]];
export const pypi: Ecosystem = {
  id: "pypi",
  contract: 2,
  title: "Python package index: pip, uv, poetry, pdm",
  spec: "https://packaging.python.org/en/latest/specifications/simple-repository-api/",
  upstreams: { default: "https://pypi.org", files: "https://files.pythonhosted.org" },
  aliases: { "pypi.python.org": "default" },
  setup: (base) => `pip config set global.index-url ${base}/simple/`,

  routes: [
    {
      kind: "metadata",
      match: /^\/packages\/(?:.+\/)?(?<file>[^/]+)\.metadata$/,
      freshness: "immutable",
      from: ["files", "default"],
      release: ({ file }) => releaseOf(file!),
      mayBeCut: true,
      parse: coreMetadata,
    },
    {
      kind: "artifact",
      match: /^\/packages\/(?:.+\/)?(?<file>[^/]+\.whl)$/,
      from: ["files", "default"],
      release: ({ file }) => releaseOf(file!),
      // Not all indexes offer it beside the wheel.
      inside: { member: /^[^/]+\.dist-info\/METADATA$/, parse: coreMetadata },
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
      mayBeCut: isOpenPage,
      accept: ACCEPT,
      variants: VARIANTS,
      parse,
      rewrite,
    },
    {
      kind: "metadata",
      match: /^\/simple\/?$/,
      canonical: () => "/simple/",
      mayBeCut: isOpenPage,
      accept: ACCEPT,
      variants: VARIANTS,
      freshness: 3_600,
      parse: (doc) => {
        requireRoot(doc);
        return {};
      },
      rewrite: (doc, view) => renderRoot(doc, view.variant),
    },
    {
      kind: "metadata",
      match: /^\/pypi\/(?<name>[\w.-]+)(?:\/(?<version>(?:[\w.!+-]|%2[Bb])+))?\/json$/,
      canonical: ({ name, version }) => `/pypi/${normalize(name!)}/${version ? `${version}/` : ""}json`,
      package: ({ name }) => name,
      parse: (doc) => {
        const { legacy, leftOut } = readLegacy(doc);
        const files = [...Object.values(legacy.releases ?? {}).flat(), ...legacy.urls];
        return { releases: files.map((file) => stated(doc, fromLegacy(file))), leftOut };
      },
      rewrite: rewriteLegacy,
    },
    {
      // Attestations are made when the file is uploaded (PEP 740).
      kind: "metadata",
      match: "/integrity/:name/:version/:file/provenance",
      package: ({ name }) => name,
      freshness: "immutable",
      accept: "application/vnd.pypi.integrity.v1+json",
      attests: (doc) => fromProvenance(doc, doc.params.file!),
    },
    {
      kind: "deny",
      match: /^\/(?:legacy\/?)?$/,
      methods: ["POST"],
      status: 403,
      reason: "This proxy only reads: upload to the registry itself.",
    },
  ],

  names: /^[a-z\d](?:[\w.-]*[a-z\d])?$/i,
  index: ({ name }) => [`/simple/${normalize(name)}/`],
  catalog: pypiCatalog,
  identity: normalize,
  signs: ["sigstore"],
  keepHeaders: ["x-pypi-last-serial"],
  problem: (status, detail) => ({ status, detail }),

  lockfiles: [uvLock, poetryLock, pdmLock, pylock, pipfileLock, requirementsTxt],
  versions: pythonVersions,
  // Those that are maintained, and what the long-term releases of distributions have.
  selects: "compatible",
  runtimes: ["3.10", "3.11", "3.12", "3.13", "3.14+"].map((python) => ({ python })),
  runsOn: (marker, platform) => (isWheelTags(marker) ? fitsWheel(marker, platform) : mayHold(marker, platform)),
};

/** A page whose end is missing, or that never had one. */
function isOpenPage(doc: Doc): boolean {
  return !doc.mediaType.includes("json") && !/<\/(?:html|body)\s*>\s*$/i.test(doc.text().slice(-200));
}

/** It names its release itself, but wheels may spell it otherwise than their index. An extra may ask for others of its own. */
function coreMetadata(doc: Doc): Facts {
  const release = releaseOf(doc.params.file!);
  const [head = ""] = doc.text().split(/\r?\n\r?\n/, 1);
  const missing = ["Name", "Version"].find((name) => !new RegExp(`^${name}:[ \\t]*\\S`, "im").test(head));
  if (missing) throw new Error(`this is no core metadata: it has no ${missing}`);
  const { found, leftOut } = requirementsOf(doc.text());
  const requires = found.map((each) =>
    each.name === release.name ? { ...each, range: `==${release.version}` } : each,
  );
  return { releases: [{ ...release, requires }], leftOut };
}

function parse(doc: Doc) {
  const { project, leftOut } = readProject(doc, normalize(doc.params.name!));
  const { files, meta } = project;
  const serial = Number(meta?.["_last-serial"] ?? Number.NaN);
  return { releases: files.map((file) => stated(doc, file)), leftOut, ...(serial > 0 && { revision: serial }) };
}

function rewrite(doc: Doc, view: View): string {
  const name = normalize(doc.params.name!);
  const { project } = readProject(doc, name);
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

function rewriteLegacy(doc: Doc, view: View): string | undefined {
  const name = normalize(doc.params.name!);
  const kept = filterLegacy(readLegacy(doc).legacy, (files) =>
    files.flatMap((file) => {
      const path = pathOf(doc, fromLegacy(file));
      return view.admits(releaseOf(file.filename, name), path) ? [{ ...file, url: view.link(path) }] : [];
    }),
  );
  return kept && JSON.stringify(kept);
}
