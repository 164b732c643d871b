/** Backends as they are over a network: calls take their time, and some fail. */

/** Milliseconds that a call may take. */
const SLOWEST = 20;

export function delay(): Promise<void> {
  return Bun.sleep(Math.random() * SLOWEST);
}

/** Fails one call in a hundred, after its delay. `count`: calls and failures so far. */
export function failing(count = { calls: 0, failures: 0 }, share = 0.01): () => Promise<void> {
  return async () => {
    const where = new Error("asked here");
    await delay();
    count.calls++;
    if (Math.random() >= share) return;
    count.failures++;
    throw new Error("the backend is unreachable for a moment", { cause: where });
  };
}
