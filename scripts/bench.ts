/** Runs all measures, prints their table; exits 1 when a goal is missed by more than the tolerance. Run it through scripts/bench. */
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../tests/support/temporary-folder.ts";
import { GENERATOR } from "./benchmark/load.ts";
import { besideMirror } from "./benchmark/measures/beside-mirror.ts";
import { cached } from "./benchmark/measures/cached.ts";
import { memory } from "./benchmark/measures/memory.ts";
import { misses } from "./benchmark/measures/misses.ts";
import { start } from "./benchmark/measures/start.ts";
import { type Stage, setStage } from "./benchmark/stage.ts";
import { format, isMissed, type Row, TOLERANCE } from "./benchmark/table.ts";

const MEASURES: Record<string, (stage: Stage) => Promise<Row[]>> = {
  cached,
  misses,
  memory,
  start,
  mirror: besideMirror,
};

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    proxy: { type: "string", default: join(import.meta.dir, "../proxy") },
    only: { type: "string" },
  },
});
const chosen = Object.entries(MEASURES).filter(([name]) => !values.only || name === values.only);
if (chosen.length === 0) {
  console.error(`scripts/bench: --only takes one of ${Object.keys(MEASURES).join(", ")}`);
  process.exit(2);
}

/** Minutes: a run that hangs must not hold a machine. */
const limit = (values.quick ? 1 : 5) * 60_000;
setTimeout(() => {
  console.error(`scripts/bench: not done after ${limit / 60_000} min; ended`);
  process.exit(1);
}, limit).unref();

const began = performance.now();
await using folder = await temporaryFolder("proxy-bench-");
const stage = await setStage(folder.path, resolve(values.proxy), values.quick);
const rows: Row[] = [];
try {
  for (const [name, measure] of chosen) {
    console.error(`measuring: ${name} …`);
    rows.push(...(await measure(stage)));
  }
} finally {
  await stage.close();
}

console.log(format(rows));
const seconds = ((performance.now() - began) / 1_000).toFixed(0);
console.log(
  `\n${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model}), Bun ${Bun.version}; ` +
    `load by ${GENERATOR}; ${seconds} s. A goal may be missed by ${TOLERANCE * 100} % ("near").`,
);
const missed = rows.filter(isMissed);
if (missed.length > 0) console.error(`${missed.length} missed: ${missed.map(({ measure }) => measure).join("; ")}`);
process.exitCode = missed.length > 0 ? 1 : 0;
