/** From what the cache answers to an HTTP response: validators, ranges, codings, and the error bodies that clients show. */

import type { Answer, Outcome } from "../cache/ask.ts";
import type { Ready } from "../cache/memory.ts";
import type { Shown } from "../cache/render/apart.ts";
import { matchIn } from "../cache/target.ts";
import type { Path } from "../contract/ecosystem.ts";
import { BadRequest, DigestMismatch, isRefusal, messageOf, NotFound, UpstreamFailed, Withheld } from "../lib/errors.ts";
import { artifactType, documentType } from "../lib/inert-types.ts";
import type { Mount } from "../mounts/mounts.ts";
import { isCurrent, rangeOf } from "./range.ts";

/** Bodies worth compressing, in bytes. */
const COMPRESS = 1_024;
const COMPRESSIBLE = /json|text|xml|html/;
/** `gzip` in an `Accept-Encoding`, unless with q=0. */
const GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/** Headers of a passed-through answer that make sense after the connection that they came by. */
const PASSED = ["content-type", "content-encoding", "content-length", "etag", "last-modified", "retry-after"];

/** Of everything that strangers wrote: a browser that is led to it shows none of it in our origin, and runs none of it. */
const FOREIGN = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; sandbox",
  "content-disposition": "attachment",
};

/** A body from memory. */
export function respondReady(request: Request, ready: Ready, outcome: Outcome): Response {
  const { headers: asked } = request;
  const { bytes } = ready;
  const wantsZip = isZippable(ready) && !asked.has("range") && GZIP.test(asked.get("accept-encoding") ?? "");
  // Of the same representation in another coding (RFC 9110 8.8.1): clients that read a digest in it find it in both.
  const etag = wantsZip ? `W/${ready.etag}` : ready.etag;
  const headers = headersOf(ready, outcome, wantsZip, etag);
  if (isCurrent(asked, ready.etag, ready.headers["last-modified"])) return new Response(null, { status: 304, headers });
  if (wantsZip) {
    ready.gzip ??= Bun.gzipSync(bytes, { level: 6 });
    return send(request, ready.gzip, headers);
  }
  const range = rangeOf(request, bytes.length, { etag, lastModified: ready.headers["last-modified"] });
  if (!range) return send(request, bytes, headers);
  if (range === "unsatisfiable") return unsatisfiable(bytes.length);
  const ranged = new Headers(headers);
  ranged.set("content-range", `bytes ${range.start}-${range.end - 1}/${bytes.length}`);
  return send(request, bytes.subarray(range.start, range.end), ranged, 206);
}

function isZippable({ bytes, mediaType }: Ready): boolean {
  return bytes.length > COMPRESS && COMPRESSIBLE.test(mediaType);
}

/** Of hits, as it is and zipped: a response takes a list that is made already in half the time of making one. */
const headersOfHits = [new WeakMap<Ready, Headers>(), new WeakMap<Ready, Headers>()] as const;

function headersOf(ready: Ready, outcome: Outcome, zipped: boolean, etag: string): Headers {
  const known = headersOfHits[zipped ? 1 : 0];
  const made = outcome === "hit" ? known.get(ready) : undefined;
  if (made) return made;
  const headers = new Headers({
    ...ready.headers,
    ...FOREIGN,
    "content-type": ready.mediaType || "application/octet-stream",
    etag,
    "x-cache": outcome,
    "accept-ranges": "bytes",
    // Documents have variants; caches between us and the client must not mix them up.
    ...((ready.source !== undefined || isZippable(ready)) && { vary: "accept, accept-encoding" }),
    ...(zipped && { "content-encoding": "gzip" }),
  });
  if (outcome === "hit") known.set(ready, headers);
  return headers;
}

