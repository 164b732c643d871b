/** Entry point of a worker: opens its own view of store and database, then runs tasks until it is ended; or tries one plugin. */
import { workInBackground } from "./commands/background.ts";
import { type Job, openRuntime, type RuntimeOptions } from "./commands/runtime.ts";
import { type Events, on } from "./events.ts";
import { configureLog } from "./log.ts";
import type { PluginSource } from "./plugin-source.ts";
import { PROBE, probed } from "./plugins/probe.ts";
import { type FromWorker, plain, type ToWorker } from "./pool.ts";

declare const self: Worker;

/** Milliseconds in which counted bytes gather before the main thread hears of them. */
const GATHER = 200;

let tasks: Promise<Job> | undefined;

self.onmessage = async ({ data: { id, name, input } }: MessageEvent<ToWorker>) => {
  try {
    if (name === PROBE) return await probed(input as PluginSource, (value) => send({ id, value }));
    if (name === "open") {
      const options = input as RuntimeOptions;
      configureLog(options.config.log.level, options.config.log.format);
      if (options.pin) workInBackground();
      tasks = openRuntime(options).then((runtime) => runtime.tasks());
    }
    const run = (await tasks)?.[name as keyof Job] as ((input: unknown) => Promise<unknown>) | undefined;
    send({ id, value: name === "open" ? undefined : await run?.(input) });
  } catch (error) {
    send({ id, error: plain(error) });
  }
};

function send(message: FromWorker): void {
  self.postMessage(message);
}

const FORWARDED = [
  "waited",
  "upstream",
  "mismatch",
  "generation",
  "untrusted",
  "stored",
  "breaker",
  "feeding",
] as const satisfies readonly (keyof Events)[];
for (const event of FORWARDED) on(event, (data) => send({ event, data: data as never }));

const fetched = new Map<string, number>();
on("fetched", ({ mount, bytes }) => {
  if (fetched.size === 0) setTimeout(tell, GATHER);
  fetched.set(mount, (fetched.get(mount) ?? 0) + bytes);
});

function tell(): void {
  for (const [mount, bytes] of fetched) send({ event: "fetched", data: { mount, bytes } as never });
  fetched.clear();
}
