/** Ages by the clock of the machine, which may have been wrong when something was noted, or be wrong now. */

/** Milliseconds by which another machine on the same store may be ahead. */
const SKEW = 5_000;

/** Milliseconds since a time (since 1970, as both are); Infinity where it is in the future, so that what depends on it is due at once. */
export function ageOf(at: number, now: number): number {
  return at > now + SKEW ? Number.POSITIVE_INFINITY : Math.max(0, now - at);
}

const DAY = 86_400_000;

/** No try is put off for longer, in milliseconds; what is was put off by a clock that was ahead, and is due. */
export const LONGEST_WAIT = DAY;
/** The same of what a cooldown withholds. */
export const LONGEST_COOLDOWN = 400 * DAY;
