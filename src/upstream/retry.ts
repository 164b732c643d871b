import { UpstreamFailed } from "../lib/errors.ts";
import type { Verdict } from "./limits.ts";

/** Milliseconds before the second attempt; doubled for each later one. */
const FIRST = 200;
/** Milliseconds: who asks for more is taken to have meant that. */
const LONGEST = 3_600_000;

/** Whether asking again may help: rate limits, server errors and failures of the connection. */
export function mayPass(outcome: Response | UpstreamFailed): boolean {
  if (outcome instanceof UpstreamFailed) return outcome.retryable;
  return outcome.status === 429 || (outcome.status >= 500 && outcome.status !== 501);
}

/** What an answer, or its absence, says of how much its host has to do. */
export function verdictOf(outcome: Response | UpstreamFailed): Verdict {
  if (outcome instanceof UpstreamFailed) return outcome.retryable ? "crowded" : undefined;
  if (isBusy(outcome)) return "crowded";
  return outcome.status < 500 ? "good" : undefined;
}

/** Whether a host says that it is asked too much, or too early. */
export function isBusy({ status }: Response): boolean {
  return status === 429 || status === 503;
}

/** Milliseconds that `Retry-After` asks for (RFC 9110 10.2.3: seconds, or a date); `undefined` where it asks for nothing. */
export function retryAfterOf({ headers }: Response): number | undefined {
  const asked = headers.get("retry-after");
  if (asked === null) return undefined;
  const seconds = Number(asked);
  // A date is by the clock of the host, which need not agree with ours.
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(asked) - (dateOf(headers) ?? Date.now());
  return wait >= 0 ? Math.min(wait, LONGEST) : undefined;
}

/** The time by the clock of the host (RFC 9110 6.6.1); `undefined` where it tells none. */
function dateOf(headers: Headers): number | undefined {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? undefined : date;
}

/** Milliseconds to wait: what `Retry-After` asks for, else doubling with jitter. */
export function delayBefore(attempt: number, outcome: Response | UpstreamFailed): number {
  const asked = outcome instanceof Response ? retryAfterOf(outcome) : undefined;
  return asked ?? FIRST * 2 ** attempt * (0.75 + Math.random() / 2);
}
