/** The files on a project's page of the Python package index: where this proxy has them, and what is stated of each. */
import { hash } from "../../src/contract/digest.ts";
import type { Digest, Doc, FileFacts, Path, ReleaseFacts } from "../../src/contract/ecosystem.ts";
import { isSourceArchive, markerOfFile, normalize, releaseOf } from "./distribution.ts";
import { markerOf } from "./markers.ts";
import { digestOf, metadataOf, type ProjectFile } from "./simple-index.ts";

/** How the public registry and its mirrors lay files out, wherever these are: by the BLAKE2b of their bytes. */
const LAYOUT = /\/(?<place>[\da-f]{2}\/[\da-f]{2}\/[\da-f]{60}\/[^/?#]+)$/;
const BUILDS = "it is a source archive: building it may need more, and what it requires is not known before";

/** The registry's own path where it has one, else one made of what identifies the file. */
export function pathOf(doc: Doc, { url, filename, hashes }: Pick<ProjectFile, "url" | "filename" | "hashes">): Path {
  const { index = 0, groups } = LAYOUT.exec(url) ?? {};
  const place = groups?.["place"];
  const before = url.slice(0, index + 1);
  const start = before.lastIndexOf("/packages/");
  if (place && start >= 0 && !/[?#]/.test(before.slice(start))) return `/packages/${place}`;
  const path = doc.pathOf(url);
  if (path?.startsWith("/packages/")) return path;
  const id = hashes["sha256"] ?? hash("sha256", url);
  return `/packages/${id.slice(0, 2)}/${id.slice(2, 4)}/${id.slice(4)}/${encodeURIComponent(filename)}`;
}

export function provenanceOf(doc: Doc, { provenance }: ProjectFile): Path | undefined {
  const path = provenance ? doc.pathOf(provenance) : undefined;
  return path?.startsWith("/integrity/") ? path : undefined;
}

/**
 * One entry a file, not a release: a file that is added late to an old release is as young as it is, and a cooldown must hold
 * it back alone. The earliest date would let it pass, the latest would hide what has been there for years.
 */
export function stated(doc: Doc, file: ProjectFile): ReleaseFacts {
  const { filename } = file;
  const at = new Date(file["upload-time"] ?? "");
  const requires: unknown = file["requires-python"];
  const python = typeof requires === "string" && requires ? markerOf(requires) : undefined;
  return {
    ...releaseOf(filename, normalize(doc.params.name!)),
    ...(!Number.isNaN(at.getTime()) && { publishedAt: at }),
    ...(file.yanked && { state: "yanked" as const }),
    ...(python && { marker: python }),
    ...(isSourceArchive(filename) && { builds: BUILDS }),
    files: filesOf(doc, file),
  };
}

/** The file itself, and what describes it. */
function filesOf(doc: Doc, file: ProjectFile): FileFacts[] {
  const { filename, url, hashes, size } = file;
  const path = pathOf(doc, file);
  const marker = markerOfFile(filename);
  const metadata = metadataOf(file);
  const provenance = provenanceOf(doc, file);
  const fact = (of: Path, from: string, digest: Digest | undefined): FileFacts => ({
    path: of,
    url: from,
    qualifiers: { file_name: filename },
    ...(digest && { digest }),
  });
  const main: FileFacts = {
    ...fact(path, url, digestOf(hashes)),
    ...(size && { size }),
    ...(marker && { marker }),
    ...(isSourceArchive(filename) && { isSource: true }),
    ...(provenance && { attestedIn: provenance }),
  };
  const digest = typeof metadata === "object" ? digestOf(metadata) : undefined;
  return [
    main,
    ...(metadata ? [{ ...fact(`${path}.metadata`, besides(url), digest), beside: path }] : []),
    ...(provenance ? [{ ...fact(provenance, file.provenance!, undefined), optional: true, beside: path }] : []),
  ];
}

/** PEP 658: the suffix belongs to the path, not to a query behind it. */
function besides(url: string): string {
  return url.replace(/(?=\?|$)/, ".metadata");
}
