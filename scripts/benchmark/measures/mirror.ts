/** What a mirror job costs: against a bare loop over the same files, when all is held, and in memory. */
import { join } from "node:path";
import { alternate } from "../rounds.ts";
import type { Stage } from "../stage.ts";
import type { Row } from "../table.ts";

const CONCURRENCY = 16;
const [KB, MB] = [1024, 1024 * 1024];
/** Of the second run. */
const HELD = 100_000;
const PER_PACKAGE = 100;
/** Components of the SBOM. */
const COMPONENTS = 100_000;

export async function mirror(stage: Stage): Promise<Row[]> {
  const rounds = stage.quick ? 1 : 3;
  return [
    await fetching(stage, rounds, "2,000 files of 10 KB mirrored", { packages: 20, files: 2_000, size: 10 * KB }),
    await fetching(stage, rounds, "500 files of 1 MB mirrored", { packages: 10, files: 500, size: MB }),
    ...(stage.quick ? [] : [await again(stage)]),
    await large(stage),
  ];
}

interface Load {
  packages: number;
  files: number;
  size: number;
}

async function fetching(stage: Stage, rounds: number, measure: string, { packages, files, size }: Load): Promise<Row> {
  const written = [];
  for (let at = 0; at < packages; at++) {
    const name = `mirrored-${size}-${at}`;
    written.push({ name, ...(await stage.write({ name, sizes: Array(files / packages).fill(size) })) });
  }
  const purls = written.map(({ name }) => `pkg:npm/${name}`);
  const addresses = written.flatMap(({ tarballs }) => tarballs).map((path) => stage.upstream.url + path);
  const found = await alternate(
    rounds,
    Math.min,
    async () => (await run(stage, await stage.folder(), purls)).seconds,
    async () => loop(await stage.folder(), addresses),
  );
  const ratio = found.ours / found.reference;
  const show = (seconds: number) => `${seconds.toFixed(2)} s`;
  return {
    measure,
    ours: show(found.ours),
    reference: show(found.reference),
    ratio,
    goal: { value: ratio, most: 1.5, unit: "" },
  };
}

/** A run over files that are held: in how long, and without asking upstream for anything. */
async function again(stage: Stage): Promise<Row> {
  const purls: string[] = [];
  for (let at = 0; at < HELD / PER_PACKAGE; at++) {
    const name = `held-${at}`;
    await stage.write({ name, sizes: Array(PER_PACKAGE).fill(64) });
    for (let version = 0; version < PER_PACKAGE; version++) purls.push(`pkg:npm/${name}@1.0.${version}`);
  }
  const folder = await stage.folder();
  const list = join(folder, "purls.txt");
  await Bun.write(list, purls.join("\n"));
  await run(stage, folder, ["--purls", list]);
  const asked = async () => Number(await (await fetch(`${stage.upstream.url}/-/count`)).json());
  const before = await asked();
  const { seconds } = await run(stage, folder, ["--purls", list]);
  const requests = (await asked()) - before;
  return {
    measure: `a second run over ${HELD.toLocaleString("en")} held files (${requests} requests)`,
    ours: `${seconds.toFixed(2)} s`,
    goal: { value: seconds + requests * 1_000, most: 2, unit: "s" },
  };
}

/** The memory of a job that an SBOM of many components makes; upstream has none of them. */
async function large(stage: Stage): Promise<Row> {
  const folder = await stage.folder();
  const file = join(folder, "bom.json");
  const components = Array.from({ length: COMPONENTS }, (_, at) =>
    JSON.stringify({
      type: "library",
      name: `part-${at}`,
      version: "1.0.0",
      purl: `pkg:npm/part-${at % 500}@1.0.${at}`,
    }),
  );
  await Bun.write(file, `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[${components.join(",\n")}]}`);
  const { peak } = await run(stage, folder, ["--sbom", file]);
  return {
    measure: `memory for an SBOM of ${COMPONENTS.toLocaleString("en")} components`,
    ours: `${(peak / MB).toFixed(0)} MB`,
    goal: { value: peak / MB, most: 250, unit: "MB" },
  };
}

async function run(stage: Stage, folder: string, args: readonly string[]): Promise<{ seconds: number; peak: number }> {
  const config = join(folder, "mirror.json");
  const paths = { storage: { path: join(folder, "artifacts") }, database: { path: join(folder, "proxy.db") } };
  await Bun.write(config, JSON.stringify({ ...stage.config, ...paths }));
  const started = performance.now();
  const child = Bun.spawn(
    [stage.executable, "mirror", ...args, "--config", config, "--concurrency", String(CONCURRENCY)],
    { cwd: folder, stdio: ["ignore", "ignore", "ignore"], env: { HOME: folder } },
  );
  await child.exited;
  const seconds = (performance.now() - started) / 1_000;
  return { seconds, peak: child.resourceUsage()?.maxRSS ?? 0 };
}

/** Seconds that fetching, hashing and writing these takes with nothing else. */
export async function loop(folder: string, addresses: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../bare-loop.ts"), folder, String(CONCURRENCY)], {
    stdio: [Buffer.from(addresses.join("\n")), "ignore", "inherit"],
  });
  await child.exited;
  return (performance.now() - started) / 1_000;
}
