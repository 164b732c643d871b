/** One hop: a request to one address, guarded, with the credential that is meant for it, bounded in time. */

import { isClear } from "../contract/plain.ts";
import { UpstreamFailed } from "../lib/errors.ts";
import type { Dialer } from "../mounts/mounts.ts";
import { type Credential, credentialFor } from "./auth.ts";
import { describeFailure, isUnreachable, proxyFor } from "./forward-proxy.ts";
import { publicAddress, requireHttp, requirePublicName } from "./guard.ts";

/** Directly, whatever the environment says; Bun's types do not know it. */
const NO_PROXY = false as unknown as string;

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

/** No connection could be made, whatever was to be asked for. */
export class Unreachable extends UpstreamFailed {}

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
  const proxy = proxyFor(dialer, url);
  const isForeign = !dialer.trusted.has(url.origin);
  if (isForeign && proxy) await requirePublicName(url, settings);
  // A name is resolved once, and what was checked is what is dialled: a second look-up could answer otherwise.
  if (isForeign && !proxy) {
    const ip = await publicAddress(url, settings);
    target.hostname = ip.includes(":") ? `[${ip}]` : ip;
    sent.set("host", url.host);
    tls.serverName = url.hostname;
  }
  const abort = new AbortController();
  const { timeout } = settings;
  const timer = timeout > 0 ? setTimeout(() => abort.abort(), timeout) : undefined;
  try {
    const response = await fetch(target, {
      method,
      headers: sent,
      redirect: "manual",
      decompress: false,
      signal: abort.signal,
      ...(body && { body }),
      // Else Bun would take the environment's, by rules of its own.
      proxy: proxy?.url ?? NO_PROXY,
      ...(Object.keys(tls).length > 0 && { tls }),
    });
    if (response.status !== 407 || !proxy) return response;
    await response.body?.cancel();
    throw Object.assign(new Error("407 Proxy Authentication Required"), { code: "ERR_PROXY_TUNNEL" });
  } catch (error) {
    if (abort.signal.aborted) {
      const way = proxy ? ` through the proxy ${new URL(proxy.url).host} (${proxy.setting})` : "";
      throw new UpstreamFailed(`${url.host} sent no answer within ${timeout} ms${way}`, {
        retryable: true,
        timeout: true,
      });
    }
    const Failure = isUnreachable(error) ? Unreachable : UpstreamFailed;
    throw new Failure(describeFailure(url.host, proxy, error), { retryable: true });
  } finally {
    clearTimeout(timer);
  }
}
