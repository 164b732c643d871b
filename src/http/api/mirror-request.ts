/** From the body of a request for a mirror job to what it asks for: JSON, a form with files, or an SBOM as it is. */
import { BadRequest, messageOf } from "../../lib/errors.ts";
import type { ItemCheck, PartialRequest } from "../../mirror/request/request.ts";
import { type Fields, fromTexts, type MirrorFields, readFields } from "./mirror-fields.ts";
import { boundaryOf, partsOf } from "./multipart.ts";
import { type FieldError, InvalidFields } from "./problem.ts";
import { atMost, received, textOf, tooLarge, type Uploads } from "./uploads.ts";

/** What JSON, and the fields of a form, may have in bytes: they are in memory whole. */
const MAX_FIELDS = 16 * 1024 * 1024;
const MAX_JSON = `a JSON body (larger documents: as a form with files, or an SBOM as the body itself)`;
/** Files of a form: each is one on disk for a while. */
const MAX_FILES = 1_000;
/** Levels of a JSON body. */
const DEEPEST = 500;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];
/** Bytes that are made sense of at once. More is read by another process. */
export const INLINE = 64 * 1024;

/** Media types of SBOMs that are sent as they are; the options are then in the query. */
export const SBOM_TYPES = [
  "application/vnd.cyclonedx+json",
  "application/vnd.cyclonedx+xml",
  "application/spdx+json",
  "application/spdx+xml",
  "application/spdx+yaml",
  "application/rdf+xml",
  "application/ld+json",
  "text/spdx",
];

/** A document that came with a request; it can be read until the request is answered. */
export interface Upload {
  name: string;
  bytes: () => AsyncIterable<Uint8Array>;
}

/** `lists`: of package URLs. */
export type Files = Record<"lists" | "sboms" | "lockfiles" | "images", Upload[]>;
/** Fields that may be files, and how they are told then. */
const FILES: Readonly<Record<string, keyof Files>> = {
  purls: "lists",
  sbom: "sboms",
  lockfile: "lockfiles",
  images: "images",
};

/** A request as it came: nothing of it was made sense of. Structured-cloneable. */
export interface Received {
  /** A JSON body, or the texts of a form or a query. */
  body: { json: string } | { texts: readonly (readonly [name: string, text: string])[] };
  files: readonly { kind: keyof Files; name: string; path: string }[];
  errors: readonly FieldError[];
  /** Bytes in all. */
  size: number;
}

/** What a request asks for, as far as it can be read. */
export interface Asked {
  /** Without its documents. */
  request: PartialRequest;
  files: Files;
  errors: FieldError[];
}

/** Takes a request in. Its files are in `uploads`. Throws BadRequest for a body that cannot be taken. */
export async function receive(request: Request, maxUpload: number, uploads: Uploads): Promise<Received> {
  const { headers, url } = request;
  const contentType = headers.get("content-type") ?? "";
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  if (headers.has("content-encoding")) throw new BadRequest("an encoded body (Content-Encoding) is not taken", 415);
  if (Number(headers.get("content-length")) > maxUpload) throw tooLarge(maxUpload, "a request");
  let size = 0;
  const counted = (bytes: number) => {
    size += bytes;
  };
  const bytes = atMost(maxUpload, received(request), "a request", counted);
  if (type === "application/json") {
    const json = await textOf(atMost(MAX_FIELDS, bytes, MAX_JSON), "the body");
    return { body: { json }, files: [], errors: [], size };
  }
  if (SBOM_TYPES.includes(type)) {
    const path = await uploads.keep(bytes);
    const texts = [...new URL(url).searchParams];
    return { body: { texts }, files: [{ kind: "sboms", name: "sbom", path }], errors: [], size };
  }
  const boundary = type === "multipart/form-data" ? boundaryOf(contentType) : undefined;
  if (boundary !== undefined) {
    const form = await formOf(partsOf(bytes, boundary), uploads);
    return { ...form, size };
  }
  const known = ["application/json", "multipart/form-data (with a boundary)", ...SBOM_TYPES];
  throw new BadRequest(`a body of type "${type}" is not known; expected ${known.join(", ")}`, 415);
}

async function formOf(parts: ReturnType<typeof partsOf>, uploads: Uploads): Promise<Omit<Received, "size">> {
  const texts: [string, string][] = [];
  const files: Received["files"][number][] = [];
  const errors: FieldError[] = [];
  let left = MAX_FIELDS;
  for await (const { name, filename, body } of parts) {
    const kind = filename !== undefined || name !== "purls" ? FILES[name] : undefined;
    if (kind && files.length >= MAX_FILES) throw new BadRequest(`a form may have at most ${MAX_FILES} files`, 413);
    if (kind) files.push({ kind, name: filename || name, path: await uploads.keep(body) });
    else if (filename !== undefined)
      errors.push({ field: name, message: `no file is taken here; files are ${Object.keys(FILES).join(", ")}` });
    else {
      const text = await textOf(atMost(left, body, "the fields of a form"), name);
      left -= text.length;
      texts.push([name, text]);
    }
  }
  return { body: { texts }, files, errors };
}

/** Reads the fields of a request. Throws InvalidFields where it has none. `check`: of items of lists, what is wrong with them. */
export function requestOf({ body, files: kept, errors: before }: Received, check: ItemCheck): Asked {
  const raw = "json" in body ? jsonOf(body.json) : fromTexts(body.texts);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw new InvalidFields([{ field: "body", message: "expected an object with fields" }]);
  const { fields, errors } = readFields(raw as Fields, check);
  const files: Files = { lists: [], sboms: [], lockfiles: [], images: [] };
  for (const { kind, name, path } of kept) files[kind].push({ name, bytes: () => Bun.file(path).stream() });
  addInline(files, fields);
  const { sbom: _, lockfile: _l, images: _i, no_sources = false, ...shared } = fields;
  return { request: { ...shared, sources: !no_sources }, files, errors: [...errors, ...before] };
}

function jsonOf(text: string): unknown {
  // To write what is nested deeply takes the square of its depth, and the stack.
  if (!isFlat(text)) throw new BadRequest(`the body is nested more than ${DEEPEST} levels deep`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRequest(`the body is no JSON: ${messageOf(error)}`);
  }
}

/** Whether JSON has at most so many levels. Of what is no JSON any answer will do. */
function isFlat(text: string): boolean {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) isString = !isString;
    else if (isString) continue;
    else if (OPENING.includes(code)) {
      if (++depth > DEEPEST) return false;
    } else if (CLOSING.includes(code)) depth--;
  }
  return true;
}

/** Adds the documents that stand in the fields themselves. */
function addInline(files: Files, { sbom = [], lockfile = [], images = [] }: MirrorFields): void {
  const isOne = sbom.length === 1;
  files.sboms.push(...sbom.map((document, n) => inlineSbom(isOne ? "sbom" : `sbom[${n}]`, document)));
  files.lockfiles.push(...lockfile.map(({ name, content }) => inline(name, content)));
  files.images.push(...images.map(({ name, content }) => inline(name, content)));
}

function inlineSbom(name: string, document: unknown): Upload {
  try {
    return inline(name, typeof document === "string" ? document : JSON.stringify(document));
  } catch {
    throw new InvalidFields([{ field: "sbom", message: "it is nested too deeply" }]);
  }
}

function inline(name: string, text: string): Upload {
  return {
    name,
    bytes: async function* () {
      yield new TextEncoder().encode(text);
    },
  };
}
