/** The data beside a plugin file, `NAME.cases.json`: samples of its documents, and what requests mean. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Conformance } from "../conformance/conformance.ts";
import { BadRequest, messageOf } from "../lib/errors.ts";
import { isText } from "./record.ts";

const path = z.templateLiteral(["/", z.string()]);

export const casesSchema = z.strictObject({
  /** Addresses of the samples, by the name of the upstream. */
  upstreams: z.record(z.string(), z.url()),
  /** A package of which the samples tell, as PURLs spell it. */
  name: z.string().min(1),
  samples: z
    .array(
      z.strictObject({
        path,
        /** Relative to the cases file. */
        file: z.string().min(1),
        mediaType: z.string().exactOptional(),
        truncation: z.enum(["anywhere", "line", "none"]).exactOptional(),
        odd: z
          .array(z.strictObject({ before: z.string().min(1), entries: z.array(z.string().min(1)) }))
          .exactOptional(),
        unrelated: z.array(z.string()).exactOptional(),
      }),
    )
    .min(1),
  cases: z
    .array(
      z.strictObject({
        path,
        kind: z.enum(["artifact", "metadata", "derived", "passthrough", "answer", "deny", "none"]),
        method: z.string().exactOptional(),
        release: z.strictObject({ name: z.string(), version: z.string() }).exactOptional(),
      }),
    )
    .exactOptional(),
});

export type Cases = z.infer<typeof casesSchema>;

/** `/plugins/acme.ts` → `/plugins/acme.cases.json`. */
export function casesFileOf(plugin: string): string {
  return plugin.replace(/\.[jt]s$/, ".cases.json");
}

/** `undefined` where there is no such file. Throws BadRequest for one that makes no sense. */
export function readCases(file: string): Cases | undefined {
  if (!existsSync(file)) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new BadRequest(`${file}: ${messageOf(error)}`);
  }
  const result = casesSchema.safeParse(found);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`);
  throw new BadRequest(`${file}: ${problems.join("; ")}`);
}

/** With the samples' texts. Throws BadRequest where one cannot be read. */
export function conformanceOf(file: string, { samples, ...rest }: Cases): Conformance {
  return {
    ...rest,
    samples: samples.map(({ file: own, ...sample }) => ({
      ...sample,
      body: readSample(join(dirname(file), own), file),
    })),
  };
}

/** A text, or the bytes of what is none. */
function readSample(sample: string, file: string): string | Uint8Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(sample);
  } catch (error) {
    throw new BadRequest(`${file}: the sample ${sample} cannot be read: ${messageOf(error)}`);
  }
  return isText(bytes) ? bytes.toString() : bytes;
}
