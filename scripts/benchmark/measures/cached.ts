/** What is held, asked for again and again. */
import { type Loaded, put } from "../load.ts";
import { alternate } from "../rounds.ts";
import type { Stage } from "../stage.ts";
import type { Row } from "../table.ts";
import { cpuSeconds } from "../usage.ts";

interface Case {
  name: string;
  /** Bytes of the artifact; absent: a document. */
  size?: number;
  connections: number;
  least: number;
  /** Rate in bytes: so few fit into a round that whole answers are too coarse a count. */
  byBytes?: boolean;
}

const KB = 1024;
const MB = 1024 * KB;
const CASES: readonly Case[] = [
  { name: "cached artifact, 10 KB", size: 10 * KB, connections: 32, least: 1.5 },
  { name: "cached artifact, 1 MB", size: MB, connections: 16, least: 0.9, byBytes: true },
  { name: "cached artifact, 50 MB", size: 50 * MB, connections: 4, least: 0.95, byBytes: true },
  { name: "cached npm document, 1.8 MB", connections: 16, least: 0.9, byBytes: true },
];

type Sample = Loaded & { cpu: number };

export async function cached(stage: Stage): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [at, scenario] of CASES.entries()) rows.push(...(await measure(stage, scenario, `cached-${at}`)));
  return rows;
}

async function measure(stage: Stage, { name, size, connections, least, byBytes }: Case, id: string): Promise<Row[]> {
  const { proxy, bare, quick } = stage;
  const spec = size === undefined ? { sizes: Array(900).fill(1), document: 1.8 * MB } : { sizes: [size] };
  const { document, tarballs } = await stage.write({ name: id, ...spec });
  const path = size === undefined ? document : tarballs[0]!;
  const [url, reference] = [`${proxy.url}/npm${path}`, bare.url + path];
  for (const warm of [url, reference]) await (await fetch(warm)).bytes();
  await put({ urls: [url], connections, seconds: 1 });

  const sample = async (server: { pid: number }, address: string, headers = {}): Promise<Sample> => {
    const before = cpuSeconds(server.pid);
    const loaded = await put({ urls: [address], connections, seconds: 1, headers });
    return { ...loaded, cpu: (cpuSeconds(server.pid) - before) / loaded.requests };
  };
  const rate = (loaded: Loaded) => (byBytes ? loaded.bytes / MB : loaded.requests) / loaded.seconds;
  const best = (a: Sample, b: Sample) => ({ ...(rate(a) > rate(b) ? a : b), cpu: Math.min(a.cpu, b.cpu) });
  const found = await alternate(
    quick ? 2 : 8,
    best,
    () => sample(proxy, url),
    () => sample(bare, reference),
  );
  const show = (loaded: Loaded) => `${rate(loaded).toFixed(0)} ${byBytes ? "MB/s" : "requests/s"}`;
  const ratio = rate(found.ours) / rate(found.reference);
  const rows: Row[] = [
    {
      measure: name,
      ours: show(found.ours),
      reference: show(found.reference),
      ratio,
      goal: { value: ratio, least, unit: "" },
    },
  ];
  const micro = (seconds: number) => `${(seconds * 1e6).toFixed(0)} µs`;
  rows.push({
    measure: "… processor time of a request",
    ours: micro(found.ours.cpu),
    reference: micro(found.reference.cpu),
    ratio: found.ours.cpu / found.reference.cpu,
  });
  if (size !== undefined) return rows;
  const zipped = await sample(proxy, url, { "accept-encoding": "gzip" });
  const perSecond = ({ requests, seconds: elapsed }: Loaded) => `${(requests / elapsed).toFixed(0)} requests/s`;
  rows.push({
    measure: "… sent as gzip",
    ours: perSecond(zipped),
    reference: `${perSecond(found.reference)} as it is`,
  });
  return rows;
}
