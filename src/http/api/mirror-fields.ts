/** The fields of a request for a mirror job, and what each may be. */
import { z } from "zod";
import { parseSize, SIZE } from "../../lib/units.ts";
import type { SourceReader } from "./mirror-api.ts";
import type { FieldError } from "./problem.ts";

type Fields = Record<string, unknown>;

const LISTS = ["purls", "set", "sbom", "lockfile", "images", "include", "exclude"];
const FLAGS = ["no_sources", "dry_run", "refresh", "metadata_only", "allow_shrink", "prereleases", "strict"];

/** `api` tells what there is to choose from; without it any text will do, for the documentation. */
export function fieldsSchema(api?: Pick<SourceReader, "problemOf" | "maxConcurrency">) {
  const known = (field: Parameters<SourceReader["problemOf"]>[0]) =>
    z.string().superRefine((value, context) => {
      const problem = api?.problemOf(field, value);
      if (problem) context.addIssue({ code: "custom", message: problem });
    });
  const most = api?.maxConcurrency ?? Number.MAX_SAFE_INTEGER;
  const flag = () => z.boolean({ error: "expected true or false" }).default(false);
  return z.strictObject({
    purls: z.array(known("purls")).default([]).describe("Package URLs"),
    sbom: z
      .array(z.union([z.string(), z.looseObject({})], { error: "expected a document, or its text" }))
      .default([])
      .describe("CycloneDX or SPDX documents: a JSON document as it is, or the text of any format"),
    lockfile: z
      .array(z.strictObject({ name: z.string().min(1), content: z.string() }))
      .default([])
      .describe("Lockfiles: name and text"),
    images: z
      .array(z.strictObject({ name: z.string().min(1), content: z.string() }))
      .default([])
      .describe("Lists of images, compose files and Kubernetes manifests: name and text"),
    set: z.array(known("set")).default([]).describe("Names of recordings"),
    registry: known("registry")
      .optional()
      .describe("All of a registry, and later what changed in it: `npm`; nothing else is then named"),
    include: z
      .array(z.string())
      .default([])
      .describe("Of a registry only packages that match: `pkg:npm/@acme/*`, `@acme/*`"),
    exclude: z.array(z.string()).default([]).describe("Of a registry no packages that match"),
    limit: z.int().min(1).optional().describe("Of a registry at most so many packages, the first of its list"),
    versions: z
      .string()
      .optional()
      .describe(
        "Of packages without a version: `all` (default), `latest`, `latest:N` or a range (`vers:npm/>=1.0|<2`)",
      ),
    since: z.string().optional().describe("Only releases of that day or later: `2026-01-31`"),
    prereleases: z
      .boolean()
      .optional()
      .describe("true: they count among the latest; false: none. Default: of the latest, where there is nothing else"),
    metadata_only: flag().describe("Documents without the files that they name"),
    gone: z
      .enum(["keep", "hide", "purge"], { error: "expected keep, hide or purge" })
      .optional()
      .describe("What becomes of that which a registry no longer has. Default: hide"),
    allow_shrink: flag().describe("Whether more than 2 % of a registry may be gone at once"),
    mount: known("mount").optional().describe("The mount to go through, where several serve an ecosystem"),
    deps: z
      .enum(["none", "prod", "all"], { error: "expected none, prod or all" })
      .default("none")
      .describe("Whether what they require is held too"),
    platform: known("platform").default("").describe("Only files for these: `linux-x64,darwin-arm64,py3.11+`"),
    no_sources: flag().describe("Without source archives, where there is something built beside them"),
    strict: flag().describe("Whether an SBOM with malformed entries is refused. Default: these are listed in `asides`"),
    max_size: z
      .union([z.number(), z.string()])
      .transform((value, context) => {
        const size = parseSize(String(value));
        if (size === undefined) context.addIssue({ code: "custom", message: `expected ${SIZE}` });
        return size ?? 0;
      })
      .prefault(0)
      .describe("Without files that are larger, where their index states sizes: bytes, or `10MB`. 0: no limit"),
    concurrency: z
      .int({ error: "expected a whole number" })
      .min(1, { error: "expected at least 1" })
      .max(most, { error: `expected at most ${most}, four times the configured concurrency` })
      .optional()
      .describe("Downloads at once. Default: as configured"),
    dry_run: flag().describe("Only tell what would be fetched; of a registry, by a job (`estimate`)"),
    refresh: flag().describe("Look again at releases that are held whole, and ask upstream for documents anew"),
  });
}

export type MirrorFields = z.infer<ReturnType<typeof fieldsSchema>>;

/** Everything that is wrong is told, each with its field. */
export function readFields(
  raw: unknown,
  api: Pick<SourceReader, "problemOf" | "maxConcurrency">,
): MirrorFields | FieldError[] {
  const found = fieldsSchema(api).safeParse(isRecord(raw) ? normalised(raw) : raw);
  if (found.success) return found.data;
  return found.error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((field) => ({ field, message: "there is no such field" }));
    return [{ field: fieldOf(issue.path) || "body", message: issue.message }];
  });
}

/** Of fields some of which are wrong, the documents that can be read nevertheless. */
export function documentsIn(raw: unknown): Pick<MirrorFields, "sbom" | "lockfile" | "images"> {
  const { sbom, lockfile, images } = fieldsSchema().shape;
  const fields = isRecord(raw) ? normalised(raw) : {};
  return {
    sbom: sbom.safeParse(fields.sbom).data ?? [],
    lockfile: lockfile.safeParse(fields.lockfile).data ?? [],
    images: images.safeParse(fields.images).data ?? [],
  };
}

/** Texts of a form or a query, as JSON would have them. */
export function fromTexts(texts: Iterable<readonly [string, string]>): Fields {
  const fields: Fields = {};
  for (const [name, all] of Map.groupBy(texts, ([key]) => key)) {
    const values = all.map(([, text]) => text);
    const [first = ""] = values;
    if (FLAGS.includes(name)) fields[name] = { "": true, true: true, false: false }[first] ?? first;
    else if (name === "concurrency" || name === "limit") fields[name] = /^\d{1,9}$/.test(first) ? Number(first) : first;
    else fields[name] = values.length === 1 ? first : values;
  }
  return fields;
}

/** One of what may be many, and the words by which commands are told the same. */
function normalised(raw: Fields): Fields {
  const fields = { ...raw };
  for (const name of LISTS) {
    const value = fields[name];
    if (value !== undefined && value !== null && !Array.isArray(value)) fields[name] = [value];
  }
  if (Array.isArray(fields.platform)) fields.platform = fields.platform.join(",");
  const deps = { true: "prod", false: "none", "": "prod" }[String(fields.deps)];
  if (deps) fields.deps = deps;
  return fields;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `["purls", 3]` → `purls[3]`. */
function fieldOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}${text && "."}${String(key)}`),
    "",
  );
}
