/** Threads that mirror let those go first that serve clients: alone in a server, all of them in a command. */
import { expect, test } from "bun:test";
import { join } from "node:path";

const module = join(import.meta.dir, "../../src/app/background.ts");

/** Priorities of the process's threads, that of the calling one first. */
async function priorities(options: string): Promise<[own: number, ...others: number[]]> {
  const code = `
    import { readdirSync } from "node:fs";
    import { getPriority } from "node:os";
    import { workInBackground } from ${JSON.stringify(module)};
    workInBackground(${options});
    const others = readdirSync("/proc/self/task").map(Number).filter((thread) => thread !== process.pid);
    console.log(JSON.stringify([process.pid, ...others].map(getPriority)));
    process.exit();
  `;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await child.stdout.text()) as [number, ...number[]];
}

test.skipIf(process.platform !== "linux")("a thread in the background gives way, and it alone", async () => {
  const [own, ...others] = await priorities("");
  expect(own).toBe(10);
  expect(others).toContain(0);
});

test.skipIf(process.platform !== "linux")("so do all of a process that serves nobody", async () => {
  expect(new Set(await priorities("{ whole: true }"))).toEqual(new Set([10]));
});
