/**
 * The HTTP server. Requests below a mount take the short way: a plain handler, the cache, an answer; what is ready in memory
 * is answered without a promise. Everything else (health, metrics, API, pages) is the Elysia app's.
 *
 * Pipelining (RFC 9112 9.3.2): requests whose answers are ready are answered in order. When one more arrives while an answer
 * is still awaited, Bun closes the connection, and the client has to ask again. No answer is ever mixed up.
 */
import type { Server } from "bun";
import type { Answer, Ask } from "../cache/ask.ts";
import type { Cache } from "../cache/cache.ts";
import { type Recorder, SET_NAME } from "../cache/recorder.ts";
import type { Path } from "../contract/ecosystem.ts";
import { BadRequest, faultOf, messageOf, NotFound } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import type { Mount } from "../mounts/mounts.ts";
import type { AccessLog } from "./access-log.ts";
import type { Hosts } from "./hosts.ts";
import type { Metrics } from "./metrics.ts";
import { readdress, withHeaders } from "./readdress.ts";
import { RequestContext } from "./request-context.ts";
import { respond, respondError, respondReady, statusOf } from "./respond.ts";

export interface ServerOptions {
  /** Where to listen: an address and a port, or the path of a Unix socket, which only its user can then open. */
  at: { hostname: string | undefined; port: number } | { unix: string };
  cache: Cache;
  mounts: ReadonlyMap<string, Mount>;
  hosts: Hosts;
  metrics: Metrics;
  /** Requests below `/@record/NAME/`. Absent: there is no recording. */
  recording?: Recording | undefined;
  /** The Elysia app. */
  app: (request: Request) => Response | Promise<Response>;
  accessLog: AccessLog;
  /** Bytes of a request to the app. Default: as of one to a mount. */
  maxRequest?: number;
  /** Default: 60. */
  idleSeconds?: number;
}

export interface Recording {
  recorder: Pick<Recorder, "note">;
  /** Why a request may not record; `undefined` where it may. */
  refuse(request: Request): { status: number; message: string } | undefined;
}

/** Seconds without a byte after which a connection is closed; one that waits for upstream is exempt. */
const IDLE = 60;
/** Bytes of the body of a request to a mount: audits of large projects. */
const MAX_REQUEST = 16 * 1024 * 1024;
const MARGIN = 1024 * 1024;
/** What is asked for below it is recorded under the name that follows. */
const RECORD = "/@record/";
const NO_QUERY = new URLSearchParams();
/** Stands for the host of requests that name none. */
const NOWHERE = "http://localhost";

export function startServer(options: ServerOptions): Server<undefined> {
  const { at, idleSeconds = IDLE } = options;
  const handler = new Handler(options);
  const common = {
    idleTimeout: idleSeconds,
    // Who is to be told more than that it is too much has to be read a little further.
    maxRequestBodySize: Math.max(MAX_REQUEST, (options.maxRequest ?? 0) + MARGIN),
    fetch: (request: Request, server: Server<undefined>) => handler.handle(new RequestContext(request, server)),
    error: (error: Error) => {
      log.error("request failed", { error: faultOf(error) ?? error.stack ?? messageOf(error) });
      return new Response("internal error\n", { status: 500 });
    },
  };
  if ("unix" in at) {
    // The types know no idle time of a Unix socket; the server does.
    const options = { ...common, unix: at.unix } as Parameters<typeof Bun.serve<undefined>>[0];
    return privately(() => Bun.serve(options));
  }
  const { hostname, port } = at;
  return Bun.serve({ ...common, ...(hostname !== undefined && { hostname }), port });
}

/** What it makes is for this user only, from its first moment on. */
function privately<T>(make: () => T): T {
  const usual = process.umask(0o177);
  try {
    return make();
  } finally {
    process.umask(usual);
  }
}

