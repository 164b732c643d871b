/** How a mirror job is told: while it runs, a summary at the end, and a report of every file. */
import { originOf } from "../../cache/target.ts";
import type { Path } from "../../contract/ecosystem.ts";
import type { on as listen } from "../../contract/events.ts";
import type { ReleaseTask } from "../../contract/jobs.ts";
import type { ArtifactReads, Immediate } from "../../index/port.ts";
import { counted, formatSize } from "../../lib/sizes.ts";
import type { JobSummary, Lines } from "../../mirror/job/job-summary.ts";
import { noCounts, type Outcome, type Progress } from "../../mirror/job/progress.ts";
import type { Opened, Standing } from "../../mirror/registry/registries.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { showProgress } from "./progress-line.ts";
import { describeFeed, describeStanding, shareOf, shownStanding } from "./registry-report.ts";
import type { Report } from "./report-file.ts";
import { watchTrouble } from "./upstream-warnings.ts";

/** Lines of each kind that a summary lists; the count tells the rest. */
const LISTED = 50;

/** Shows progress on stderr until `stop`. Bytes are counted as they arrive. */
export function reportProgress(
  live: () => { progress?: Progress; feed?: Opened["live"] | undefined },
  on: typeof listen,
): { stop(): void } {
  const started = performance.now();
  let received = 0;
  on("fetched", ({ bytes }) => {
    received += bytes;
  });
  const trouble = watchTrouble(on);
  return showProgress(() => {
    const late = trouble(Date.now());
    const { progress: now = { phase: "resolving", ...noCounts() }, feed } = live();
    const { total, completed, skipped, failed } = now;
    const seconds = (performance.now() - started) / 1_000;
    const registry = feed?.();
    if (registry) return { share: shareOf(registry), text: describeFeed(registry, now, { received, seconds }) + late };
    const share = total > 0 ? (completed + skipped + failed) / total : 0;
    return { share, text: describe(now, received, seconds) + late };
  });
}

/** Writes what becomes of each file to a report, with where it is from. */
export function recorder(report: Report, mounts: ReadonlyMap<string, Mount>): (outcome: Outcome) => void {
  return (outcome) => {
    const mount = mounts.get(outcome.mount);
    const origin = mount && outcome.path ? originOf(mount, outcome.path) : undefined;
    report.item({ ...outcome, ...(origin && { origin }) });
  };
}

/** Writes what is held of releases that are skipped since an earlier job holds them whole: documents of theirs are told by their release. */
export function heldRecorder(
  record: (outcome: Outcome) => void,
  artifacts: Immediate<Pick<ArtifactReads, "ofPackage">>,
): (task: ReleaseTask) => void {
  return ({ mount, purl, name, version }) => {
    const files = artifacts.ofPackage(mount, name).filter((each) => each.version === version);
    if (files.length === 0) record({ mount, purl, outcome: "held" });
    for (const { path, sha256, size } of files)
      record({ mount, purl, path: path as Path, digest: `sha256:${sha256}`, size, outcome: "held" });
  };
}

/** What a job came to. */
export interface Result {
  job?: string;
  progress: Omit<Progress, "phase">;
  tally: JobSummary;
  /** Declared dependencies that nothing held fits. */
  absent: readonly string[];
  seconds: number;
  /** Of a registry that was mirrored whole. */
  standing?: Standing | undefined;
}

