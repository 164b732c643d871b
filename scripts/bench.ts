/** Runs all measures, prints their table; exits 1 when a goal is missed by more than the tolerance. Run it through scripts/bench. */
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../tests/support/temporary-folder.ts";
import { GENERATOR } from "./benchmark/load.ts";
import { besideMirror } from "./benchmark/measures/beside-mirror.ts";
import { cached } from "./benchmark/measures/cached.ts";
import { memory } from "./benchmark/measures/memory.ts";
import { mirror } from "./benchmark/measures/mirror.ts";
import { misses } from "./benchmark/measures/misses.ts";
import { registry } from "./benchmark/measures/registry.ts";
import { start } from "./benchmark/measures/start.ts";
import { verify } from "./benchmark/measures/verify.ts";
import { type Stage, setStage } from "./benchmark/stage.ts";
import { format, isMissed, type Row, TOLERANCE } from "./benchmark/table.ts";

const MEASURES: Record<string, (stage: Stage) => Promise<Row[]>> = {
  cached,
  misses,
  memory,
  start,
  beside: besideMirror,
  mirror,
  registry,
  verify,
};

/** Asked for by name only, and with more time: they take many minutes. */
const NIGHTLY = ["registry", "verify"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    proxy: { type: "string", default: join(import.meta.dir, "../proxy") },
    only: { type: "string", multiple: true, default: [] },
  },
});
const groups = [...positionals, ...values.only];
const unknown = groups.filter((group) => !(group in MEASURES));
if (unknown.length > 0) {
  console.error(
    `scripts/bench: there is no group ${unknown.join(", ")}; there are ${Object.keys(MEASURES).join(", ")}`,
  );
  process.exit(2);
}
const chosen = Object.entries(MEASURES).filter(([name]) =>
  groups.length === 0 ? !NIGHTLY.includes(name) : groups.includes(name),
);

const patience = groups.some((group) => NIGHTLY.includes(group)) ? 40 : 10;
const limit = (values.quick ? 2 : patience) * 60_000;
const busy = loadavg()[0]!.toFixed(1);
const began = performance.now();
const folder = await temporaryFolder("proxy-bench-");
const stage = await setStage(folder.path, resolve(values.proxy), values.quick);
const rows: Row[] = [];
let unfinished: string | undefined;
try {
  for (const [name, measure] of chosen) {
    console.error(`measuring: ${name} …`);
    const left = limit - (performance.now() - began);
    const found = await Promise.race([measure(stage), Bun.sleep(left)]);
    if (!found) {
      unfinished = name;
      break;
    }
    rows.push(...found);
  }
} finally {
  await stage.close();
  await folder.remove();
}

console.log(format(rows));
const seconds = ((performance.now() - began) / 1_000).toFixed(0);
console.log(
  `\n${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model}), Bun ${Bun.version}; ` +
    `load by ${GENERATOR}; load average at the start ${busy}; ${seconds} s. A goal may be missed by ${TOLERANCE * 100} % ("near").`,
);
const missed = rows.filter(isMissed);
if (missed.length > 0) console.error(`${missed.length} missed: ${missed.map(({ measure }) => measure).join("; ")}`);
if (unfinished) console.error(`not done after ${limit / 60_000} min: ${unfinished} was given up`);
// What was given up may still be running.
process.exit(missed.length > 0 || unfinished ? 1 : 0);
