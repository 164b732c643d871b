import { emit } from "../contract/events.ts";
import { messageOf, UpstreamFailed } from "../lib/errors.ts";
import type { Dialer } from "../mounts/mounts.ts";
import { type Credential, credentialFor } from "./auth.ts";
import { chunksOf } from "./body.ts";
import { type Challenge, endpointOf } from "./challenge.ts";
import { type DialSettings, dial } from "./dial.ts";
import { retryAfterOf } from "./retry.ts";

export interface Token {
  value: string;
  /** When it is not to be used any more, by `performance.now()`: the clock of the machine may be set meanwhile. */
  until: number;
}

/** Seconds that a token holds where its endpoint does not say. */
const LIFE = 60;
/** The share of its life for which a token is used: clocks differ, and requests take their time. */
const SHARE = 0.9;
const REDIRECTS = 3;
/** Bytes of an answer. */
const LONGEST = 64 * 1024;

/**
 * A token for what a host challenges to. The endpoint is asked with the credential that is configured for it, else, where it
 * is of the host's own domain, with the host's name and password. Throws UpstreamFailed with what was asked, and what it said.
 */
export async function fetchToken(
  settings: DialSettings,
  dialer: Dialer,
  host: URL,
  challenge: Challenge,
): Promise<Token> {
  const what = `the token endpoint that ${host.host} names, ${challenge.realm},`;
  if (!URL.canParse(challenge.realm)) throw new UpstreamFailed(`${what} is no URL`);
  const endpoint = endpointOf(challenge);
  if (host.protocol === "https:" && endpoint.protocol !== "https:")
    throw new UpstreamFailed(`${what} is not asked: it is not encrypted, and ${host.host} is`);
  // The list of public suffixes takes time to load, and few registries need it.
  const { areOfOneOwner } = await import("./domains.ts");
  const own = areOfOneOwner(host.hostname, endpoint.hostname) ? credentialFor(settings.credentials, host) : undefined;
  const credential = own?.value.startsWith("Basic ") ? own : undefined;
  const asked = performance.now();
  const response = await ask(settings, dialer, endpoint, credential, what);
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel();
    const retryable = status === 429 || status >= 500;
    const retryAfter = retryable ? retryAfterOf(response) : undefined;
    throw new UpstreamFailed(`${what} answered ${status}`, { status, retryable, retryAfter });
  }
  const limits = { maximum: LONGEST, timeout: settings.timeout };
  const found = tokenIn(Buffer.concat(await Array.fromAsync(chunksOf(response, endpoint.host, limits))).toString());
  if (!found) throw new UpstreamFailed(`${what} answered without a token`);
  return { value: found.value, until: asked + found.life * 1_000 * SHARE };
}

/** Redirects are followed on the endpoint's own host only: whoever is elsewhere was not named. */
async function ask(
  settings: DialSettings,
  dialer: Dialer,
  endpoint: URL,
  credential: Credential | undefined,
  what: string,
): Promise<Response> {
  const headers = { accept: "application/json", ...(credential && { [credential.header]: credential.value }) };
  let at = endpoint;
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const response = await told(dialer, at, () => dial(settings, dialer, at, { method: "GET", headers }), what);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || !location) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, at.href) ? new URL(location, at) : undefined;
    if (next?.origin !== endpoint.origin)
      throw new UpstreamFailed(`${what} redirects to ${next?.host ?? location}, which is not followed to another host`);
    at = next;
  }
  throw new UpstreamFailed(`${what} redirected more than ${REDIRECTS} times`);
}

/** Its query tells who asks for what: logs are not to have it. */
async function told(
  { name: mount }: Dialer,
  { origin, pathname }: URL,
  run: () => Promise<Response>,
  what: string,
): Promise<Response> {
  const started = performance.now();
  const tell = (outcome: { status: number } | { error: string }) => {
    const milliseconds = performance.now() - started;
    emit("upstream", { mount, method: "GET", url: `${origin}${pathname}`, milliseconds, ...outcome });
  };
  try {
    const response = await run();
    tell({ status: response.status });
    return response;
  } catch (error) {
    tell({ error: messageOf(error) });
    throw error instanceof UpstreamFailed ? new UpstreamFailed(`${what} failed: ${error.message}`, error) : error;
  }
}

/** `life`: seconds. */
function tokenIn(text: string): { value: string; life: number } | undefined {
  try {
    const { token, access_token: other, expires_in: life } = JSON.parse(text) as Record<string, unknown>;
    const value = [token, other].find((each) => typeof each === "string" && /^[\x21-\x7e]+$/.test(each));
    return typeof value === "string" ? { value, life: typeof life === "number" && life > 0 ? life : LIFE } : undefined;
  } catch {
    return undefined;
  }
}
