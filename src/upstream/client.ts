/**
 * Asks upstreams. Adds credentials, follows redirects by hand (each hop is guarded anew), retries what may pass, and bounds
 * every wait. Knows nothing of caching: the answer is upstream's, whatever its status.
 */
import { messageOf, UpstreamFailed } from "../errors.ts";
import { emit } from "../events.ts";
import type { Dialer } from "../mounts.ts";
import { type Credential, credentialFor } from "./auth.ts";
import { Breaker } from "./breaker.ts";
import { publicAddress, requireHttp } from "./guard.ts";
import { delayBefore, isPassing } from "./retry.ts";

export interface UpstreamSettings {
  /** Milliseconds until headers, and in which at least `MINIMUM_RATE` must arrive; 0: no limit. */
  timeout: number;
  /** Milliseconds that retries may wait in all. */
  patience: number;
  credentials: readonly Credential[];
  allowPrivate: readonly string[];
  userAgent: string;
}

export interface UpstreamRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array | undefined;
  /** Milliseconds that retries may wait in all. Default: as set. */
  patience?: number | undefined;
}

const REDIRECTS = 5;

export class Upstream {
  readonly settings: UpstreamSettings;
  readonly #breaker = new Breaker();

  constructor(settings: UpstreamSettings) {
    this.settings = settings;
  }

  /**
   * The answer to a request, after redirects and retries. Its body is as sent (not decompressed).
   * Throws UpstreamFailed when there is none; 429 and 5xx are answers once patience is over.
   */
  async fetch(dialer: Dialer, address: string, request: UpstreamRequest = {}): Promise<Response> {
    const method = request.method ?? "GET";
    const { host } = new URL(address);
    const deadline = Date.now() + (request.patience ?? this.settings.patience);
    for (let attempt = 0; ; attempt++) {
      this.#breaker.admit(host);
      const outcome = await this.#try(dialer, address, { ...request, method });
      const delay = delayBefore(attempt, outcome);
      if (!isPassing(outcome) || method === "POST" || Date.now() + delay > deadline) {
        // Once for all attempts: one address that always fails says little of its host.
        if (isFailure(outcome)) this.#breaker.failed(host);
        else this.#breaker.succeeded(host);
        if (outcome instanceof Response) return outcome;
        throw outcome;
      }
      if (outcome instanceof Response) await outcome.body?.cancel();
      await Bun.sleep(delay);
    }
  }

  async #try(
    dialer: Dialer,
    address: string,
    request: UpstreamRequest & { method: string },
  ): Promise<Response | UpstreamFailed> {
    const started = performance.now();
    const host = new URL(address).host;
    const tell = (outcome: { status?: number; error?: string }) =>
      emit("upstream", {
        mount: dialer.name,
        method: request.method,
        url: address,
        milliseconds: performance.now() - started,
        ...outcome,
      });
    try {
      const response = await this.#follow(dialer, address, request);
      tell({ status: response.status });
      return response;
    } catch (error) {
      const failure =
        error instanceof UpstreamFailed
          ? error
          : new UpstreamFailed(`${host}: ${messageOf(error)}`, { retryable: true });
      tell({ error: failure.message });
      return failure;
    }
  }

  async #follow(dialer: Dialer, address: string, request: UpstreamRequest & { method: string }): Promise<Response> {
    let url = new URL(address);
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const response = await this.#dial(dialer, url, request);
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || response.status === 304 || !location) return response;
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new UpstreamFailed(`${new URL(address).host} redirected more than ${REDIRECTS} times`);
  }

  async #dial(
    dialer: Dialer,
    url: URL,
    { method, headers, body }: UpstreamRequest & { method: string },
  ): Promise<Response> {
    requireHttp(url);
    const sent = new Headers({ "user-agent": this.settings.userAgent, "accept-encoding": "identity", ...headers });
    const credential = credentialFor(this.settings.credentials, url);
    if (credential) sent.set(credential.header, credential.value);
    const target = new URL(url);
    const tls: { ca?: string; serverName?: string } = dialer.ca ? { ca: dialer.ca } : {};
    // A name is resolved once, and what was checked is what is dialled: a second look-up could answer otherwise.
    if (!dialer.trusted.has(url.origin) && !dialer.proxy) {
      const ip = await publicAddress(url, this.settings);
      target.hostname = ip.includes(":") ? `[${ip}]` : ip;
      sent.set("host", url.host);
      tls.serverName = url.hostname;
    }
    const abort = new AbortController();
    const { timeout } = this.settings;
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
}

function isFailure(outcome: Response | UpstreamFailed): boolean {
  return outcome instanceof Response ? outcome.status >= 500 : outcome.retryable;
}
