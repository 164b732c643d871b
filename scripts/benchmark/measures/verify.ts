/** What a check of many held releases costs, in processor time and memory: many of few packages, and one of each of many. */
import { join } from "node:path";
import type { Stage } from "../stage.ts";
import type { Row } from "../table.ts";

const MB = 1024 * 1024;
const ENTRIES = 20_000;
const VERSIONS = 10;
/** Bytes of a document. */
const DOCUMENT = 15 * 1024;

export async function verify(stage: Stage): Promise<Row[]> {
  const entries = stage.quick ? ENTRIES / 10 : ENTRIES;
  return [
    ...(await checked(stage, "of a tenth as many packages", entries / VERSIONS, VERSIONS)),
    ...(await checked(stage, "of as many packages", entries, 1)),
  ];
}

/** `wanted`: versions of each package that are held and checked. */
async function checked(stage: Stage, what: string, packages: number, wanted: number): Promise<Row[]> {
  const purls: string[] = [];
  for (let at = 0; at < packages; at++) {
    const name = `checked-${wanted}-${at}`;
    await stage.write({ name, sizes: Array(VERSIONS).fill(64), document: DOCUMENT });
    for (let version = 0; version < wanted; version++) purls.push(`pkg:npm/${name}@1.0.${version}`);
  }
  const folder = await stage.folder();
  const [list, config] = [join(folder, "purls.txt"), join(folder, "proxy.json")];
  await Bun.write(list, purls.join("\n"));
  const paths = { storage: { path: join(folder, "artifacts") }, database: { path: join(folder, "proxy.db") } };
  await Bun.write(config, JSON.stringify({ ...stage.config, ...paths }));
  const run = async (command: string) => {
    const started = performance.now();
    const args = [stage.executable, command, "--purls", list, "--deps=none", "--config", config];
    const child = Bun.spawn(args, { cwd: folder, stdio: ["ignore", "ignore", "ignore"], env: { HOME: folder } });
    if ((await child.exited) !== 0) throw new Error(`proxy ${command} of ${purls.length} entries failed`);
    const { cpuTime, maxRSS } = child.resourceUsage()!;
    return { seconds: (performance.now() - started) / 1_000, cpu: Number(cpuTime.total) / 1e6, peak: maxRSS / MB };
  };
  await run("mirror");
  const { seconds, cpu, peak } = await run("verify");
  const measure = `verify of ${purls.length.toLocaleString("en")} entries ${what}`;
  return [
    {
      measure: `${measure} (${cpu.toFixed(1)} s of processor time)`,
      ours: `${seconds.toFixed(2)} s`,
      goal: { value: seconds, most: 10, unit: "s" },
    },
    { measure: `its memory`, ours: `${peak.toFixed(0)} MB`, goal: { value: peak, most: 200, unit: "MB" } },
  ];
}
