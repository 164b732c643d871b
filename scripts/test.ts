/** All checks and all tests, summed up in the last line: `N passed, N failed[, N skipped]`. Run it through scripts/test. */
import { availableParallelism } from "node:os";
import { forget, unproven } from "./proofs.ts";
import { run, STATIC } from "./steps.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const MINUTE = 60_000;
/** The whole run ends within the hour, whatever hangs. */
const END = performance.now() + 57 * MINUTE;
const LIVE = 8 * MINUTE;

/** What `bun test` writes once all have ended, before it lists again those that failed. */
const SUMMARY = /^\d+ tests? (?:failed|skipped|todo):$/;
/** What it writes of each test as it ends. */
const RESULT = /^\((pass|fail|skip|todo)\) (.*?)(?: \[[\d.]+m?s\])?$/;

/**
 * Runs `bun test`, and counts its tests as they end, so that a run that is killed at its time limit is counted too. A run
 * that fails without a failed test (a file that cannot be loaded, the time limit) counts as one failure.
 */
async function count(name: string, end: number, args: readonly string[]): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const child = Bun.spawn(["bun", "test", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    // A process group of its own: what tests started ends with it.
    detached: true,
  });
  const limit = setTimeout(() => process.kill(-child.pid, "SIGKILL"), Math.max(end - performance.now(), MINUTE));
  let isOver = false;
  const read = async (stream: ReadableStream<Uint8Array>, into: NodeJS.WriteStream) => {
    for await (const line of lines(stream)) {
      isOver ||= SUMMARY.test(line);
      const [, result, test] = isOver ? [] : (RESULT.exec(line) ?? []);
      if (result === "pass") counts.passed++;
      else if (result === "fail") counts.failed++;
      else if (result) counts.skipped++;
      if (result === "skip" || result === "todo") console.log(`skipped: ${test}`);
      else if (result !== "pass") into.write(`${line}\n`);
    }
  };
  const [exitCode] = await Promise.all([
    child.exited,
    read(child.stdout, process.stdout),
    read(child.stderr, process.stderr),
  ]);
  clearTimeout(limit);
  if (counts.failed === 0 && (exitCode !== 0 || counts.passed === 0)) {
    const reason = child.signalCode === "SIGKILL" ? "was killed at its time limit" : `ended with exit code ${exitCode}`;
    console.log(`bun test (${name} tests) ${reason}`);
    counts.failed = 1;
  }
  console.log(`${name}: ${summary(counts)}`);
  return counts;
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest) yield rest;
}

const summary = ({ passed, failed, skipped }: Counts) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;

const steps = [{ name: "real clients installed", command: ["scripts/clients"] }, ...STATIC];
const executable = [{ name: "executable built", command: ["scripts/build"] }];
const broken = (await run(steps)) + (await run(executable));

await forget();
// Most tests wait for programs that they started: one more than there are cores keeps these busy.
const parallel = `--parallel=${availableParallelism() + 1}`;
const results: Counts[] = [
  { passed: steps.length + executable.length - broken, failed: broken, skipped: 0 },
  await count("hermetic", END - LIVE, [parallel, "--path-ignore-patterns=tests/live/**"]),
];
// README's table says which clients were seen to do what: here they were seen again, unless they are not here.
const { claims, absent } = await unproven();
for (const each of absent) console.log(`claimed, and not tried here: ${each}`);
for (const each of claims) console.log(`claimed in docs/proven.json, and not proven by this run: ${each}`);
results.push({ passed: claims.length > 0 ? 0 : 1, failed: claims.length > 0 ? 1 : 0, skipped: 0 });
// The live registries may fail for a moment: these tests try again, and skip themselves where no registry answers.
results.push(await count("live", END, [parallel, "--retry=2", "tests/live"]));

const sum = (key: keyof Counts) => results.reduce((total, result) => total + result[key], 0);
const total: Counts = { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
console.log(summary(total));
if (total.failed > 0) process.exitCode = 1;
