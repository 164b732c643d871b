/** How a mirror job is told: a bar on a terminal, a line now and then elsewhere, a summary at the end. */
import type { on as listen } from "../events.ts";
import { formatSize } from "../format.ts";
import type { Job, Progress } from "../mirror/job.ts";

/** Milliseconds between updates. */
const BAR = 100;
const LINE = 5_000;
/** Characters of the bar. */
const WIDTH = 24;
/** Failures and missing dependencies that a summary lists; the count tells the rest. */
const LISTED = 50;

/** Shows progress on stderr until `stop`. Bytes are counted as they arrive. */
export function reportProgress(progress: Progress, on: typeof listen): { stop(): void } {
  const started = performance.now();
  let received = 0;
  on("fetched", ({ bytes }) => {
    received += bytes;
  });
  const isTerminal = process.stderr.isTTY;
  const tell = () => {
    const line = describe(progress, received, (performance.now() - started) / 1_000);
    process.stderr.write(isTerminal ? `\r\u001b[K${bar(progress)} ${line}` : `${line}\n`);
  };
  const timer = setInterval(tell, isTerminal ? BAR : LINE);
  return {
    stop: () => {
      clearInterval(timer);
      if (isTerminal) process.stderr.write("\r\u001b[K");
    },
  };
}

export function summary({ progress, requires }: Job, absent: readonly string[], seconds: number): string {
  const { completed, skipped, failed, bytes, withheld, failures } = progress;
  const lines = [
    `${completed} files fetched (${formatSize(bytes)}), ${skipped} held already, ${failed} failed, in ${seconds.toFixed(1)} s`,
  ];
  if (withheld.length > 0) lines.push(`${withheld.length} releases are withheld by the cooldown`, ...listed(withheld));
  if (requires.size > 0)
    lines.push(`${requires.size} dependencies declared, ${absent.length} of them not held`, ...listed(absent));
  lines.push(
    ...listed(failures.map(({ purl, path, reason }) => `failed: ${purl}${path ? ` ${path}` : ""}: ${reason}`)),
  );
  return lines.join("\n");
}

export function jsonResult(
  { progress, planned, requires }: Job,
  absent: readonly string[],
  seconds: number,
  dry: boolean,
): string {
  const result = { ...progress, seconds, dependencies: { declared: requires.size, missing: absent } };
  return JSON.stringify(dry ? { ...result, planned } : result, null, 2);
}

function describe({ phase, total, completed, skipped, failed }: Progress, received: number, seconds: number): string {
  const done = completed + skipped + failed;
  const rate = seconds > 0 ? received / seconds : 0;
  const eta = done > 0 && total > done ? `, ${Math.ceil((seconds / done) * (total - done))} s left` : "";
  return `${phase}: ${done}/${total} files, ${formatSize(received)}, ${formatSize(Math.round(rate))}/s${eta}${failed > 0 ? `, ${failed} failed` : ""}`;
}

function bar({ total, completed, skipped, failed }: Progress): string {
  const filled = total > 0 ? Math.round(((completed + skipped + failed) / total) * WIDTH) : 0;
  return `[${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}]`;
}

function listed(lines: readonly string[]): string[] {
  const shown = lines.slice(0, LISTED).map((line) => `  ${line}`);
  return lines.length > LISTED ? [...shown, `  … and ${lines.length - LISTED} more`] : shown;
}
