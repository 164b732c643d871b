/** The API's rendering of a mirror request: the fields of its JSON, of a form and of a query, and their documentation. */
import { z } from "zod";
import {
  type FieldName,
  flagsOf,
  type ItemCheck,
  messageFor,
  type Problem,
  readRequest,
  requestShape,
  type Spelling,
} from "../../mirror/request/request.ts";
import { bool, isBool, itemOf, many } from "../../mirror/request/values.ts";
import type { FieldError } from "./problem.ts";

export type Fields = Readonly<Record<string, unknown>>;

// What names files of the server's machine is not for clients; these send documents. They follow a job by its events.
const { purls_file: _, names: _n, snapshot: _s, follow: _f, sources, ...shared } = requestShape;

const named = z.strictObject({
  name: z.string({ error: "expected a text" }).min(1, { error: "expected a name" }),
  content: z.string({ error: "expected a text" }),
});

export const fieldsShape = {
  ...shared,
  sbom: many(z.union([z.string(), z.looseObject({})], { error: "expected a document, or its text" })).meta({
    description: "CycloneDX or SPDX documents: a JSON document as it is, or the text of any format.",
  }),
  lockfile: many(named).meta({ description: "Lockfiles: name and text." }),
  images: many(named).meta({
    description: "Lists of images, compose files and Kubernetes manifests: name and text.",
  }),
  no_sources: bool()
    .prefault(false)
    .meta({ description: `${flagsOf(sources)!.flags[0]!.describe}.` }),
};

export type MirrorFields = { [K in keyof typeof fieldsShape]?: z.output<(typeof fieldsShape)[K]> };

const SPELLED: Partial<Record<FieldName, keyof typeof fieldsShape>> = { sources: "no_sources", purls_file: "purls" };

const spelling: Spelling = (name) => SPELLED[name] ?? (Object.hasOwn(fieldsShape, name) ? name : undefined);

/** Every problem of a request. `check`: as for `readRequest`. */
export function readFields(raw: Fields, check: ItemCheck): { fields: MirrorFields; errors: FieldError[] } {
  const { request, problems } = readRequest(fieldsShape, normalised(raw), check);
  return { fields: request, errors: problems.map(fieldError) };
}

/** A problem in the API's words. */
export function fieldError(problem: Problem): FieldError {
  const [name, ...place] = problem.path;
  const field = Object.hasOwn(requestShape, name) ? (spelling(name as FieldName) ?? name) : name;
  return { field: field + place.map(inBrackets).join(""), message: messageFor(problem, spelling) };
}

/** Texts of a form or a query, as JSON would have them. */
export function fromTexts(texts: Iterable<readonly [string, string]>): Fields {
  const fields: Record<string, unknown> = {};
  for (const [name, all] of Map.groupBy(texts, ([key]) => key)) {
    const values = all.map(([, text]) => text);
    const [first = ""] = values;
    const schema = Object.hasOwn(fieldsShape, name) ? fieldsShape[name as keyof typeof fieldsShape] : undefined;
    // `?refresh`: a name alone says yes.
    const isNamed = first === "" && (name === "deps" || (schema !== undefined && isBool(schema)));
    fields[name] = isNamed ? true : values.length === 1 ? first : values;
  }
  return fields;
}

/** What documentation says of the fields. */
export function fieldsJsonSchema(): { properties: Record<string, object> } {
  return z.toJSONSchema(z.strictObject(fieldsShape), { io: "input" }) as { properties: Record<string, object> };
}

/** One item stands for a list of it. */
function normalised(raw: Fields): Fields {
  const fields: Record<string, unknown> = { ...raw };
  for (const [name, schema] of Object.entries(fieldsShape)) {
    const value = fields[name];
    if (itemOf(schema) && value !== undefined && value !== null && !Array.isArray(value)) fields[name] = [value];
  }
  return fields;
}

function inBrackets(key: PropertyKey): string {
  return typeof key === "number" ? `[${key}]` : `.${String(key)}`;
}
