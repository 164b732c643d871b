/** Threads and processes that run `worker.ts`. Here, beside it: in the executable too, a worker is found by its place next to this file. */
import { fileURLToPath } from "node:url";

export function spawnWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url).href);
}

/** What `main.ts` is called with for it. */
export const CHILD = "--child-process";

/** A process that runs `worker.ts`; `receive` gets what it sends, structured-cloneable both ways. It ends with this process. */
export function spawnChild(receive: (message: unknown) => void, ended: () => void) {
  const isExecutable = Bun.main.includes("$bunfs") || Bun.main.includes("~BUN");
  const program = isExecutable ? [] : [fileURLToPath(new URL("./main.ts", import.meta.url))];
  return Bun.spawn([process.execPath, ...program, CHILD], {
    ipc: receive,
    serialization: "advanced",
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    onExit: ended,
  });
}
