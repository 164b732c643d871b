/** Threads that mirror let those go first that serve clients; the rest of their process keeps its priority. */
import { expect, test } from "bun:test";
import { getPriority } from "node:os";
import { join } from "node:path";

const module = join(import.meta.dir, "../../src/commands/background.ts");

test.skipIf(process.platform !== "linux")("a thread in the background gives way, and it alone", async () => {
  const code = `
    import { readlinkSync } from "node:fs";
    import { getPriority } from "node:os";
    import { workInBackground } from ${JSON.stringify(module)};
    workInBackground();
    postMessage(getPriority(Number(readlinkSync("/proc/thread-self").split("/").at(-1))));
  `;
  const before = getPriority();
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "application/typescript" })));
  const priority = await new Promise<number>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data as number);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.terminate();
  expect(priority).toBe(10);
  expect(getPriority()).toBe(before);
});
