/** All checks and all tests, summed up in the last line: `N passed, N failed[, N skipped]`. Run it through scripts/test. */
import { rm } from "node:fs/promises";
import { forget, unproven } from "./proofs.ts";
import { run, STATIC } from "./steps.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const MINUTE = 60_000;

/** Runs `bun test`, and counts what its report says. A run that ends without one has failed. */
async function count(name: string, minutes: number, args: readonly string[]): Promise<Counts> {
  const report = `.tools/junit-${name}.xml`;
  await rm(report, { force: true });
  const child = Bun.spawn(["bun", "test", "--reporter=junit", `--reporter-outfile=${report}`, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: minutes * MINUTE,
  });
  const exitCode = await child.exited;
  const xml = (await Bun.file(report).exists()) ? await Bun.file(report).text() : "";
  for (const [, test] of xml.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped/g)) console.log(`skipped: ${test}`);
  const total = (attribute: string) =>
    Number(new RegExp(`<testsuites [^>]*\\b${attribute}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const skipped = total("skipped");
  let failed = total("failures");
  const passed = total("tests") - failed - skipped;
  if (failed === 0 && (exitCode !== 0 || xml === "")) {
    // A file that cannot be loaded, a test that ended the process, or the time limit: the report does not tell.
    console.log(`bun test ended with exit code ${exitCode} (${name} tests, limit ${minutes} minutes)`);
    failed = 1;
  }
  return { passed, failed, skipped };
}

const steps = [{ name: "real clients installed", command: ["scripts/clients"] }, ...STATIC];
const executable = [{ name: "executable built", command: ["scripts/build"] }];
const broken = (await run(steps)) + (await run(executable));

await forget();
const results = [
  { passed: steps.length + executable.length - broken, failed: broken, skipped: 0 },
  await count("hermetic", 40, ["--path-ignore-patterns=tests/live/**"]),
];
// README's table says which clients were seen to do what: here they were seen again, unless they are not here.
const { claims, absent } = await unproven();
for (const each of absent) console.log(`claimed, and not tried here: ${each}`);
for (const each of claims) console.log(`claimed in docs/proven.json, and not proven by this run: ${each}`);
results.push({ passed: claims.length > 0 ? 0 : 1, failed: claims.length > 0 ? 1 : 0, skipped: 0 });
// The live registries may fail for a moment: these tests try again, and skip themselves where no registry answers.
const live = Array.from(new Bun.Glob("tests/live/**/*.test.ts").scanSync("."));
if (live.length > 0) results.push(await count("live", 12, ["--retry=2", "tests/live"]));

const sum = (key: keyof Counts) => results.reduce((total, result) => total + result[key], 0);
const skipped = sum("skipped");
console.log(`${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
if (sum("failed") > 0) process.exitCode = 1;
