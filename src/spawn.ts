/** A thread that runs `worker.ts`. Here, beside it: in the executable too, a worker is found by its place next to this file. */
export function spawnWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url).href);
}
