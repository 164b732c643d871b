/**
 * How long clients wait for what is held while a job fills the same cache: one of package URLs, and that of a whole registry, by a process of its
 * own and by the server itself. Requests come as a busy team's do, not as many as are answered: that would measure the queue for the cores.
 */
import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { type Proxy as Product, startProxy } from "../../../tests/support/proxy.ts";
import { type Load, put } from "../load.ts";
import { helper, type Stage } from "../stage.ts";
import type { Row } from "../table.ts";

const KB = 1024;
const RATE = 400;
/** Packages of the registry; more than are listed and mirrored meanwhile. */
const PACKAGES = 500_000;
/** The job's own start is not what clients would notice. */
const BEFORE = 1_000;

export async function besideMirror(stage: Stage): Promise<Row[]> {
  const { proxy, write, quick } = stage;
  const names = Array.from({ length: quick ? 150 : 500 }, (_, at) => `mirrored-${at}`);
  for (const name of names) await write({ name, sizes: Array(10).fill(100 * KB) });
  const { tarballs } = await write({ name: "popular", sizes: [10 * KB] });
  const list = names.map((name) => `pkg:npm/${name}`);
  const upstream = await helper("whole-upstream.ts", String(PACKAGES), String(10 * KB), "5");
  // They would not be on this machine: what they take must not be taken from clients.
  for (const { pid } of [stage.upstream, upstream])
    for (const thread of readdirSync(`/proc/${pid}/task`))
      setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
  const upstreams = { default: upstream.url, replication: `${upstream.url}/-replication` };
  const { executable } = stage;
  const config = { mounts: { npm: { ecosystem: "npm", upstreams } } };
  const whole = await startProxy({ config, dir: await stage.folder(), executable });
  const file = `${whole.url}/npm/whole-0000000/-/whole-0000000-1.0.0.tgz`;
  const load = (url: string): Load => ({ urls: [url], connections: 16, rate: RATE, seconds: quick ? 2 : 4 });
  try {
    return [
      await row("proxy mirror", load(`${proxy.url}/npm${tarballs[0]}`), () => command(stage, proxy, list)),
      await row("proxy mirror --registry", load(file), () => command(stage, whole, ["--registry", "npm"])),
      await row("a job of the server for a registry", load(file), () => job(whole.url)),
    ];
  } finally {
    await whole.stop();
    upstream.stop();
  }
}

async function row(title: string, load: Load, start: () => Promise<() => Promise<boolean>>): Promise<Row> {
  await (await fetch(load.urls[0]!)).bytes();
  const alone = await put(load);
  const stop = await start();
  await Bun.sleep(BEFORE);
  const beside = await put(load);
  const overlapped = await stop();
  const ratio = beside.p99 / alone.p99;
  return {
    measure: `p99 of cached 10 KB beside ${title}${overlapped ? "" : " (which ended before)"}`,
    ours: `${beside.p99.toFixed(1)} ms`,
    reference: `${alone.p99.toFixed(1)} ms alone`,
    ratio,
    goal: { value: ratio, most: 2, unit: "" },
  };
}

/** A command beside the server; tells at its end whether it was still at work. */
async function command(
  { executable, folder }: Stage,
  { configFile }: Product,
  args: readonly string[],
): Promise<() => Promise<boolean>> {
  const cwd = await folder();
  const child = Bun.spawn([executable, "mirror", ...args, "--config", configFile], {
    cwd,
    env: { HOME: cwd },
    stdio: ["ignore", "ignore", "ignore"],
  });
  return async () => {
    const isRunning = child.exitCode === null;
    child.kill("SIGKILL");
    await child.exited;
    return isRunning;
  };
}

async function job(url: string): Promise<() => Promise<boolean>> {
  const body = JSON.stringify({ registry: "npm" });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/api/mirror`, { method: "POST", headers, body });
  if (response.status !== 202)
    throw new Error(`POST /api/mirror was answered ${response.status}: ${await response.text()}`);
  const at = new URL(response.headers.get("location") ?? "", url);
  return async () => {
    const { state } = (await (await fetch(at)).json()) as { state: string };
    await fetch(at, { method: "DELETE" });
    return state === "running";
  };
}
