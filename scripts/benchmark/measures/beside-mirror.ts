/** How long clients wait for what is held while a mirror job fills the same cache. */
import { put } from "../load.ts";
import type { Stage } from "../stage.ts";
import type { Row } from "../table.ts";

const KB = 1024;

export async function besideMirror({ proxy, write, quick }: Stage): Promise<Row[]> {
  const { tarballs } = await write({ name: "popular", sizes: [10 * KB] });
  const url = `${proxy.url}/npm${tarballs[0]}`;
  await (await fetch(url)).bytes();
  const names = Array.from({ length: quick ? 40 : 150 }, (_, at) => `mirrored-${at}`);
  for (const name of names) await write({ name, sizes: Array(10).fill(100 * KB) });
  const load = { urls: [url], connections: 8, seconds: quick ? 1 : 2 };
  const alone = await put(load);
  const job = proxy.run(["mirror", ...names.map((name) => `pkg:npm/${name}`)], 120);
  let isRunning = true;
  void job.finally(() => {
    isRunning = false;
  });
  // The job's own start is not what clients would notice.
  await Bun.sleep(300);
  const beside = await put(load);
  const overlapped = isRunning;
  const { code, stderr, seconds } = await job;
  if (code !== 0) throw new Error(`proxy mirror ended with exit code ${code}:\n${stderr}`);
  const show = (p99: number) => `${p99.toFixed(1)} ms`;
  return [
    {
      measure: `p99 of cached 10 KB beside proxy mirror${overlapped ? "" : " (which ended before)"}`,
      ours: show(beside.p99),
      reference: `${show(alone.p99)} alone`,
      ratio: beside.p99 / alone.p99,
    },
    {
      measure: `proxy mirror of ${names.length * 10} files of 100 KB, under that load`,
      ours: `${((names.length * 10) / seconds).toFixed(0)} files/s`,
    },
  ];
}
