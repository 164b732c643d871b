/**
 * Asks upstreams. Follows redirects by hand (each hop is guarded anew), retries what may pass, leaves hosts alone that ask
 * for it, and bounds every wait. Knows nothing of caching: the answer is upstream's, whatever its status.
 */

import { emit } from "../contract/events.ts";
import { messageOf, UpstreamFailed } from "../lib/errors.ts";
import type { Dialer } from "../mounts/mounts.ts";
import { Breaker, type Place } from "./breaker.ts";
import { type DialRequest, type DialSettings, Unreachable } from "./dial.ts";
import { Limits } from "./limits.ts";
import { Pauses } from "./pauses.ts";
import { delayBefore, isBusy, mayPass, retryAfterOf, verdictOf } from "./retry.ts";
import { Throttle } from "./throttle.ts";
import { Tokens } from "./tokens.ts";

export interface UpstreamSettings extends DialSettings {
  /** Milliseconds that retries, and pauses that a host asked for, may take in all. */
  patience: number;
  /** Whether the requests that are under way to each host are bounded, by what it can bear: for who asks for much at once.
   * Default: no, since clients must not wait behind each other. */
  adaptive?: boolean;
  /** Bytes a second, over all answers together. Default: as fast as they come. */
  rate?: number;
}

export interface UpstreamRequest extends Partial<DialRequest> {
  /** Milliseconds that retries may wait in all. Default: as set. */
  patience?: number | undefined;
  /** What is asked for: kinds that fail are told apart (a registry's documents may be well while its files are not). */
  kind?: "document" | "artifact" | "question";
}

type Outcome = Response | UpstreamFailed;
/** A request with the time by which it must be under way. */
type Attempt = DialRequest & { deadline: number };

const REDIRECTS = 5;

/** Addresses that answered in place of those that were asked. */
const answering = new WeakMap<Response, string>();

/** The address that answered, where redirects led to another than was asked. */
export function answeringAddress(response: Response): string | undefined {
  return answering.get(response);
}

export class Upstream {
  readonly settings: UpstreamSettings;
  readonly #breaker = new Breaker();
  readonly #pauses: Pauses;
  readonly #tokens: Tokens;
  readonly #limits: Limits | undefined;
  readonly #throttle: Throttle | undefined;

  constructor(settings: UpstreamSettings) {
    this.settings = settings;
    this.#pauses = new Pauses(settings.adaptive);
    this.#tokens = new Tokens(settings);
    this.#limits = settings.adaptive ? new Limits() : undefined;
    this.#throttle = settings.rate ? new Throttle(settings.rate) : undefined;
  }

  /**
   * The answer to a request, after redirects and retries. Its body is as sent (not decompressed).
   * Throws UpstreamFailed when there is none; 429 and 5xx are answers once patience is over.
   */
  async fetch(dialer: Dialer, address: string, request: UpstreamRequest = {}): Promise<Response> {
    const { patience = this.settings.patience, method = "GET", kind = "document" } = request;
    const { host, pathname, search } = new URL(address);
    const path = `${pathname}${search}`;
    const place = { mount: dialer.name, host, kind };
    let deadline = performance.now() + patience;
    for (let attempt = 0; ; attempt++) {
      const asked = performance.now();
      const turn = await this.#limits?.take(host);
      // Whoever had to queue is as patient as before.
      if (turn) deadline += performance.now() - asked;
      let outcome: Outcome | undefined;
      let isProbe = false;
      let delay = 0;
      try {
        await this.#pauses.wait(host, path, deadline);
        isProbe = await this.#breaker.admit(place, path, deadline);
        outcome = await this.#try(dialer, address, { ...request, method, deadline });
        delay = delayBefore(attempt, outcome);
        if (isProbe || !mayPass(outcome) || method === "POST" || performance.now() + delay > deadline)
          return this.#conclude(place, path, outcome);
      } finally {
        if (isProbe) this.#breaker.ended(place);
        turn?.leave(outcome && verdictOf(outcome));
      }
      if (outcome instanceof Response) await outcome.body?.cancel();
      await Bun.sleep(delay);
    }
  }

  /** Once for all attempts: one address that always fails says little of its host. */
  #conclude(place: Place, path: string, outcome: Outcome): Response {
    if (isFailure(outcome)) this.#breaker.failed(place, path, outcome instanceof Unreachable);
    else this.#breaker.succeeded(place);
    if (!(outcome instanceof Response)) throw outcome;
    const limited = this.#throttle?.limit(outcome) ?? outcome;
    const address = answering.get(outcome);
    if (address !== undefined) answering.set(limited, address);
    return limited;
  }

  async #try(dialer: Dialer, address: string, attempt: Attempt): Promise<Outcome> {
    const started = performance.now();
    const host = new URL(address).host;
    const tell = (outcome: { status?: number; error?: string }) =>
      emit("upstream", {
        mount: dialer.name,
        method: attempt.method,
        url: address,
        milliseconds: performance.now() - started,
        ...outcome,
      });
    try {
      const response = await this.#follow(dialer, address, attempt);
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

  async #follow(dialer: Dialer, address: string, attempt: Attempt): Promise<Response> {
    let url = new URL(address);
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const path = `${url.pathname}${url.search}`;
      if (hop > 0) await this.#pauses.wait(url.host, path, attempt.deadline);
      const response = await this.#tokens.dial(dialer, url, attempt);
      const pause = isBusy(response) ? retryAfterOf(response) : undefined;
      if (pause) this.#pauses.begin(url.host, path, pause, response.status);
      if (!isBusy(response)) this.#pauses.answered(url.host);
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || response.status === 304 || !location) {
        if (hop > 0) answering.set(response, url.href);
        return response;
      }
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new UpstreamFailed(`${new URL(address).host} redirected more than ${REDIRECTS} times`);
  }
}

function isFailure(outcome: Outcome): boolean {
  return outcome instanceof Response ? outcome.status >= 500 : outcome.retryable;
}
