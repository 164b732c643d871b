/** How a thread behaves that no client waits for. */
import { readdirSync, readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";

/** Milliseconds between collections. */
const PERIOD = 500;

/** `whole`: nor for any other of its process. */
export function workInBackground({ whole = false } = {}): void {
  keepHeapSmall();
  giveWay(whole);
}

/**
 * Collects garbage now and then: left to itself, JavaScriptCore lets tens of megabytes of it gather in each thread, the more the
 * more memory the machine has.
 */
function keepHeapSmall(): void {
  setInterval(() => Bun.gc(true), PERIOD).unref();
}

/** Lets threads that serve clients go first where there are too few cores. Linux has a priority for each thread; elsewhere nothing is done. */
function giveWay(whole: boolean): void {
  try {
    const threads = whole ? readdirSync("/proc/self/task") : [readlinkSync("/proc/thread-self").split("/").at(-1)];
    for (const thread of threads) setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A sandbox may forbid it, and everything works without.
  }
}
