/** The REST API of mirror jobs. Who may use it is decided before anything of a request is read. */
import { Elysia } from "elysia";
import { z } from "zod";
import { BadRequest, messageOf, NotFound } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { statusOf } from "../respond.ts";
import { eventsOf, hasEnded } from "./job-events.ts";
import {
  createdSchema,
  type FoundJob,
  failureOf,
  failureSchema,
  jobOf,
  jobSchema,
  jobSummarySchema,
  planSchema,
  SHOWN_FAILURES,
  summaryOf,
} from "./job-view.ts";
import type { MirrorApi } from "./mirror-api.ts";
import { requestBody } from "./mirror-docs.ts";
import { receive } from "./mirror-request.ts";
import { invalidParameters, problemSchema, Refused, respondProblem, respondThrown } from "./problem.ts";
import { Uploads } from "./uploads.ts";

export interface MirrorRoutesOptions {
  api: MirrorApi;
  /** Why a request may not use the API; `undefined` where it may. */
  refuse: (request: Request) => { status: number; message: string } | undefined;
  /** Lets a connection be silent for as long as it takes. */
  keepOpen: (request: Request) => void;
  /** Aborted when the server stops: no stream keeps it from that. */
  stopping: AbortSignal;
}

/** Requests whose sources are being read at a time. */
const READING = 4;

const idOf = z.object({ id: z.string() });
/** `?purge`, `?purge=true`. */
const flag = z
  .enum(["", "true", "1", "false", "0"])
  .optional()
  .transform((value) => value === "" || value === "true" || value === "1");
const canceledSchema = z.object({ status: z.literal("canceled") });
const purgedSchema = z.object({
  status: z.literal("purged"),
  owner: z.string().describe("For whom it was pinned"),
  pinned: z.number().describe("Files and documents that were pinned for it"),
  files: z.number().describe("Those of them that are removed"),
  bytes: z.number(),
  shared: z.number().describe("Those that stay, because others pin them"),
});
const limit = (most: number) => z.coerce.number().int().min(1).max(most).default(Math.min(most, 100));
const refusals = { 401: problemSchema, 403: problemSchema };
const known = { ...refusals, 404: problemSchema };

