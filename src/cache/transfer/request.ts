/** Asks the registries that may have a body, in order, and reads what their answers mean. */
import type { Algorithm, Digest } from "../../contract/ecosystem.ts";
import { isRefusal, NotFound, UpstreamFailed } from "../../lib/errors.ts";
import type { Dialer } from "../../mounts/mounts.ts";
import { codingsOf } from "../../upstream/body.ts";
import { answeringAddress, type Upstream } from "../../upstream/client.ts";
import { reasonOf } from "../../upstream/refusal.ts";
import { retryAfterOf } from "../../upstream/retry.ts";
import type { Source } from "../target.ts";
import type { Sources } from "./origins.ts";
import type { Head } from "./partial-body.ts";

export interface Wanted extends Sources {
  mount: Dialer;
  /** For messages. */
  path: string;
  /** Asked in order. Only absence (404, 410) leads to the next: what a registry that fails or refuses would have must not be
   * taken from another. */
  sources: readonly Source[];
  /** The validators of what is held, for the registry that it came from: another's would mean other bytes. */
  validators?: { registry: string | undefined; headers: Record<string, string> } | undefined;
  /** What the bytes must hash to, when something vouches for them. */
  expected?: Digest | undefined;
  /** A further look at the whole, before any of it is passed on: at the bytes, or the file that they are in. Throws what is wrong. */
  inspect?: ((content: Uint8Array<ArrayBuffer> | string) => Promise<void>) | undefined;
  /** The same where nothing states a digest, with what upstream said of the body. The bytes may be passed on before. */
  resembles?: ((head: Head, content: Uint8Array<ArrayBuffer> | string) => Promise<void>) | undefined;
  /** Bytes, where something promises how many there are. */
  size?: number | undefined;
  /** Digests to compute beside. */
  algorithms: readonly Algorithm[];
  keepHeaders: readonly string[];
  requestHeaders?: Record<string, string>;
  /** Default: GET. */
  method?: "HEAD";
  kind: "document" | "artifact";
  /** Bytes. */
  maximum: number;
  /** The setting that says so, for messages. */
  setting?: string | undefined;
  /** Archives are kept as sent; documents are decompressed when upstream compressed them although not asked to. */
  raw: boolean;
}

export interface Answered {
  response: Response;
  head: Head;
}

/** True absence. */
const ABSENT = new Set([404, 410]);

/** Upstream says that what the request's validators name is current. */
export class NotModified extends Error {}

/** The rest of a body cannot be had: upstream has another one by now, or gives no parts. From the first byte on it may go. */
export class Changed extends UpstreamFailed {}

/** Throws NotFound where upstream says that it has no such path. Not every server answers to HEAD: other failures say nothing. */
export async function requireThere(upstream: Upstream, wanted: Wanted): Promise<void> {
  try {
    await request(upstream, { ...wanted, method: "HEAD" }, 0, undefined);
  } catch (error) {
    if (error instanceof NotFound) throw error;
  }
}

/** The answer that has what is wanted from byte `from` on. Throws NotModified, NotFound or UpstreamFailed. */
export async function request(
  upstream: Upstream,
  wanted: Wanted,
  from: number,
  known: Head | undefined,
): Promise<Answered> {
  // Once bytes are here, the rest can only come from where they came from.
  let left = known ? [{ registry: known.registry ?? "", urls: [known.url] }] : [...wanted.sources];
  let absence = new NotFound(`${wanted.path}: no upstream is configured that could have it`);
  let failure: UpstreamFailed | undefined;
  for (let source = left.shift(); source; source = left.shift()) {
    try {
      return await askRegistry(upstream, wanted, source, { from, known, isLast: left.length === 0 });
    } catch (error) {
      // What a digest is stated of is the same wherever it is.
      const mayBeElsewhere = source.isStated && wanted.expected && left.length > 0 && error instanceof UpstreamFailed;
      if (mayBeElsewhere) {
        failure = error;
        continue;
      }
      if (!(error instanceof NotFound)) throw left.length > 0 ? standing(error, left) : error;
      absence = error;
    }
    const remaining = left.length > 0 && wanted.narrow ? await wanted.narrow(left) : left;
    if (remaining.length < left.length)
      absence.message += `; ${hostsOf(left.filter((each) => !remaining.includes(each)))} may not answer, since the package is of another registry`;
    left = [...remaining];
  }
  throw failure ?? absence;
}

/** The same failure, with the reason why nobody else was asked. */
function standing(error: unknown, left: readonly Source[]): unknown {
  if (error instanceof UpstreamFailed && !(error instanceof Changed))
    error.message += ` (${hostsOf(left)} was not asked: only absence at an earlier registry lets a later one answer)`;
  return error;
}

function hostsOf(sources: readonly Source[]): string {
  return [...new Set(sources.map(({ urls: [url = ""] }) => new URL(url).host))].join(", ");
}

