/** Mirror jobs as the API shows them. Names that the Go peer has are the same here. */

import { z } from "zod";
import { parsePurl } from "../../contract/purl.ts";
import type { FailureRow, JobRow } from "../../index/rows.ts";

export interface FoundJob {
  row: JobRow;
  /** Of a job that runs in this process: how it stands now. */
  live?: Pick<JobRow, "total" | "completed" | "skipped" | "failed" | "bytes" | "phase"> & {
    rate: number;
    eta: number | undefined;
  };
}

/** Failures that are shown with a job. */
export const SHOWN_FAILURES = 100;

const count = (what: string) => z.number().int().describe(what);
const time = z.iso.datetime().nullable();

const progressSchema = z.object({
  phase: z.enum(["resolving", "downloading", "complete"]),
  started_at: time,
  total: count("Files that are known of so far"),
  completed: count("Files that were fetched"),
  skipped: count("Files that were held already"),
  failed: count("Files and releases that could not be held"),
  bytes: count("Bytes of the files that were fetched"),
  rate: count("Bytes a second in the last seconds").nullable(),
  eta_seconds: z.number().int().nullable().describe("Until the files that are known of are done; null: nothing tells"),
});

const released = {
  ecosystem: z.string().describe("The type of its package URL"),
  name: z.string(),
  version: z.string(),
};

export const jobSummarySchema = z.object({
  id: z.string(),
  state: z.enum(["pending", "running", "complete", "failed", "canceled"]),
  title: z.string().describe("Where it came from, for people"),
  created_at: z.iso.datetime(),
  finished_at: time,
  error: z.string().nullable(),
  progress: progressSchema,
});

const estimateSchema = z.object({
  listed: count("Packages that its list has"),
  chosen: count("Of these, by the filters"),
  sampled: count("Of these, chosen by chance, those that were looked at"),
  files: count("To fetch, of all that are chosen; about, unless all of them were looked at"),
  bytes: count("Of those whose size an index states"),
  unknown: count("Files whose size no index states"),
  failures: z.array(z.string()).describe("Packages that could not be looked at, and why"),
});

export const jobSchema = jobSummarySchema.extend({
  estimate: estimateSchema
    .nullable()
    .optional()
    .describe("Of a dry run of a registry: what it would come to; null until that is known"),
  progress: progressSchema.extend({
    errors: z.array(z.object({ ...released, error: z.string() })).describe(`The first ${SHOWN_FAILURES} failures`),
  }),
});

export const failureSchema = z.object({
  id: count("Increases from failure to failure"),
  ...released,
  purl: z.string(),
  path: z.string().nullable().describe("The file below its mount; null: the release as a whole"),
  error: z.string(),
  retryable: z.boolean().describe("Whether trying again may help"),
  attempts: count("How often it was tried"),
  at: z.iso.datetime(),
});

const lines = z.array(z.string());

export const createdSchema = z.object({
  id: z.string(),
  asides: z
    .object({
      count: z.number().int(),
      first: z.array(z.object({ what: z.string(), reason: z.string(), place: z.string() })),
    })
    .describe("What the sources name and no registry has"),
});

export const planSchema = z.object({
  total: count("Files, held ones included"),
  bytes: count("Of the files to fetch, where their index states sizes"),
  files: z.array(
    z.object({
      mount: z.string(),
      path: z.string(),
      size: z.number().int().nullable(),
      held: z.boolean(),
    }),
  ),
  truncated: z.boolean().describe("Whether there are more files than are listed"),
  withheld: lines.describe("Releases that the cooldown keeps back"),
  left_out: lines.describe("Releases of which nothing is of use on the chosen platforms"),
  unproven: lines.describe("Releases whose installation may need more"),
  asides: lines.describe("What the sources name and no registry has"),
  failures: z.array(z.object({ purl: z.string(), error: z.string() })),
});

export type Plan = z.infer<typeof planSchema>;
export type JobSummary = z.infer<typeof jobSummarySchema>;

export function summaryOf({ row, live }: FoundJob): JobSummary {
  const { id, spec, createdAt, startedAt, finishedAt, error } = row;
  const { phase, total, completed, skipped, failed, bytes } = live ?? row;
  const counts = { phase, started_at: at(startedAt), total, completed, skipped, failed, bytes };
  return {
    id,
    state: row.state as Exclude<JobRow["state"], "reading">,
    title: spec.title,
    created_at: new Date(createdAt).toISOString(),
    finished_at: at(finishedAt),
    error,
    progress: { ...counts, rate: live?.rate ?? null, eta_seconds: live?.eta ?? null },
  };
}

export function jobOf(found: FoundJob, failures: readonly FailureRow[]): z.infer<typeof jobSchema> {
  const { progress, ...summary } = summaryOf(found);
  const errors = failures.map(({ purl, reason }) => ({ ...releaseOf(purl), error: reason }));
  const { spec, estimate } = found.row;
  return { ...summary, ...(spec.dry && { estimate }), progress: { ...progress, errors } };
}

export function failureOf(row: FailureRow): z.infer<typeof failureSchema> {
  const { id, purl, path, reason, isPassing, attempts } = row;
  const told = { purl, path, error: reason, retryable: isPassing, attempts, at: new Date(row.at).toISOString() };
  return { id, ...releaseOf(purl), ...told };
}

/** What was recorded by path has no package URL; its path is then the name. */
function releaseOf(text: string): { ecosystem: string; name: string; version: string } {
  if (!text.startsWith("pkg:")) return { ecosystem: "", name: text, version: "" };
  try {
    const { type, name, version = "" } = parsePurl(text);
    return { ecosystem: type, name, version };
  } catch {
    // A registry's own documents: `pkg:npm`.
    return { ecosystem: text.slice("pkg:".length), name: "", version: "" };
  }
}

function at(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
