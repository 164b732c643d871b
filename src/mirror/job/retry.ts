/** How often a task is tried whose failures may pass. */
export const ATTEMPTS = 5;
/** Milliseconds before the second attempt; four times as many before each later one: 1 s, 4 s, 16 s, 64 s. */
export const BACKOFF = 1_000;

export function mayTryAgain(attempts: number): boolean {
  return attempts + 1 < ATTEMPTS;
}

/** Whether a try after so many others is the last one. */
export function isLast(attempts: number): boolean {
  return attempts + 1 === ATTEMPTS;
}

/** When to try again, milliseconds since 1970, with jitter; not before upstream asked for (`retryAfter`, milliseconds). */
export function retryAt(attempts: number, retryAfter: number, backoff = BACKOFF, now = Date.now()): number {
  return now + Math.max(backoff * 4 ** attempts, retryAfter) * (1 + Math.random() / 4);
}