export function mirrorRoutes({ api, refuse, keepOpen, stopping }: MirrorRoutesOptions) {
  let reading = 0;

  const found = async (id: string): Promise<FoundJob> => {
    const job = await api.find(id);
    if (!job) throw new NotFound(`there is no mirror job ${id}`);
    return job;
  };

  const create = async (request: Request): Promise<Response> => {
    await api.requireRoom();
    if (reading >= READING) throw new BadRequest(`the sources of ${reading} requests are being read already`, 429);
    reading++;
    try {
      await using uploads = new Uploads(api.uploads);
      const sent = await receive(request, api.maxUpload, uploads);
      keepOpen(request);
      const made = await api.take(sent, AbortSignal.any([request.signal, stopping]));
      if ("plan" in made) return Response.json(made.plan);
      const { created } = made;
      return Response.json(created, { status: 202, headers: { location: `/api/mirror/${created.id}` } });
    } finally {
      reading--;
    }
  };

  return new Elysia({ prefix: "/api", tags: ["mirror"] })
    .onTransform(({ request }) => {
      const refusal = refuse(request);
      if (refusal) throw new Refused(refusal.status, refusal.message);
    })
    .onError(({ error, code }) => {
      if (error instanceof Refused) return respondProblem(error.status, error.message);
      if (code === "VALIDATION") return respondThrown(invalidParameters(error.all));
      if (statusOf(error) === 500) log.error("request failed", { error: (error as Error).stack ?? messageOf(error) });
      return respondThrown(error);
    })
    .post("/mirror", ({ request }) => create(request), {
      parse: "none",
      response: {
        200: planSchema,
        202: createdSchema,
        400: problemSchema,
        ...refusals,
        409: problemSchema,
        413: problemSchema,
        415: problemSchema,
        429: problemSchema,
      },
      detail: {
        summary: "Mirror packages",
        description:
          "Makes a job of package URLs, SBOMs, lockfiles and recordings, once they were read to their end, or of a registry: 202, with its id. With `dry_run`: 200, with what would be fetched; of a registry 202, with the id of a job that tells it as its `estimate`.",
        requestBody,
      },
    })
    .get(
      "/mirror",
      async ({ query }) => {
        const jobs = await api.list({ limit: query.limit + 1, ...(query.before && { before: query.before }) });
        const page = jobs.slice(0, query.limit);
        return { jobs: page.map(summaryOf), next: jobs.length > page.length ? page.at(-1)!.row.id : null };
      },
      {
        query: z.object({ before: z.string().optional().describe("`next` of the page before"), limit: limit(1_000) }),
        response: {
          200: z.object({ jobs: z.array(jobSummarySchema), next: z.string().nullable() }),
          400: problemSchema,
          ...refusals,
        },
        detail: { summary: "Mirror jobs, newest first" },
      },
    )
    .get(
      "/mirror/:id",
      async ({ params: { id } }) => jobOf(await found(id), await api.failures(id, 0, SHOWN_FAILURES)),
      {
        params: idOf,
        response: { 200: jobSchema, ...known },
        detail: { summary: "How a mirror job stands" },
      },
    )
    .get(
      "/mirror/:id/failures",
      async ({ params: { id }, query }) => {
        await found(id);
        const failures = (await api.failures(id, query.after, query.limit + 1)).map(failureOf);
        const page = failures.slice(0, query.limit);
        return { failures: page, next: failures.length > page.length ? page.at(-1)!.id : null };
      },
      {
        params: idOf,
        query: z.object({
          after: z.coerce.number().int().min(0).default(0).describe("`next` of the page before"),
          limit: limit(1_000),
        }),
        response: {
          200: z.object({ failures: z.array(failureSchema), next: z.number().nullable() }),
          400: problemSchema,
          ...known,
        },
        detail: { summary: "What a mirror job could not hold, and why" },
      },
    )
    .get(
      "/mirror/:id/events",
      async ({ params: { id }, request }) => {
        const { row } = await found(id);
        const lastId = request.headers.get("last-event-id");
        // An EventSource that is answered so does not come again.
        if (hasEnded(lastId, row.state)) return new Response(null, { status: 204 });
        keepOpen(request);
        const events = eventsOf(api, id, lastId, AbortSignal.any([request.signal, stopping]));
        return new Response(request.method === "HEAD" ? null : events, {
          headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
        });
      },
      {
        params: idOf,
        headers: z.looseObject({
          "last-event-id": z.string().optional().describe("Of the last event that was seen: later ones follow"),
        }),
        response: {
          200: z.string().meta({ description: "The events", contentMediaType: "text/event-stream" }),
          204: z.null().describe("The last event was seen, and the job has ended"),
          ...known,
        },
        detail: {
          summary: "How a mirror job goes, as server-sent events",
          description:
            "`progress`: the job, when it changed. `failure`: as in its failures, with its id. `state`: the job, when it has ended; then the stream ends. With `Last-Event-ID`, only later failures.",
        },
      },
    )
    .post(
      "/mirror/:id/retry",
      async ({ params: { id } }) => {
        await found(id);
        await api.retry(id);
        return jobOf(await found(id), []);
      },
      {
        params: idOf,
        parse: "none",
        response: { 200: jobSchema, ...known, 409: problemSchema },
        detail: { summary: "Try again what failed, or what was left when the job was canceled" },
      },
    )
    .delete(
      "/mirror/:id",
      async ({ params: { id }, query }) => {
        const { state } = (await found(id)).row;
        if (query.purge) return { status: "purged" as const, ...(await api.forget(id, query.dry_run)) };
        if (state !== "pending" && state !== "running")
          throw new NotFound(`mirror job ${id} is ${state}: there is nothing to cancel`);
        await api.cancel(id);
        return { status: "canceled" as const };
      },
      {
        params: idOf,
        query: z.object({
          purge: flag.describe(
            "In place of canceling: end the pins of the job's request, and remove what nobody else pins",
          ),
          dry_run: flag.describe("With `purge`: show what would be removed, and change nothing"),
        }),
        parse: "none",
        response: { 200: z.union([canceledSchema, purgedSchema]), 400: problemSchema, ...known, 409: problemSchema },
        detail: {
          summary: "Cancel a mirror job, what is stored stays; or, with `purge`, remove what its request pinned",
        },
      },
    );
}
