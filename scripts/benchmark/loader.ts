/**
 * A load generator in Bun, run as a process of its own. Takes a `Load` on standard input, prints a `Loaded`. The URLs are asked
 * for in turn, `connections` at a time: for a number of seconds, or each once.
 */
import type { Load, Loaded } from "./load.ts";

const { urls, connections, seconds, headers, rate }: Load = await Bun.stdin.json();
const latencies: number[] = [];
let [next, bytes, failed] = [0, 0, 0];
const started = performance.now();
const isOver = () => (seconds === undefined ? next >= urls.length : performance.now() - started >= seconds * 1_000);

async function client(): Promise<void> {
  while (!isOver()) {
    const at = next++;
    const url = urls[at % urls.length]!;
    if (rate) await Bun.sleep(Math.max(0, started + (at / rate) * 1_000 - performance.now()));
    const asked = performance.now();
    const response = await fetch(url, { headers: { ...headers }, decompress: false });
    if (!response.ok) failed++;
    for await (const chunk of response.body ?? []) bytes += chunk.length;
    latencies.push(performance.now() - asked);
  }
}

await Promise.all(Array.from({ length: connections }, client));
latencies.sort((a, b) => a - b);
const loaded: Loaded = {
  requests: latencies.length,
  bytes,
  failed,
  seconds: (performance.now() - started) / 1_000,
  p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
};
console.log(JSON.stringify(loaded));
