/** Milliseconds between collections. */
const PERIOD = 500;

/**
 * Collects garbage now and then, for threads that no client waits for: left to itself, JavaScriptCore lets tens of megabytes
 * of it gather in each thread, the more the more memory the machine has.
 */
export function keepHeapSmall(): void {
  setInterval(() => Bun.gc(true), PERIOD).unref();
}