export function summary({ progress, tally, absent, seconds, job, standing }: Result): string {
  const { completed, skipped, failed, bytes } = progress;
  const lines = [
    `${counted(completed, "file")} fetched (${formatSize(bytes)}), ${skipped} held already, ${failed} failed, in ${seconds.toFixed(1)} s`,
    ...(standing ? [describeStanding(standing)] : []),
    ...told(tally.foreign, "entry that no registry here has", "entries that no registry here has"),
    ...told(tally.asides, "entry that needs no files", "entries that need no files"),
    ...told(tally.leftOut, "release left out", "releases left out"),
    ...told(tally.withheld, "release is withheld by the cooldown", "releases are withheld by the cooldown"),
    ...told(tally.unproven, "release whose installation may need more", "releases whose installation may need more"),
  ];
  if (tally.declared.size > 0)
    lines.push(
      `${counted(tally.declared.size, "dependency", "dependencies")} declared, ${absent.length === 0 ? "all stored" : `${absent.length} missing`}`,
      ...listed(absent),
    );
  lines.push(...listed(failuresOf(tally)));
  if (failed > 0 && job) lines.push(`proxy jobs retry ${job} tries again what failed`);
  return lines.join("\n");
}

export function dryRun({ tally }: Result): string {
  const lines = tally.planned.map(
    ({ mount, path, size, outcome }) =>
      `${outcome === "held" ? "held " : "fetch"}  ${size === undefined ? "?" : formatSize(size)}\t/${mount}${path}`,
  );
  const wanted = tally.planned.filter(({ outcome }) => outcome === "planned");
  const known = wanted.reduce((sum, { size = 0 }) => sum + size, 0);
  const unknown = wanted.filter(({ size }) => size === undefined).length;
  lines.push(
    `${counted(wanted.length, "file")} to fetch, ${tally.planned.length - wanted.length} held; ${formatSize(known)}${unknown > 0 ? `, size unknown for ${unknown} of them` : ""}`,
    ...told(tally.foreign, "entry that no registry here has", "entries that no registry here has"),
    ...told(tally.asides, "entry that needs no files", "entries that need no files"),
    ...told(tally.leftOut, "release left out", "releases left out"),
    ...told(tally.withheld, "release is withheld by the cooldown", "releases are withheld by the cooldown"),
    ...told(tally.unproven, "release whose installation may need more", "releases whose installation may need more"),
    ...tally.failures.map(({ purl, reason }) => `cannot be planned: ${purl}: ${reason}`),
  );
  return lines.join("\n");
}

/** `planned` only of a dry run. */
export function jsonResult({ job, progress, tally, absent, seconds, standing }: Result, dry: boolean): string {
  const { total, completed, skipped, failed, bytes } = progress;
  return JSON.stringify(
    {
      ...(job && { job }),
      ...(standing && { registry: shownStanding(standing) }),
      phase: "complete",
      total,
      completed,
      skipped,
      failed,
      bytes,
      withheld: tally.withheld.first,
      left_out: tally.leftOut.first,
      unproven: tally.unproven.first,
      foreign: tally.foreign.first,
      asides: tally.asides.first,
      failures: tally.failures,
      seconds,
      dependencies: { declared: tally.declared.size, missing: absent },
      ...(dry && {
        planned: tally.planned.map(({ outcome, ...file }) => ({ ...file, held: outcome === "held" })),
      }),
    },
    null,
    2,
  );
}

function describe({ phase, total, completed, skipped, failed }: Progress, received: number, seconds: number): string {
  const done = completed + skipped + failed;
  const rate = seconds > 0 ? received / seconds : 0;
  const eta = done > 0 && total > done ? `, ${Math.ceil((seconds / done) * (total - done))} s left` : "";
  return `${phase}: ${done}/${counted(total, "file")}, ${formatSize(received)}, ${formatSize(Math.round(rate))}/s${eta}${failed > 0 ? `, ${failed} failed` : ""}`;
}

export function failuresOf({ failures }: JobSummary, kind = "failed"): string[] {
  return failures.map(({ purl, path, reason }) => `${kind}: ${purl}${path ? ` ${path}` : ""}: ${reason}`);
}

export function told({ first, count }: Lines, one: string, many: string): string[] {
  return count === 0 ? [] : [counted(count, one, many), ...listed(first, count)];
}

export function listed(lines: readonly string[], count = lines.length): string[] {
  const shown = lines.slice(0, LISTED).map((line) => `  ${line}`);
  return count > shown.length ? [...shown, `  … and ${count - shown.length} more`] : shown;
}
