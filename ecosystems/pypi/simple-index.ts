/** A project's page of the Python "simple" repository API: JSON (PEP 691) and HTML (PEP 503) in one form. */
import { digestOfText } from "../../src/contract/digest.ts";
import type { Digest, Doc, LeftOut } from "../../src/contract/ecosystem.ts";
import { addressOf } from "../../src/contract/plain.ts";
import { type Entries, labelOf, readEntries } from "../shared/entries.ts";
import { escapeHtml, isWhole, metaOf, tagsOf } from "../shared/html.ts";
import { isDistribution, normalize } from "./distribution.ts";

/** Characters of a list of projects that are looked at. */
const BEGINNING = 16 * 1024;
export const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
export const HTML_TYPES = ["text/html", "application/vnd.pypi.simple.v1+html"] as const;

type Metadata = boolean | Record<string, string>;

/** PEP 691's names, whatever the page was; what is not named here is kept as it is. */
export interface Project {
  meta: { "api-version": string; "_last-serial"?: number | string; [key: string]: unknown };
  name: string;
  versions?: string[];
  /** PEP 792. */
  "project-status"?: { status?: string; reason?: string };
  files: ProjectFile[];
  [key: string]: unknown;
}

/** A project's page as it is used: files that cannot be read are left out of it. */
export interface ReadProject {
  project: Project;
  leftOut: LeftOut[];
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
export function readProject(doc: Doc, name: string): ReadProject {
  const project = isJson(doc) ? doc.json<Project>() : fromHtml(doc, name);
  if (!Array.isArray(project?.files)) throw new Error(`${doc.path} is no project page: it has no files`);
  // PEP 792: files of a quarantined project must not be offered; most registries leave them out themselves.
  const isQuarantined = project["project-status"]?.status === "quarantined";
  const { found: files, leftOut } = readFiles(isQuarantined ? [] : project.files);
  const { meta, versions } = project;
  return {
    project: {
      ...project,
      meta: typeof meta === "object" && meta !== null ? meta : { "api-version": "1.0" },
      ...(versions !== undefined && { versions: Array.isArray(versions) ? versions.filter(isText) : [] }),
      files,
    },
    leftOut,
  };
}

/** Files with a name and an address; clients skip the others. */
export function readFiles(files: readonly unknown[]): Entries<ProjectFile> {
  return readEntries(files, readFile, (file) => (file as ProjectFile | null)?.filename ?? file);
}

/** A file of a list, without what states nothing. Throws where it is none. */
export function readFile(stated: unknown): ProjectFile {
  if (typeof stated !== "object" || stated === null) throw new Error("it is no file");
  const file = { ...stated } as ProjectFile;
  labelOf(file.filename, "filename");
  if (!isText(file.url) || !addressOf(file.url, "https://index.example/")) throw new Error("its url is no address");
  if (LOCAL.test(file.url)) throw new Error("its url is no address of the web");
  file.hashes = textsOf(file.hashes);
  for (const field of METADATA) {
    const metadata = file[field];
    if (typeof metadata === "object" && metadata !== null) file[field] = textsOf(metadata);
  }
  for (const field of ["requires-python", "provenance"] as const)
    if (file[field] !== null && !isText(file[field])) delete file[field];
  return file;
}

/** The fields of a record that are texts. */
function textsOf(record: unknown): Record<string, string> {
  if (typeof record !== "object" || record === null) return {};
  return Object.fromEntries(Object.entries(record).filter((each): each is [string, string] => isText(each[1])));
}

/** Schemes that no index means to be fetched. */
const LOCAL = /^(?!https?:)[a-z][a-z\d+.-]*:/i;

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function fromHtml(doc: Doc, name: string): Project {
  const text = doc.text();
  // The first counts (HTML, 4.2.3), in clients too.
  const base = tagsOf(text, "base")
    .find((tag) => tag.has("href"))
    ?.get("href");
  const from = base === undefined ? undefined : doc.urlOf(base);
  const tags = tagsOf(text, "a");
  const files = tags.map((tag) => fileOf(tag, from)).filter(({ filename }) => isDistribution(filename));
  // A page with links is no project's page for that: portals have them, too. Of an empty one its title tells, also where a web server
  // made it of a folder.
  const isPage = files.length > 0 || /repository-version|links for|index of \//i.test(text);
  if (!isPage || !isWhole(text)) throw new Error(`${doc.path} is no project page, or not a whole one`);
  const serial = /<!--SERIAL (\d+)-->/.exec(text)?.[1];
  const meta = metaOf(text);
  const [status, reason] = [meta.get("pypi:project-status"), meta.get("pypi:project-status-reason")];
  return {
    // The page says nothing of sizes and versions, which newer revisions of the JSON must.
    meta: { "api-version": "1.0", ...(serial && { "_last-serial": serial }) },
    name,
    ...(status && { "project-status": { status, ...(reason && { reason }) } }),
    files,
  };
}

/** `base`: of relative addresses, where it is not the page's own. As pip reads it: the address names the file, not the anchor's text, which some servers shorten. */
function fileOf(tag: ReadonlyMap<string, string>, base: string | undefined): ProjectFile {
  const [href = "", fragment] = (tag.get("href") ?? "").split("#");
  const url = (base !== undefined && addressOf(href, base)?.href) || href;
  const hashes = Array.from(new URLSearchParams(fragment)).filter(([algorithm]) =>
    /^(?:md5|sha\d|blake2)/i.test(algorithm),
  );
  const metadata = tag.get("data-core-metadata") ?? tag.get("data-dist-info-metadata");
  // Not in any PEP, but some mirrors say it, and their HTML has no other date.
  const uploaded = tag.get("data-upload-time");
  return {
    filename: lastSegment(url),
    url,
    hashes: Object.fromEntries(hashes),
    ...(tag.has("data-requires-python") && { "requires-python": tag.get("data-requires-python")! }),
    ...(tag.has("data-yanked") && { yanked: tag.get("data-yanked") || true }),
    ...(metadata !== undefined && { "core-metadata": readMetadata(metadata) }),
    ...(tag.get("data-provenance") && { provenance: tag.get("data-provenance")! }),
    ...(uploaded && { "upload-time": uploaded }),
  };
}

/** The decoded name of what a URL points to: `../a/foo-1.0%2Bcpu.tar.gz?x` → `foo-1.0+cpu.tar.gz`. */
function lastSegment(url: string): string {
  const [path = ""] = url.split("?");
  const segment = path.replace(/\/$/, "").split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** What pip compares, too. */
/** By the names that indexes have for them, which are those of Python's hashlib. */
const ALGORITHMS = [
  ["sha256", "sha256"],
  ["sha512", "sha512"],
  ["sha384", "sha384"],
  ["blake2b", "blake2b512"],
  ["blake2b_256", "blake2b256"],
  ["sha224", "sha224"],
  ["sha1", "sha1"],
  ["md5", "md5"],
] as const;

/** The digest to verify a file by: the one that every registry has, else the strongest that we compute. */
export function digestOf(hashes: Readonly<Record<string, string>> = {}): Digest | undefined {
  const stated = new Map(Object.entries(hashes).map(([name, value]) => [name.toLowerCase(), value]));
  const [name, algorithm] = ALGORITHMS.find(([each]) => stated.get(each)) ?? [];
  if (!name || !algorithm) return undefined;
  // What is no digest stays what nothing has: a client would refuse the file, too.
  return digestOfText(algorithm, stated.get(name)!) ?? `${algorithm}:${stated.get(name)!}`;
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

/** PEP 503, with what later PEPs added: 592 (yanked), 629 (version), 658 and 714 (metadata), 740 (provenance), 792 (status). */
export function toHtml({ meta, name, files, "project-status": state }: Project): string {
  const anchors = files.map((file) => {
    const [algorithm] = ["sha256", ...Object.keys(file.hashes)].filter((key) => file.hashes[key]);
    const metadata = metadataOf(file);
    const attributes = attributesFrom({
      href: algorithm ? `${file.url}#${algorithm}=${file.hashes[algorithm]}` : file.url,
      "data-requires-python": file["requires-python"],
      "data-yanked": file.yanked === true ? "" : file.yanked,
      "data-core-metadata": attributeOf(metadata),
      "data-dist-info-metadata": attributeOf(metadata),
      "data-provenance": file.provenance,
    });
    return `<a${attributes}>${escapeHtml(file.filename)}</a><br/>\n`;
  });
  const metas = Object.entries({
    "pypi:repository-version": meta["api-version"],
    "pypi:project-status": state?.status,
    "pypi:project-status-reason": state?.reason,
  }).map(([key, content]) => (content ? `<meta${attributesFrom({ name: key, content })}>\n` : ""));
  const title = `Links for ${escapeHtml(name)}`;
  return page(`${metas.join("")}<title>${title}</title>`, `<h1>${title}</h1>\n${anchors.join("")}`);
}

/** Throws where a document is no list of all projects. Cheap, for lists are long. */
export function requireRoot(doc: Doc): void {
  const isList = isJson(doc)
    ? /"projects"\s*:\s*\[/.test(doc.text())
    : isWhole(doc.text()) && areProjects(doc.text().slice(0, BEGINNING));
  if (!isList) throw new Error(`${doc.path} is no list of projects`);
}

/** PEP 503: the text of each anchor is the name of a project, and its address ends with it. */
function areProjects(start: string): boolean {
  const anchors = start.split(/<\/a/i).slice(0, -1);
  if (anchors.length === 0) return /repository-version|simple index/i.test(start);
  return anchors.some((anchor) => {
    const [tag] = tagsOf(anchor.slice(anchor.toLowerCase().lastIndexOf("<a")), "a");
    const text = anchor.slice(anchor.lastIndexOf(">") + 1).trim();
    return text !== "" && normalize(lastSegment(tag?.get("href") ?? "")) === normalize(text);
  });
}

/** The list of all projects in the representation asked for. Throws where it is none, or is cut off. */
export function renderRoot(doc: Doc, variant: string): string | Uint8Array {
  const fromJson = isJson(doc);
  if (!fromJson && !isWhole(doc.text())) throw new Error(`${doc.path} is no list of projects, or not a whole one`);
  const list = fromJson
    ? doc.json<{ projects: { name: string }[] }>()
    : {
        meta: { "api-version": "1.0" },
        projects: tagsOf(doc.text(), "a").map((tag) => ({ name: lastSegment(tag.get("href") ?? "") })),
      };
  if (!Array.isArray(list.projects)) throw new Error(`${doc.path} is no list of projects`);
  if (variant === JSON_TYPE) return fromJson ? doc.bytes() : JSON.stringify(list);
  // Upstream's own links may start at its root, where this proxy has other things.
  const anchors = list.projects.map(
    ({ name }) => `<a href="${encodeURIComponent(name)}/">${escapeHtml(name)}</a><br/>\n`,
  );
  return page("<title>Simple index</title>", anchors.join(""));
}

function page(head: string, body: string): string {
  return `<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n${head}\n</head>\n<body>\n${body}</body>\n</html>\n`;
}

function isJson(doc: Doc): boolean {
  return doc.mediaType.includes("json") || doc.text().trimStart().startsWith("{");
}

/** `sha256=ab…` → its map, anything else but nothing → true. */
function readMetadata(attribute: string): Metadata {
  const [algorithm = "", hex] = attribute.split("=");
  return hex ? { [algorithm]: hex } : attribute !== "false";
}

function attributeOf(metadata: Metadata): string | undefined {
  if (!metadata) return undefined;
  const [first] = metadata === true ? [] : Object.entries(metadata);
  return first ? first.join("=") : "true";
}

/** What is no text is left out. */
function attributesFrom(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([key, value]) => (typeof value === "string" ? ` ${key}="${escapeHtml(value)}"` : ""))
    .join("");
}
