/** Errors of the API as problem details (RFC 9457). */
import { z } from "zod";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { statusOf } from "../respond.ts";

const fieldSchema = z.object({ field: z.string().describe("`purls[3]`, `max_size`"), message: z.string() });

export type FieldError = z.infer<typeof fieldSchema>;

export const problemSchema = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    errors: z.array(fieldSchema).optional().describe("Every field that is wrong"),
  })
  .meta({ description: "What is wrong (RFC 9457)", contentMediaType: "application/problem+json" });

/** Fields of a request that make no sense: all of them. */
export class InvalidFields extends BadRequest {
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[], status = 400) {
    super(errors.map(({ field, message }) => `${field}: ${message}`).join("\n"), status);
    this.errors = errors;
  }
}

/** Of InvalidFields; of one that another process threw, only what it has is left. */
function fieldErrorsOf(error: unknown): readonly FieldError[] | undefined {
  return error instanceof BadRequest && "errors" in error && Array.isArray(error.errors)
    ? (error.errors as readonly FieldError[])
    : undefined;
}

/** Parameters that are none, as the router tells of them. */
export function invalidParameters(issues: readonly { path?: unknown; message?: string | undefined }[]): InvalidFields {
  return new InvalidFields(
    issues.map(({ path, message = "not allowed" }) => ({ field: typeof path === "string" ? path : "query", message })),
  );
}

/** Someone who may not. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
};
/** Of many errors so many are sent. */
const LISTED = 1_000;
/** Seconds after which one who came at a bad moment may come again. */
const LATER = 10;

export function respondProblem(status: number, detail: string, errors?: readonly FieldError[]): Response {
  const title = TITLES[status] ?? "Internal Server Error";
  const body = { type: "about:blank", title, status, detail, ...(errors && { errors: errors.slice(0, LISTED) }) };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(status === 429 && { "retry-after": String(LATER) }),
      ...(status === 401 && { "www-authenticate": "Bearer" }),
    },
  });
}

/** Anything thrown; what is not the asker's fault is told in the log only. */
export function respondThrown(error: unknown): Response {
  const status = statusOf(error);
  const errors = fieldErrorsOf(error);
  if (error instanceof BadRequest && errors) {
    const detail = errors.length === 1 ? error.message : `${errors.length} fields are wrong`;
    return respondProblem(status, detail, errors);
  }
  return respondProblem(status, status === 500 ? "internal error; the log says more" : messageOf(error));
}
