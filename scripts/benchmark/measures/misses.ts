/** What was never seen before: fetched, verified, stored and sent. */
import { put } from "../load.ts";
import { alternate } from "../rounds.ts";
import type { Stage } from "../stage.ts";
import type { Row } from "../table.ts";

const FILES = 500;
const AT_ONCE = 16;
const CLIENTS = 32;
const KB = 1024;

export async function misses(stage: Stage): Promise<Row[]> {
  const rounds = stage.quick ? 2 : 4;
  return [
    ...(await never(stage, rounds, "500 never-seen files, their documents held", 10)),
    ...(await never(stage, rounds, "500 never-seen files of 500 packages, nothing held", FILES)),
    await together(stage),
  ];
}

/**
 * 500 files of 10 KB, 16 at once, over a number of packages; few: their documents were asked for before, as by an install that
 * resolves versions first. Reference: the same files through `bare-store.ts`, which fetches them from the same registry.
 */
async function never(stage: Stage, rounds: number, measure: string, packages: number): Promise<Row[]> {
  const { proxy, bare, store } = stage;
  const known = packages < FILES;
  const batches: string[][] = [];
  for (let round = 0; round < rounds; round++) {
    const written = [];
    for (let at = 0; at < packages; at++) {
      const name = `never-${packages}-${round}-${at}`;
      written.push(await stage.write({ name, sizes: Array(FILES / packages).fill(10 * KB) }));
    }
    if (known) for (const { document } of written) await (await fetch(`${proxy.url}/npm${document}`)).bytes();
    batches.push(written.flatMap(({ tarballs }) => tarballs));
  }
  const wall = async (base: string, round: number) => {
    const loaded = await put({ urls: batches[round]!.map((path) => base + path), connections: AT_ONCE });
    return loaded.seconds;
  };
  const through = (round: number) => wall(`${proxy.url}/npm`, round);
  const found = await alternate(rounds, Math.min, through, (round) => wall(store.url, round));
  const ratio = found.ours / found.reference;
  const show = (seconds: number) => `${(seconds * 1_000).toFixed(0)} ms`;
  const row = { measure, ours: show(found.ours), reference: show(found.reference), ratio };
  if (!known) return [row];
  const sent = await wall(bare.url, 0);
  return [
    { ...row, goal: { value: ratio, most: 2, unit: "" } },
    { measure: "… against sending them from disk", ours: row.ours, reference: show(sent), ratio: found.ours / sent },
  ];
}

/** Many clients that want the same missing file at the same moment, from a registry that takes its time. */
async function together({ proxy, upstream, write }: Stage): Promise<Row> {
  const { tarballs } = await write({ name: "slow", sizes: [100 * KB] });
  const urls = Array<string>(CLIENTS).fill(`${proxy.url}/npm${tarballs[0]}`);
  await put({ urls, connections: CLIENTS });
  const response = await fetch(`${upstream.url}/-/count${tarballs[0]}`);
  const count = Number(await response.json());
  return {
    measure: `${CLIENTS} clients ask for one missing file`,
    ours: `${count} upstream request${count === 1 ? "" : "s"}`,
    goal: { value: count, most: 1, unit: "request" },
  };
}
