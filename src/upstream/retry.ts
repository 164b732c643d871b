import { UpstreamFailed } from "../errors.ts";

/** Milliseconds before the second attempt; doubled for each later one. */
const FIRST = 200;

/** Whether asking again may help: rate limits, server errors and failures of the connection. */
export function isPassing(outcome: Response | UpstreamFailed): boolean {
  if (outcome instanceof UpstreamFailed) return outcome.retryable;
  return outcome.status === 429 || (outcome.status >= 500 && outcome.status !== 501);
}

/** Milliseconds to wait: what `Retry-After` asks for (RFC 9110, seconds or a date), else doubling with jitter. */
export function delayBefore(attempt: number, outcome: Response | UpstreamFailed, now = Date.now()): number {
  const asked = outcome instanceof Response ? outcome.headers.get("retry-after") : null;
  if (asked !== null) {
    const seconds = Number(asked);
    const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(asked) - now;
    if (wait >= 0) return wait;
  }
  return FIRST * 2 ** attempt * (0.75 + Math.random() / 2);
}
