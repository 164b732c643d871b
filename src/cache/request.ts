/** Asks the addresses that may have a body, in order, and reads what their answers mean. */
import type { Algorithm, Digest } from "../ecosystem.ts";
import { NotFound, UpstreamFailed } from "../errors.ts";
import type { Dialer } from "../mounts.ts";
import type { Upstream } from "../upstream/client.ts";
import { retryAfterOf } from "../upstream/retry.ts";
import type { Head } from "./growing.ts";

export interface Wanted {
  mount: Dialer;
  /** For messages. */
  path: string;
  /** Groups tried in order until one has it; the addresses of a group are equals, of which one must answer. Only absence
   * leads to the next group: what a failing registry would have must not be taken from another. */
  urls: readonly (readonly string[])[];
  /** What the bytes must hash to, when something vouches for them. */
  expected?: Digest | undefined;
  /** A further look at the whole, before any of it is passed on: at the bytes, or the file that they are in. Throws what is wrong. */
  inspect?: ((content: Uint8Array<ArrayBuffer> | string) => Promise<void>) | undefined;
  /** Bytes, where something promises how many there are. */
  size?: number | undefined;
  /** Digests to compute beside. */
  algorithms: readonly Algorithm[];
  keepHeaders: readonly string[];
  requestHeaders?: Record<string, string>;
  /** Default: GET. */
  method?: "HEAD";
  /** Bytes. */
  maximum: number;
  /** Archives are kept as sent; documents are decompressed when upstream compressed them although not asked to. */
  raw: boolean;
}

export interface Answered {
  response: Response;
  head: Head;
}

/** True absence. Stores behind registries say 403 for files that they do not have. */
const ABSENT = new Set([404, 410, 451]);

/** Upstream says that what the request's validators name is current. */
export class NotModified extends Error {}

/** The rest of a body cannot be had: upstream has another one by now, or gives no parts. From the first byte on it may go. */
export class Changed extends UpstreamFailed {}

/** The answer that has what is wanted from byte `from` on. Throws NotModified, NotFound or UpstreamFailed. */
export async function request(
  upstream: Upstream,
  wanted: Wanted,
  from: number,
  known: Head | undefined,
): Promise<Answered> {
  const { urls, path } = wanted;
  let absence = new NotFound(`${path}: no upstream is configured that could have it`);
  // Once bytes are here, the rest can only come from where they came from.
  for (const group of known ? [[known.url]] : urls) {
    try {
      return await requestOne(upstream, wanted, group, from, known);
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      absence = error;
    }
  }
  throw absence;
}

/** Throws NotFound only where all of the group say so: one that cannot be asked might have it. */
async function requestOne(
  upstream: Upstream,
  wanted: Wanted,
  group: readonly string[],
  from: number,
  known: Head | undefined,
): Promise<Answered> {
  const { mount, path } = wanted;
  let absence = new NotFound(`${path}: no upstream is configured that could have it`);
  let failure: Error | undefined;
  for (const url of group) {
    const rest = from > 0 && { range: `bytes=${from}-`, ...(known?.etag && { "if-range": known.etag }) };
    try {
      // Only the last one is worth waiting for.
      const patience = url === group.at(-1) ? undefined : 0;
      const { method, requestHeaders } = wanted;
      const headers = { ...requestHeaders, ...rest };
      const response = await upstream.fetch(mount, url, { ...(method && { method }), headers, patience });
      if (isWanted(response, from)) return { response, head: headOf(response, url, wanted) };
      await response.body?.cancel();
      throw refusal(response, new URL(url).host, wanted, from);
    } catch (error) {
      if (error instanceof NotModified) throw error;
      if (error instanceof NotFound) absence = error;
      else failure = error as Error;
    }
  }
  throw failure ?? absence;
}

function isWanted({ status, headers }: Response, from: number): boolean {
  if (from === 0) return status === 200;
  return status === 206 && (headers.get("content-range") ?? "").startsWith(`bytes ${from}-`);
}

/** What an answer without the wanted body means. */
function refusal(response: Response, host: string, { path, raw, requestHeaders }: Wanted, from: number): Error {
  const { status } = response;
  // RFC 9110 15.4.5: only who named a validator can be told that it is current.
  if (status === 304 && requestHeaders && ("if-none-match" in requestHeaders || "if-modified-since" in requestHeaders))
    return new NotModified();
  const retryable = status === 429 || status >= 500;
  if (from > 0 && !retryable) {
    const message = `${path} changed at upstream while it was being fetched (status ${status} for the rest)`;
    return new Changed(message, { retryable: true });
  }
  if (ABSENT.has(status) || (status === 403 && raw)) {
    return new NotFound(`${path} does not exist at ${host} (status ${status})`);
  }
  const retryAfter = retryable ? retryAfterOf(response) : undefined;
  return new UpstreamFailed(`${host} answered ${status} for ${path}`, { status, retryable, retryAfter });
}

/** What an answer says of its body. */
export function headOf(response: Response, url: string, { keepHeaders, raw }: Wanted): Head {
  const get = (name: string) => response.headers.get(name) ?? undefined;
  const length = get("content-encoding") && !raw ? undefined : get("content-length");
  const headers: Record<string, string> = {};
  for (const name of keepHeaders) {
    const value = get(name);
    if (value !== undefined) headers[name] = value;
  }
  const [etag, lastModified] = [get("etag"), get("last-modified")];
  return {
    url,
    ...(length !== undefined && { length: Number(length) }),
    mediaType: get("content-type") ?? "",
    ...(etag && { etag }),
    ...(lastModified && { lastModified }),
    headers,
  };
}
