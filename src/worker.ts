/**
 * Entry point of a worker, which is a thread, or a process of its own (`child.ts`): opens its own view of store and database,
 * then runs tasks until it is ended; or tries one plugin.
 */
import { writeFileSync } from "node:fs";
import { workInBackground } from "./app/background.ts";
import { PING } from "./app/child.ts";
import { type TakeTasks, taker } from "./app/mirror-take.ts";
import { ofWorker } from "./app/profile.ts";
import { type Job, openRuntime, type RuntimeOptions } from "./app/runtime.ts";
import type { PluginSource } from "./config/plugin-source.ts";
import { type Events, on } from "./contract/events.ts";
import { configureLog } from "./lib/log.ts";
import { PROBE, probed } from "./plugins/probe.ts";
import { type FromWorker, plain, type ToWorker } from "./workers/pool.ts";

declare const self: Worker;

/** Milliseconds in which counted bytes gather before the main thread hears of them. */
const GATHER = 200;

let tasks: Promise<Job & TakeTasks> | undefined;

if (Bun.isMainThread) {
  process.on("message", (message: ToWorker) => void received(message));
  // Its parent is gone, or wants it gone; signals from a terminal or a service manager are the parent's to heed.
  process.on("disconnect", () => process.exit());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  void endWithParent();
} else self.onmessage = ({ data }: MessageEvent<ToWorker>) => received(data);

async function received({ id, name, input }: ToWorker): Promise<void> {
  try {
    if (name === PING) return send({ id, value: undefined });
    if (name === PROBE) return await probed(input as PluginSource, (value) => send({ id, value }));
    if (name === "open") {
      const options = input as RuntimeOptions;
      configureLog(options.config.log.level, options.config.log.format);
      if (options.profile.pinsWhatItFetches) workInBackground();
      tasks = openRuntime({ ...options, profile: ofWorker(options.profile) }).then((runtime) => ({
        ...runtime.tasks(),
        take: taker(options.config, runtime),
      }));
    }
    const run = (await tasks)?.[name as keyof (Job & TakeTasks)] as ((input: unknown) => Promise<unknown>) | undefined;
    send({ id, value: name === "open" ? undefined : await run?.(input) });
  } catch (error) {
    send({ id, error: plain(error) });
  }
}

function send(message: FromWorker): void {
  if (Bun.isMainThread) process.send?.(message);
  else self.postMessage(message);
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

/** A process of which the parent was killed while it was busy would go on for ever. Linux only; others notice once they are not busy. */
async function endWithParent(): Promise<void> {
  if (process.platform !== "linux") return;
  try {
    // Whoever has too little memory takes it from a process that is made anew, not from the server.
    writeFileSync("/proc/self/oom_score_adj", "500");
    const { dlopen } = await import("bun:ffi");
    const { symbols } = dlopen("libc.so.6", { prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" } });
    const PR_SET_PDEATHSIG = 1;
    const SIGKILL = 9;
    symbols.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  } catch {
    // Another C library, or a sandbox: the same as on other systems.
  }
}
