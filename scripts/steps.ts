/** One program that passes or fails. */
export interface Step {
  name: string;
  command: readonly string[];
}

/** Everything that can be said of the sources without running them. Fastest last: two run at a time. */
export const STATIC: readonly Step[] = [
  { name: "format and lint (biome)", command: ["biome", "check", "--error-on-warnings", "."] },
  { name: "lint with types (oxlint)", command: ["oxlint", "--type-aware", "--deny-warnings"] },
  { name: "types (tsc)", command: ["tsc"] },
  { name: "unused code (knip)", command: ["knip"] },
  { name: "generated files current", command: ["bun", "scripts/generate.ts", "--check"] },
];

const AT_ONCE = 2;

/** Runs all steps, a few at a time; says how long each took, and what it printed where it failed. Returns how many failed. */
export async function run(steps: readonly Step[]): Promise<number> {
  const waiting = steps.values();
  let failed = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const step of waiting) if (!(await passes(step))) failed++;
    }),
  );
  return failed;
}

async function passes({ name, command }: Step): Promise<boolean> {
  const started = performance.now();
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, errors, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`${exitCode === 0 ? "ok    " : "FAILED"} ${seconds.padStart(5)} s  ${name}`);
  if (exitCode !== 0) console.log(`${[output, errors].join("").trimEnd()}\n(exit ${exitCode}: ${command.join(" ")})\n`);
  return exitCode === 0;
}
