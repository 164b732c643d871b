/** A project's page of the Python "simple" repository API: JSON (PEP 691) and HTML (PEP 503) in one form. */
import type { Doc } from "../ecosystem.ts";

export const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
export const HTML_TYPES = ["text/html", "application/vnd.pypi.simple.v1+html"] as const;

type Metadata = boolean | Record<string, string>;

/** PEP 691's names, whatever the page was; what is not named here is kept as it is. */
export interface Project {
  meta: { "api-version": string; "_last-serial"?: number | string; [key: string]: unknown };
  name: string;
  versions?: string[];
  files: ProjectFile[];
  [key: string]: unknown;
}

export interface ProjectFile {
  filename: string;
  url: string;
  hashes: Record<string, string>;
  "requires-python"?: string | null;
  size?: number | null;
  "upload-time"?: string | null;
  yanked?: boolean | string;
  "core-metadata"?: Metadata;
  "dist-info-metadata"?: Metadata;
  "data-dist-info-metadata"?: Metadata;
  provenance?: string | null;
  [key: string]: unknown;
}

/** Reads either representation. Throws where it is neither, or is cut off. */
export function readProject(doc: Doc, name: string): Project {
  const text = doc.text();
  if (!doc.mediaType.includes("json") && !text.trimStart().startsWith("{")) return fromHtml(text, name, doc.path);
  const project = doc.json<Project>();
  if (!Array.isArray(project.files)) throw new Error(`${doc.path} is no project page: it has no files`);
  return project;
}

function fromHtml(text: string, name: string, path: string): Project {
  const isPage = /<a\s/i.test(text) || /repository-version|links for/i.test(text);
  if (!isPage || (/<html/i.test(text) && !/<\/html>\s*$/i.test(text)))
    throw new Error(`${path} is no whole project page`);
  const files = Array.from(text.matchAll(/<a\b([^>]*)>([^<]*)<\/a>/gi), ([, attributes, label]): ProjectFile => {
    const has = new Map(
      Array.from(attributes!.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?/g), ([, key, double, single]) => [
        key!.toLowerCase(),
        unescapeHtml(double ?? single ?? ""),
      ]),
    );
    const [url = "", fragment = ""] = (has.get("href") ?? "").split("#");
    const [algorithm = "", hex] = fragment.split("=");
    const metadata = has.get("data-core-metadata") ?? has.get("data-dist-info-metadata");
    return {
      filename: unescapeHtml(label!).trim(),
      url,
      hashes: hex ? { [algorithm]: hex } : {},
      ...(has.has("data-requires-python") && { "requires-python": has.get("data-requires-python")! }),
      ...(has.has("data-yanked") && { yanked: has.get("data-yanked") || true }),
      ...(metadata !== undefined && { "core-metadata": readMetadata(metadata) }),
      ...(has.get("data-provenance") && { provenance: has.get("data-provenance")! }),
    };
  });
  return { meta: { "api-version": "1.0" }, name, files };
}

const METADATA = ["core-metadata", "dist-info-metadata", "data-dist-info-metadata"] as const;

/** Whether the file's metadata can be had beside it (PEP 658, 714), and its digests where they are stated. */
export function metadataOf(file: ProjectFile): Metadata {
  const [stated] = METADATA.filter((key) => file[key] !== undefined);
  return stated ? (file[stated] ?? false) : false;
}

export function withoutMetadata(file: ProjectFile): ProjectFile {
  const stated = METADATA.filter((key) => file[key]);
  return { ...file, ...Object.fromEntries(stated.map((key) => [key, false])) };
}

/** PEP 503, with what later PEPs added: 592 (yanked), 629 (version), 658 and 714 (metadata), 740 (provenance). */
export function toHtml({ meta, name, files }: Project): string {
  const anchors = files.map((file) => {
    const [algorithm] = ["sha256", ...Object.keys(file.hashes)].filter((key) => file.hashes[key]);
    const metadata = metadataOf(file);
    const attributes = [
      ["href", algorithm ? `${file.url}#${algorithm}=${file.hashes[algorithm]}` : file.url],
      ["data-requires-python", file["requires-python"]],
      ["data-yanked", file.yanked === true ? "" : file.yanked],
      ["data-core-metadata", attributeOf(metadata)],
      ["data-dist-info-metadata", attributeOf(metadata)],
      ["data-provenance", file.provenance],
    ].flatMap(([key, value]) => (typeof value === "string" ? [`${key}="${escapeHtml(value)}"`] : []));
    return `<a ${attributes.join(" ")}>${escapeHtml(file.filename)}</a><br/>\n`;
  });
  const title = `Links for ${escapeHtml(name)}`;
  return `<!DOCTYPE html>
<html>
<head><meta name="pypi:repository-version" content="${escapeHtml(String(meta["api-version"]))}"><title>${title}</title></head>
<body>
<h1>${title}</h1>
${anchors.join("")}</body>
</html>
`;
}

/** The list of all projects, in the representation asked for; what is none is left as it came. */
export function renderRoot(doc: Doc, variant: string): string | Uint8Array {
  const isJson = doc.mediaType.includes("json");
  if (isJson === (variant === JSON_TYPE)) return doc.bytes();
  const names = isJson
    ? doc.json<{ projects: { name: string }[] }>().projects.map(({ name }) => name)
    : Array.from(doc.text().matchAll(/<a\b[^>]*>([^<]*)<\/a>/gi), ([, label]) => unescapeHtml(label!).trim());
  if (!isJson) {
    return JSON.stringify({ meta: { "api-version": "1.0" }, projects: names.map((name) => ({ name })) });
  }
  const anchors = names.map((name) => `<a href="${encodeURIComponent(name)}/">${escapeHtml(name)}</a><br/>\n`);
  return `<!DOCTYPE html>\n<html>\n<head><title>Simple index</title></head>\n<body>\n${anchors.join("")}</body>\n</html>\n`;
}

/** `sha256=ab…` → its map, anything else but nothing → true. */
function readMetadata(attribute: string): Metadata {
  const [algorithm = "", hex] = attribute.split("=");
  return hex ? { [algorithm]: hex } : attribute !== "false";
}

function attributeOf(metadata: Metadata | undefined): string | undefined {
  if (!metadata) return undefined;
  const [first] = metadata === true ? [] : Object.entries(metadata);
  return first ? first.join("=") : "true";
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal: string, hex: string, name: string) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
