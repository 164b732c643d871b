/** One hop: a request to one address, guarded, with the credential that is meant for it, bounded in time. */
import { messageOf, UpstreamFailed } from "../errors.ts";
import type { Dialer } from "../mounts.ts";
import { isClear } from "../plain.ts";
import { type Credential, credentialFor } from "./auth.ts";
import { publicAddress, requireHttp } from "./guard.ts";

export interface DialSettings {
  /** Milliseconds until headers, and in which at least `MINIMUM_RATE` must arrive; 0: no limit. */
  timeout: number;
  credentials: readonly Credential[];
  allowPrivate: readonly string[];
  userAgent: string;
}

export interface DialRequest {
  method: string;
  headers?: Record<string, string>;
  body?: Uint8Array | undefined;
  /** A bearer token, in the place of what is configured. */
  token?: string | undefined;
}

/** The answer, whatever its status; a redirect is one. Throws UpstreamFailed when there is none, or none may be asked for. */
export async function dial(
  settings: DialSettings,
  dialer: Dialer,
  url: URL,
  { method, headers, body, token }: DialRequest,
): Promise<Response> {
  requireHttp(url);
  if (!isClear(url))
    throw new UpstreamFailed(`refused to ask ${url.host} for ${url.pathname}: the path climbs once it is decoded`);
  const sent = new Headers({ "user-agent": settings.userAgent, "accept-encoding": "identity", ...headers });
  const credential = token
    ? { header: "authorization", value: `Bearer ${token}` }
    : credentialFor(settings.credentials, url);
  if (credential) sent.set(credential.header, credential.value);
  const target = new URL(url);
  const tls: { ca?: string; serverName?: string } = dialer.ca ? { ca: dialer.ca } : {};
  // A name is resolved once, and what was checked is what is dialled: a second look-up could answer otherwise.
  if (!dialer.trusted.has(url.origin) && !dialer.proxy) {
    const ip = await publicAddress(url, settings);
    target.hostname = ip.includes(":") ? `[${ip}]` : ip;
    sent.set("host", url.host);
    tls.serverName = url.hostname;
  }
  const abort = new AbortController();
  const { timeout } = settings;
  const timer = timeout > 0 ? setTimeout(() => abort.abort(), timeout) : undefined;
  try {
    return await fetch(target, {
      method,
      headers: sent,
      redirect: "manual",
      decompress: false,
      signal: abort.signal,
      ...(body && { body }),
      ...(dialer.proxy && { proxy: dialer.proxy }),
      ...(Object.keys(tls).length > 0 && { tls }),
    });
  } catch (error) {
    if (abort.signal.aborted) {
      throw new UpstreamFailed(`${url.host} sent no answer within ${timeout} ms`, { retryable: true, timeout: true });
    }
    throw new UpstreamFailed(`${url.host} cannot be reached: ${messageOf(error)}`, { retryable: true });
  } finally {
    clearTimeout(timer);
  }
}