/** Whatever the cache answered. `file` is where a held blob is. */
export async function respond(request: Request, answer: Answer, fileOf: (sha256: string) => string): Promise<Response> {
  if (answer.kind === "ready") return respondReady(request, answer.ready, answer.outcome);
  if (answer.kind === "passthrough") return passed(request, answer.response);
  const { file, outcome } = answer;
  if (file.kind === "growing") return growing(request, file);
  if (file.kind === "passing") return passing(request, file);
  const { row } = file;
  const etag = row.headers["etag"] ?? `"${row.sha256}"`;
  const headers: Record<string, string> = {
    ...row.headers,
    ...FOREIGN,
    "content-type": artifactType(row.mediaType),
    // Bun would name the blob by its digest.
    "content-disposition": `attachment; filename="${basename(row.path)}"`,
    etag,
    "x-cache": outcome,
    "accept-ranges": "bytes",
  };
  if (isCurrent(request.headers, etag, row.headers["last-modified"]))
    return new Response(null, { status: 304, headers });
  const blob = Bun.file(fileOf(row.sha256));
  if (request.method === "HEAD") return send(request, { length: row.size }, headers);
  const range = rangeOf(request, row.size, { etag, lastModified: row.headers["last-modified"] });
  if (range === "unsatisfiable") return unsatisfiable(row.size);
  if (!range) return new Response(blob, { headers });
  headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${row.size}`;
  return new Response(blob.slice(range.start, range.end), { status: 206, headers });
}

/** The status of each kind of failure. */
export function statusOf(error: unknown): number {
  if (error instanceof NotFound) return 404;
  if (error instanceof Withheld) return 403;
  if (error instanceof BadRequest) return error.status;
  // A refusal is upstream's decision about this package, and clients should hear it as one.
  if (isRefusal(error)) return error.status;
  if (error instanceof UpstreamFailed) return error.timeout ? 504 : 502;
  return error instanceof DigestMismatch ? 502 : 500;
}

/** An error in the body format that the mount's clients show their users. */
export function respondError(request: Request, error: unknown, mount?: Mount): Response {
  const status = statusOf(error);
  const message = status === 500 ? "internal error; the log says more" : messageOf(error);
  const apart = mount?.isApart ? (error as Shown) : undefined;
  const body = (apart ? apart.problem : mount?.ecosystem.problem?.(status, message)) ?? message;
  const isText = typeof body === "string";
  const type = isText
    ? "text/plain; charset=utf-8"
    : "detail" in body
      ? "application/problem+json"
      : "application/json";
  const bytes = new TextEncoder().encode(isText ? `${body}\n` : JSON.stringify(body));
  // Words of upstream may stand in it; it is shown, since people are to read it.
  const { "content-disposition": _, ...foreign } = FOREIGN;
  const headers = {
    ...foreign,
    "content-type": type,
    "cache-control": "no-store",
    ...(error instanceof UpstreamFailed &&
      error.retryAfter !== undefined && { "retry-after": String(Math.ceil(error.retryAfter / 1_000)) }),
  };
  return send(
    request,
    bytes,
    status === 405 && mount
      ? { ...headers, allow: apart ? (apart.allow ?? "GET, HEAD") : allowed(mount, pathIn(request, mount)) }
      : headers,
    status,
  );
}

/** The methods that a path has (RFC 9110 15.5.6). */
export function allowed(mount: Mount, path: Path): string {
  return METHODS.filter((method) => {
    const match = matchIn(mount, method, path);
    return typeof match !== "number" && match.route.kind !== "deny";
  }).join(", ");
}

function pathIn({ url }: Request, { prefix }: Mount): Path {
  return new URL(url).pathname.slice(prefix.length) as Path;
}

type FileOf<A> = A extends { kind: "file"; file: infer F } ? F : never;

async function growing(
  request: Request,
  { head, growing }: Extract<FileOf<Answer>, { kind: "growing" }>,
): Promise<Response> {
  const headers: Record<string, string> = {
    ...head.headers,
    ...FOREIGN,
    "content-type": artifactType(head.mediaType),
    "x-cache": "miss",
    "accept-ranges": "bytes",
  };
  const range = head.length === undefined ? undefined : rangeOf(request, head.length, {});
  if (range === "unsatisfiable") return unsatisfiable(head.length ?? 0);
  if (request.method === "HEAD")
    return new Response(null, {
      headers: { ...headers, ...(head.length !== undefined && { "content-length": String(head.length) }) },
    });
  if (range) headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${head.length}`;
  return new Response(await growing.stream(range?.start, range?.end), { status: range ? 206 : 200, headers });
}

/** There is no room to keep it: from upstream to this client, without ranges or validators. */
async function passing(request: Request, { open }: Extract<FileOf<Answer>, { kind: "passing" }>): Promise<Response> {
  const { head, body } = await open();
  const headers = { ...head.headers, ...FOREIGN, "content-type": artifactType(head.mediaType), "x-cache": "miss" };
  if (body instanceof Uint8Array) return send(request, body, headers);
  if (request.method !== "HEAD") return new Response(body, { headers });
  await body.cancel();
  return new Response(null, { headers });
}

async function passed(request: Request, response: Response): Promise<Response> {
  const headers: Record<string, string> = {};
  for (const name of PASSED) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = name === "content-type" ? documentType(value) : value;
  }
  Object.assign(headers, FOREIGN);
  const { status } = response;
  if (request.method !== "HEAD") return new Response(response.body, { status, headers });
  await response.body?.cancel();
  return new Response(null, { status, headers });
}

function send(
  request: Request,
  body: Uint8Array<ArrayBuffer> | { length: number },
  headers: Headers | Record<string, string>,
  status = 200,
): Response {
  if (request.method !== "HEAD" && body instanceof Uint8Array) return new Response(body, { status, headers });
  const measured = new Headers(headers);
  measured.set("content-length", String(body.length));
  return new Response(null, { status, headers: measured });
}

function unsatisfiable(size: number): Response {
  return new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } });
}

function basename(path: string): string {
  return decodeURIComponent(path.slice(path.lastIndexOf("/") + 1)).replace(/[^\w.+@-]/g, "_");
}
