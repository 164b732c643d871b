/** Puts load on a server from another process: wrk where it is installed and can do it, else `loader.ts`. */
import { join } from "node:path";

export interface Load {
  urls: readonly string[];
  connections: number;
  /** How long; absent: until each URL was asked for once. */
  seconds?: number;
  headers?: Readonly<Record<string, string>>;
  /** Requests a second, over all connections. Default: as many as are answered. */
  rate?: number;
}

export interface Loaded {
  requests: number;
  bytes: number;
  /** Answers that were not successes. */
  failed: number;
  seconds: number;
  /** Milliseconds. */
  p99: number;
}

const wrk = Bun.which("wrk");
export const GENERATOR = wrk ? "wrk" : "scripts/benchmark/loader.ts (wrk is not installed)";

/** Throws when any answer was not a success: numbers of a server that fails mean nothing. */
export async function put(load: Load): Promise<Loaded> {
  const loaded =
    wrk && load.seconds !== undefined && load.urls.length === 1 && !load.rate
      ? await byWrk(wrk, load)
      : await byBun(load);
  if (loaded.failed > 0 || loaded.requests === 0)
    throw new Error(`${load.urls[0]}: ${loaded.failed} of ${loaded.requests} requests failed`);
  return loaded;
}

async function byBun(load: Load): Promise<Loaded> {
  const output = await run([process.execPath, join(import.meta.dir, "loader.ts")], JSON.stringify(load));
  return JSON.parse(output) as Loaded;
}

async function byWrk(program: string, { urls, connections, seconds, headers = {} }: Load): Promise<Loaded> {
  const flags = [`-t1`, `-c${connections}`, `-d${seconds}s`, "--latency", "--timeout", "10s"];
  const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const output = await run([program, ...flags, ...lines, urls[0]!]);
  const find = (pattern: RegExp) => pattern.exec(output)?.slice(1) ?? [];
  const [requests = "0", elapsed = "0"] = find(/(\d+) requests in ([\d.]+)s/);
  const [bytes = "0", unit = ""] = find(/Transfer\/sec:\s+([\d.]+)(\w+)/);
  const [p99 = "0", scale = ""] = find(/99%\s+([\d.]+)(\w+)/);
  const socketErrors = find(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/).map(Number);
  return {
    requests: Number(requests),
    seconds: Number(elapsed),
    bytes: Number(bytes) * BYTES[unit]! * Number(elapsed),
    p99: Number(p99) * MILLISECONDS[scale]!,
    failed: Number(find(/Non-2xx or 3xx responses: (\d+)/)[0] ?? 0) + socketErrors.reduce((sum, n) => sum + n, 0),
  };
}

const BYTES: Record<string, number> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const MILLISECONDS: Record<string, number> = { us: 0.001, ms: 1, s: 1_000 };

async function run(command: string[], input = ""): Promise<string> {
  const child = Bun.spawn(command, { stdin: new Blob([input]), stdout: "pipe", stderr: "inherit" });
  const [output, code] = await Promise.all([child.stdout.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with exit code ${code}:\n${output}`);
  return output;
}