/** Throws NotFound only where all addresses of a registry say so: one that cannot be asked might have it. */
async function askRegistry(
  upstream: Upstream,
  wanted: Wanted,
  { registry, urls, isStated }: Source,
  { from, known, isLast }: { from: number; known: Head | undefined; isLast: boolean },
): Promise<Answered> {
  const { mount, path, method, validators, kind } = wanted;
  let absence = new NotFound(`${path}: no upstream is configured that could have it`);
  let failure: Error | undefined;
  const isKnown = validators && (validators.registry === registry || wanted.sources.length === 1);
  const conditional = isKnown ? validators.headers : {};
  for (const url of urls) {
    const rest = from > 0 && { range: `bytes=${from}-`, ...(known?.etag && { "if-range": known.etag }) };
    try {
      // Only the last one is worth waiting for.
      const mayBeElsewhere = isStated && wanted.expected && !isLast;
      const patience = url === urls.at(-1) && !mayBeElsewhere ? undefined : 0;
      const headers = { ...wanted.requestHeaders, ...conditional, ...rest };
      const response = await upstream.fetch(mount, url, { ...(method && { method }), headers, patience, kind });
      if (from > 0 && known ? isRest(response, wanted, from, known) : response.status === 200)
        return { response, head: { ...headOf(response, url, wanted), registry } };
      throw await refusal(response, new URL(url).host, wanted, from, conditional);
    } catch (error) {
      if (error instanceof NotModified || isRefusal(error)) throw error;
      if (error instanceof NotFound) absence = error;
      else failure = error as Error;
    }
  }
  throw failure ?? absence;
}

/** A strong validator (RFC 9110 8.8.1): equal ones are of equal bytes. */
export function strongOf({ etag }: Pick<Head, "etag">): string | undefined {
  return etag?.startsWith("W/") ? undefined : etag;
}

/**
 * Whether an answer is the rest of what is here: all from that byte on, of a whole of the same length, by the same strong
 * validator. Where there is none, a digest has to tell in the end, and nothing may speak against it meanwhile.
 */
function isRest({ status, headers }: Response, { expected, raw }: Wanted, from: number, known: Head): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
  if (status !== 206 || !range || (headers.has("content-encoding") && !raw)) return false;
  const [start, end] = [Number(range[1]), Number(range[2])];
  const whole = range[3] === "*" ? (known.length ?? end + 1) : Number(range[3]);
  if (start !== from || end + 1 !== whole || (known.length ?? whole) !== whole) return false;
  const etag = headers.get("etag") ?? undefined;
  if (expected === undefined) return strongOf(known) !== undefined && etag === known.etag;
  const modified = headers.get("last-modified") ?? undefined;
  return (etag ?? known.etag) === known.etag && (modified ?? known.lastModified) === known.lastModified;
}

/** What an answer without the wanted body means. */
async function refusal(
  response: Response,
  host: string,
  { path }: Wanted,
  from: number,
  conditional: Record<string, string>,
): Promise<Error> {
  const { status } = response;
  // RFC 9110 15.4.5: only who named a validator can be told that it is current.
  if (status === 304 && Object.keys(conditional).length > 0) return new NotModified();
  const retryable = status === 429 || status >= 500;
  const isAbsent = ABSENT.has(status) && from === 0;
  const reason = isAbsent ? await response.body?.cancel() : await reasonOf(response, host);
  if (isAbsent) return new NotFound(`${path} does not exist at ${host} (status ${status})`);
  const retryAfter = retryable ? retryAfterOf(response) : undefined;
  const message = `${host} answered ${status} for ${path}${reason ? `: ${reason}` : ""}`;
  const failed = new UpstreamFailed(message, { status, retryable, retryAfter });
  if (from === 0 || retryable || isRefusal(failed)) return failed;
  const changed = `${path} changed at upstream while it was being fetched (status ${status} for the rest)`;
  return new Changed(changed, { retryable: true });
}

/** What an answer says of its body. */
export function headOf(response: Response, url: string, { keepHeaders, raw }: Wanted): Head {
  const get = (name: string) => response.headers.get(name) ?? undefined;
  const length = codingsOf(response.headers).length > 0 && !raw ? undefined : get("content-length");
  const headers: Record<string, string> = {};
  for (const name of keepHeaders) {
    const value = get(name);
    if (value !== undefined) headers[name] = value;
  }
  const [etag, lastModified] = [get("etag"), get("last-modified")];
  const answeredAt = answeringAddress(response);
  return {
    url,
    ...(answeredAt !== undefined && { answeredAt }),
    isFramed: response.headers.has("content-length") || /\bchunked\s*$/i.test(get("transfer-encoding") ?? ""),
    ...(length !== undefined && { length: Number(length) }),
    ...(get("content-encoding") && !raw && { isCoded: true }),
    mediaType: get("content-type") ?? "",
    ...(etag && { etag }),
    ...(lastModified && { lastModified }),
    headers,
  };
}
