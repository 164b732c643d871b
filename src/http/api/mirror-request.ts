/** From the body of a request for a mirror job to what it asks for: JSON, a form with files, or an SBOM as it is. */
import { BadRequest, messageOf } from "../../errors.ts";
import type { MirrorApi, MirrorRequest, Upload } from "./mirror-api.ts";
import { documentsIn, fromTexts, readFields } from "./mirror-fields.ts";
import { boundaryOf, partsOf } from "./multipart.ts";
import { type FieldError, InvalidFields } from "./problem.ts";
import { atMost, received, textOf, tooLarge, Uploads } from "./uploads.ts";

/** What JSON, and the fields of a form, may have in bytes: they are in memory whole. */
const MAX_FIELDS = 16 * 1024 * 1024;
const MAX_JSON = `a JSON body (larger documents: as a form with files, or an SBOM as the body itself)`;

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

export interface Asked {
  request: MirrorRequest;
  isDry: boolean;
  /** Forgets the files that came with it. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Throws InvalidFields, which names every field that is wrong, and BadRequest for a body that cannot be read. */
export async function readMirrorRequest(request: Request, api: MirrorApi): Promise<Asked> {
  const uploads = new Uploads(api.uploads);
  try {
    const files: Files = { lists: [], sboms: [], lockfiles: [], images: [] };
    const errors: FieldError[] = [];
    const raw = await readBody(request, api, uploads, files, errors);
    const fields = readFields(raw, api);
    if (Array.isArray(fields) || errors.length > 0) {
      const documents = withInline(files, documentsIn(raw));
      const wrong = Array.isArray(fields) ? fields : [];
      throw new InvalidFields([...wrong, ...errors, ...(await api.problemsOf({ lists: files.lists, ...documents }))]);
    }
    const { purls, set: sets, mount, deps: closure, platform, no_sources, max_size: maxSize, concurrency } = fields;
    const { sboms, lockfiles, images } = withInline(files, fields);
    const isEmpty = [purls, sets, sboms, lockfiles, images, files.lists].every(({ length }) => length === 0);
    const { registry, include, exclude, limit, versions, since, prereleases, metadata_only, gone, allow_shrink } =
      fields;
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
      request: { ...wanted, mount, closure, platform, maxSize, concurrency, refresh: fields.refresh, whole },
      isDry: fields.dry_run,
      [Symbol.asyncDispose]: () => uploads[Symbol.asyncDispose](),
    };
  } catch (error) {
    await uploads[Symbol.asyncDispose]();
    throw error;
  }
}

async function readBody(
  request: Request,
  { maxUpload }: MirrorApi,
  uploads: Uploads,
  files: Files,
  errors: FieldError[],
): Promise<unknown> {
  const { headers, url } = request;
  const contentType = headers.get("content-type") ?? "";
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  if (headers.has("content-encoding")) throw new BadRequest("an encoded body (Content-Encoding) is not taken", 415);
  if (Number(headers.get("content-length")) > maxUpload) throw tooLarge(maxUpload, "a request");
  const bytes = atMost(maxUpload, received(request), "a request");
  if (type === "application/json") return jsonOf(await textOf(atMost(MAX_FIELDS, bytes, MAX_JSON), "the body"));
  if (SBOM_TYPES.includes(type)) {
    files.sboms.push(await uploads.keep("sbom", bytes));
    return fromTexts(new URL(url).searchParams);
  }
  const boundary = type === "multipart/form-data" ? boundaryOf(contentType) : undefined;
  if (boundary !== undefined) return formOf(partsOf(bytes, boundary), uploads, files, errors);
  const known = ["application/json", "multipart/form-data (with a boundary)", ...SBOM_TYPES];
  throw new BadRequest(`a body of type "${type}" is not known; expected ${known.join(", ")}`, 415);
}

async function formOf(
  parts: ReturnType<typeof partsOf>,
  uploads: Uploads,
  files: Files,
  errors: FieldError[],
): Promise<unknown> {
  const texts: [string, string][] = [];
  let left = MAX_FIELDS;
  for await (const { name, filename, body } of parts) {
    const kind = filename !== undefined || name !== "purls" ? FILES[name] : undefined;
    if (kind) files[kind].push(await uploads.keep(filename || name, body));
    else if (filename !== undefined)
      errors.push({ field: name, message: `no file is taken here; files are ${Object.keys(FILES).join(", ")}` });
    else {
      const text = await textOf(atMost(left, body, "the fields of a form"), name);
      left -= text.length;
      texts.push([name, text]);
    }
  }
  return fromTexts(texts);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRequest(`the body is no JSON: ${messageOf(error)}`);
  }
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