class Handler {
  readonly #options: ServerOptions;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  handle(context: RequestContext): Response | Promise<Response> {
    const { request } = context;
    const named = hasHost(request);
    const url = named ? request.url : `${NOWHERE}${request.url}`;
    const slash = url.indexOf("/", 8);
    const mark = url.indexOf("?", slash);
    const whole = mark < 0 ? url.slice(slash) : url.slice(slash, mark);
    const set = whole.startsWith(RECORD) ? whole.slice(RECORD.length).split("/", 1)[0]! : undefined;
    const below = set === undefined ? whole : whole.slice(RECORD.length + set.length);
    const end = below.indexOf("/", 1);
    const mount = this.#options.mounts.get(below.slice(1, end < 0 ? undefined : end));
    context.mount = mount;
    context.set = set;
    const base = named ? this.#options.hosts.baseOf(request, url.slice(0, slash), context.remote) : undefined;
    if (base === undefined && whole !== "/health") return this.#refuse(context);
    if (!mount) return this.#app(context, named ? request : new Request(url, request));
    if (set !== undefined) {
      const refusal = this.#whyNotRecorded(request, set);
      if (refusal) return this.#refuse(context, refusal);
    }
    const ask: Ask = {
      method: request.method,
      path: end < 0 ? "/" : merged(below.slice(end)),
      query: mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark)),
      accept: request.headers.get("accept"),
      // Links stay inside the recording.
      base: set === undefined ? (base ?? "") : `${base}${RECORD}${set}`,
    };
    const added = mark < 0 || mount.isApart ? {} : readdress(mount, ask);
    this.#options.metrics.began();
    const ready = this.#options.cache.peek(mount, ask);
    if (ready && set !== undefined) this.#options.recording?.recorder.note(set, mount, ask.path, ready.path as Path);
    if (ready) {
      const response = withHeaders(respondReady(request, ready, "hit"), added);
      return this.#done(context, response, ready.bytes.length);
    }
    const response = this.#slow(context, mount, ask);
    return mark < 0 ? response : response.then((answer) => withHeaders(answer, added));
  }

  async #slow(context: RequestContext, mount: Mount, ask: Ask): Promise<Response> {
    const { request, server, set } = context;
    const { cache, accessLog, recording } = this.#options;
    // For as long as the connection is no longer exempt: one on which nothing is asked any more must not stay for ever.
    const limitIdling = () => server.timeout(request, this.#options.idleSeconds ?? IDLE);
    try {
      if (request.method === "POST") Object.assign(ask, await bodyOf(request));
      // A client that went away must not end the fetch, and one that waits for it must not be cut off.
      server.timeout(request, 0);
      const answer = await accessLog.during(request, () => cache.get(mount, ask));
      if (set !== undefined) recording?.recorder.note(set, mount, ask.path, heldPathOf(answer));
      const response = await respond(request, answer, (sha256) => cache.context.storage.file(sha256));
      if (answer.kind === "file" && answer.file.kind === "growing") void answer.file.growing.settled.then(limitIdling);
      else limitIdling();
      return this.#done(context, response, sizeOf(answer, response));
    } catch (error) {
      limitIdling();
      if (statusOf(error) >= 500)
        log.warn("request failed", {
          mount: mount.name,
          path: ask.path,
          error:
            statusOf(error) === 500 ? (faultOf(error) ?? (error as Error).stack ?? messageOf(error)) : messageOf(error),
        });
      return this.#done(context, respondError(request, error, mount), 0, messageOf(error));
    }
  }

  #whyNotRecorded(request: Request, set: string): Error | undefined {
    const { recording } = this.#options;
    if (!recording) return new NotFound("recording is turned off here (mirror_api)");
    if (!SET_NAME.test(set))
      return new BadRequest(
        `"${set}" cannot name a recording: letters, digits, dots, dashes and underscores can, up to 64`,
      );
    const refusal = recording.refuse(request);
    return refusal && new BadRequest(refusal.message, refusal.status);
  }

  #refuse(
    context: RequestContext,
    error: Error = hasHost(context.request)
      ? new BadRequest(
          "this server does not answer for the host that the request names (hosts in the configuration says which)",
          421,
        )
      : new BadRequest("the request has no valid Host header, and links must be built from it", 400),
  ): Response {
    this.#options.metrics.began();
    return this.#done(context, respondError(context.request, error, context.mount), 0, error.message);
  }

  /** `request`: as the app is to see it. */
  async #app(context: RequestContext, request: Request): Promise<Response> {
    this.#options.metrics.began();
    try {
      const response = await this.#options.app(request);
      // No browser is to take an answer for something else than it says it is.
      response.headers.set("x-content-type-options", "nosniff");
      return this.#done(context, response, 0);
    } catch (error) {
      log.error("request failed", { error: faultOf(error) ?? (error as Error).stack ?? messageOf(error) });
      return this.#done(context, respondError(request, error), 0, messageOf(error));
    }
  }

  #done(
    { request, startedAt, mount, remote }: RequestContext,
    response: Response,
    bytes: number,
    error?: string,
  ): Response {
    const milliseconds = performance.now() - startedAt;
    const sent = request.method === "HEAD" || response.status === 304 ? 0 : bytes;
    this.#options.metrics.ended(mount?.name ?? "", response.status, sent, milliseconds);
    const ecosystem = mount?.ecosystem.id;
    const { status } = response;
    this.#options.accessLog.request({ request, status, milliseconds, remote, error, bytes: sent, ecosystem });
    return response;
  }
}

/** Without a Host (HTTP/1.0), or with one that is none, Bun has no more than the path. */
function hasHost({ url }: Request): boolean {
  return !url.startsWith("/");
}

/** Clients whose base address ends with a slash ask for `//`; upstreams merge them, so both are one path. */
function merged(path: string): Path {
  return (path.includes("//") ? path.replace(/\/{2,}/g, "/") : path) as Path;
}

async function bodyOf(request: Request): Promise<Pick<Ask, "body" | "bodyHeaders">> {
  const described = ["content-type", "content-encoding"].map((name) => [name, request.headers.get(name)] as const);
  return {
    body: await wholeOf(request),
    bodyHeaders: Object.fromEntries(described.filter((pair): pair is [string, string] => pair[1] !== null)),
  };
}

/** Throws BadRequest (413) where it is too large. */
async function wholeOf(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_REQUEST) throw new BadRequest(`a request may have at most ${MAX_REQUEST} bytes`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function heldPathOf(answer: Answer): Path | undefined {
  if (answer.kind === "ready") return answer.ready.path as Path;
  return answer.kind === "file" && "row" in answer.file ? (answer.file.row.path as Path) : undefined;
}

function sizeOf(answer: Awaited<ReturnType<Cache["get"]>>, response: Response): number {
  if (answer.kind === "ready") return answer.ready.bytes.length;
  if (answer.kind === "file" && "row" in answer.file) return answer.file.row.size;
  if (answer.kind === "file" && answer.file.kind === "growing") return answer.file.head.length ?? 0;
  return Number(response.headers.get("content-length") ?? 0);
}
