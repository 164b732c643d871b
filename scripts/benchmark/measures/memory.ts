/** What it occupies: at rest, and while a large file passes through. */
import type { Stage } from "../stage.ts";
import type { Row } from "../table.ts";
import { memory as memoryOf, resetPeak } from "../usage.ts";

const MB = 1024 * 1024;
/** Milliseconds after which what the start needed has been given back. */
const SETTLED = 2_000;
/** After one that warms up; the middle one counts. */
const PASSES = 3;

export async function memory(stage: Stage): Promise<Row[]> {
  const proxy = await stage.start();
  try {
    await Bun.sleep(SETTLED);
    const idle = memoryOf(proxy.pid).now / MB;
    const size = (stage.quick ? 128 : 1024) * MB;
    const { tarballs } = await stage.write({ name: "large", sizes: Array(1 + PASSES).fill(size) });
    const [warm, ...measured] = tarballs.map((path) => `${proxy.url}/npm${path}`);
    await drain(warm!);
    const passes: number[] = [];
    for (const url of measured) {
      await Bun.sleep(SETTLED / 4);
      const before = memoryOf(proxy.pid).now;
      resetPeak(proxy.pid);
      await drain(url);
      passes.push((memoryOf(proxy.pid).peak - before) / MB);
    }
    const added = passes.toSorted((a, b) => a - b)[Math.floor(PASSES / 2)]!;
    return [
      { measure: "memory at rest", ours: `${idle.toFixed(0)} MB`, goal: { value: idle, most: 90, unit: "MB" } },
      {
        measure: `memory added while ${size / MB} MB pass through as a miss`,
        ours: `${added.toFixed(0)} MB (${passes.map((pass) => pass.toFixed(0)).join(", ")})`,
        goal: { value: added, most: 30, unit: "MB" },
      },
    ];
  } finally {
    await proxy.stop();
  }
}

async function drain(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
  for await (const _ of response.body);
}
