/** Tries a plugin on a thread of its own, which is ended where it does not come back. Both sides. */
import type { PluginSource } from "../config/plugin-source.ts";
import { spawnWorker } from "../spawn.ts";
import type { FromWorker, ToWorker } from "../workers/pool.ts";
import { tryPlugin } from "./try.ts";

/** Milliseconds in which a plugin must have been loaded and tried. */
const DEADLINE = 10_000;
/** Milliseconds for its thread to start, which a busy machine delays and the plugin does not. */
const STARTING = 60_000;

/** The task by which a thread is asked. */
export const PROBE = "probe";

/** Why a plugin is refused, `FILE:LINE: …`; empty where it is not. */
export async function probe(source: PluginSource, deadline = DEADLINE): Promise<string[]> {
  const worker = spawnWorker();
  const { promise, resolve } = Promise.withResolvers<string[]>();
  let doing = "starting a thread for it";
  const endAfter = (limit: number) =>
    setTimeout(() => resolve([`${source.file}: ${doing} does not end; ended after ${limit / 1_000} s`]), limit);
  const starting = endAfter(STARTING);
  let trying: ReturnType<typeof endAfter> | undefined;
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    const told = "value" in data ? data.value : [`${source.file}: cannot be tried: ${JSON.stringify(data)}`];
    clearTimeout(starting);
    trying ??= endAfter(deadline);
    if (typeof told === "string") doing = told;
    else resolve(told as string[]);
  });
  worker.addEventListener("error", ({ message }) => resolve([`${source.file}: ends its thread: ${message}`]));
  worker.postMessage({ id: 0, name: PROBE, input: source } satisfies ToWorker);
  try {
    return await promise;
  } finally {
    clearTimeout(starting);
    clearTimeout(trying);
    worker.terminate();
  }
}

/** The thread's side: tells what is being done, as text, and then the reasons. */
export async function probed(source: PluginSource, tell: (told: string | string[]) => void): Promise<void> {
  tell(await tryPlugin(source, tell));
}
