/** From the body of a request for a mirror job to what it asks for: JSON, a form with files, or an SBOM as it is. */
import { BadRequest, messageOf } from "../../lib/errors.ts";
import type { MirrorRequest, SourceReader, Upload } from "./mirror-api.ts";
import { documentsIn, fromTexts, readFields } from "./mirror-fields.ts";
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

type Files = Record<"lists" | "sboms" | "lockfiles" | "images", Upload[]>;
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

export interface Asked {
  request: MirrorRequest;
  isDry: boolean;
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

/** What a request asks for. Throws InvalidFields, which names every field that is wrong. */
export async function requestOf({ body, files: kept, errors }: Received, judge: SourceReader): Promise<Asked> {
  const files: Files = { lists: [], sboms: [], lockfiles: [], images: [] };
  for (const { kind, name, path } of kept) files[kind].push({ name, bytes: () => Bun.file(path).stream() });
  const raw = "json" in body ? jsonOf(body.json) : fromTexts(body.texts);
  const fields = readFields(raw, judge);
  if (Array.isArray(fields) || errors.length > 0) {
    const documents = withInline(files, documentsIn(raw));
    const wrong = Array.isArray(fields) ? fields : [];
    throw new InvalidFields([...wrong, ...errors, ...(await judge.problemsOf({ lists: files.lists, ...documents }))]);
  }
  const { purls, set: sets, mount, deps: closure, platform, no_sources, max_size: maxSize, concurrency } = fields;
  const { sboms, lockfiles, images } = withInline(files, fields);
  const isEmpty = [purls, sets, sboms, lockfiles, images, files.lists].every(({ length }) => length === 0);
  const { registry, include, exclude, limit, versions, since, prereleases, metadata_only, gone, allow_shrink } = fields;
  const releases = { versions, since, prereleases, metadata_only };
  const whole = { registry, include, exclude, limit, gone, allow_shrink, ...releases };
  if (registry !== undefined && !isEmpty)
    throw new InvalidFields([
      { field: "registry", message: "it is all of one; what else is to be held needs a request of its own" },
    ]);
  if (isEmpty && registry === undefined)
    throw new InvalidFields([
      {
        field: "purls",
        message: "expected something to hold: at least one of purls, sbom, lockfile, images, set and registry",
      },
    ]);
  const wanted = { purls, sets, sboms, lockfiles, images, lists: files.lists, sources: !no_sources };
  return {
    request: {
      ...wanted,
      mount,
      closure,
      platform,
      maxSize,
      concurrency,
      refresh: fields.refresh,
      isStrict: fields.strict,
      whole,
    },
    isDry: fields.dry_run,
  };
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

/** The files that came, and the documents that stand in the fields themselves. */
function withInline({ sboms, lockfiles, images }: Files, fields: ReturnType<typeof documentsIn>) {
  const several = fields.sbom.length > 1;
  return {
    sboms: [...sboms, ...fields.sbom.map((document, n) => inlineSbom(several ? `sbom[${n}]` : "sbom", document))],
    lockfiles: [...lockfiles, ...fields.lockfile.map(({ name, content }) => inline(name, content))],
    images: [...images, ...fields.images.map(({ name, content }) => inline(name, content))],
  };
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
