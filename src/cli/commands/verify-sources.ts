/** `proxy verify` of a chosen set: replays what clients would ask for with nothing dialled, and lists every hole. */

import { profileOf } from "../../app/profile.ts";
import { openCrew, openRuntime, type RuntimeOptions, threads } from "../../app/runtime.ts";
import { targetsFor } from "../../app/targets.ts";
import type { Closure } from "../../contract/jobs.ts";
import type { Aside } from "../../contract/lockfile.ts";
import { counted } from "../../lib/sizes.ts";
import { isLarge } from "../../mirror/job/dispatch.ts";
import { Job } from "../../mirror/job/job.ts";
import { JobSummary } from "../../mirror/job/job-summary.ts";
import { MemoryLedger } from "../../mirror/job/ledger.ts";
import { addCounts, type Counts, noCounts } from "../../mirror/job/progress.ts";
import type { MirrorTasks } from "../../mirror/job/tasks.ts";
import { keyOfChoice } from "../../mirror/plan/choice.ts";
import { refusals, specOf } from "../../mirror/request/job-spec.ts";
import type { PartialRequest } from "../../mirror/request/request.ts";
import { type Sources, tasksOf } from "../../mirror/sources/read.ts";
import type { Invocation, Setup } from "../command.ts";
import { failuresOf, listed, recorder, told } from "../report/mirror-report.ts";
import { showProgress } from "../report/progress-line.ts";
import { openReport } from "../report/report-file.ts";
import { requireNone } from "../request-flags.ts";

/** What is to be proven, and how it was asked for. */
interface Asked {
  request: PartialRequest;
  sources: Sources;
  invocation: Invocation;
}

/** 0 only where nothing is missing, and with `--strict` nothing is unproven either. Throws BadRequest for sources that cannot be read. */
export async function verifySources(
  { request, sources: asked, invocation }: Asked,
  { config, sources: plugins }: Setup,
): Promise<number> {
  const { flags } = invocation;
  const options: RuntimeOptions = {
    config,
    sources: plugins,
    profile: profileOf("verify", config),
  };
  const runtime = await openRuntime(options);
  const pool = openCrew(runtime, { ...options, share: threads(config.workers) }, isLight);
  const report = typeof flags.report === "string" ? openReport(flags.report, "verify") : undefined;
  const record = report && recorder(report, runtime.mounts);
  const tally = new JobSummary();
  const started = performance.now();
  const counts = noCounts();
  let running: Job | undefined;
  const shown = process.stderr.isTTY ? showProgress(() => standingOf(counts, running)) : undefined;
  try {
    const mounts = [...runtime.mounts.values()];
    requireNone(refusals(request, mounts), invocation);
    const targets = targetsFor(config, mounts, request.mount);
    const { choice, closure: stated } = specOf(request, mounts);
    for (const { sources, closure } of partsOf(asked, stated, flags.deps !== undefined)) {
      const ledger = new MemoryLedger({
        isWhole: async ({ mount, purl, digests }) => {
          const { mirrored } = runtime.index;
          return (
            (await mirrored.isWhole(mount, purl, "")) || mirrored.isWhole(mount, purl, keyOfChoice(choice, digests))
          );
        },
      });
      const aside = (each: Aside) => {
        tally.aside(each);
        const { what, reason, place, isOwn } = each;
        if (!isOwn) report?.item({ outcome: "unproven", reason: `${what} ${reason} (${place})` });
      };
      for await (const task of tasksOf(sources, {
        targets,
        sets: runtime.sets,
        isStrict: flags.strict === true,
        aside,
      }))
        await ledger.add([task]);
      const job = new Job({
        pool,
        ledger,
        mounts: runtime.mounts,
        purpose: "verify",
        spec: {
          title: "verify",
          runBy: "command",
          choice,
          closure,
          concurrency: config.concurrency,
          refresh: false,
        },
        tell: (outcome) => {
          tally.tell(outcome);
          record?.(outcome);
        },
      });
      running = job;
      await job.run();
      addCounts(counts, job.progress);
      running = undefined;
    }
    const seconds = (performance.now() - started) / 1_000;
    shown?.stop();
    const unverified = tally.unverifiedCount;
    await report?.close({ ...counts, unverified, unproven: tally.unproven.count + tally.foreign.count, seconds });
    console.log(flags.json === true ? asJson(counts, tally, seconds) : asText(counts, tally, seconds));
    const isProven = tally.unproven.count === 0 && tally.foreign.count === 0;
    return counts.failed > 0 || (flags.strict === true && !isProven) ? 1 : 0;
  } finally {
    shown?.stop();
    pool.close();
    await runtime.close();
  }
}

/** Other threads pay only where much is read: each would open and parse again the documents that its releases have in common. */
function isLight(name: string, input: unknown): boolean {
  return name !== "hold" || !(input as Parameters<MirrorTasks["hold"]>[0]).orders.some(isLarge);
}

/** Package URLs stand for what a client would install, with dependencies; lockfiles, SBOMs and sets name all there is. */
function partsOf(sources: Sources, closure: Closure, isStated: boolean) {
  const named = { ...sources, purls: [], lists: [] };
  const asked = { ...sources, sboms: [], lockfiles: [], images: [], sets: [] };
  return [
    { sources: asked, closure: isStated ? closure : ("prod" as const) },
    { sources: named, closure },
  ];
}

/** What was checked of the parts that are done, and of the one that runs. */
function standingOf(done: Counts, running: Job | undefined) {
  const all = { ...done };
  if (running) addCounts(all, running.progress);
  const { total, skipped, failed } = all;
  const checked = skipped + failed;
  return {
    share: total > 0 ? checked / total : 0,
    text: `verifying: ${checked}/${counted(total, "file")}${failed > 0 ? `, ${counted(failed, "hole")}` : ""}`,
  };
}

function asText({ skipped, failed }: Counts, tally: JobSummary, seconds: number): string {
  const { unverified, unverifiedCount } = tally;
  const others = unverifiedCount > 0 ? `, ${unverifiedCount} unverified: nothing states their digest` : "";
  const undescribed = unverified.map(({ mount, purl, path = "" }) => `unverified: ${purl} /${mount}${path}`);
  return [
    `${counted(skipped, "file is", "files are")} held and whole, ${counted(failed, "hole")}, in ${seconds.toFixed(1)} s${others}`,
    ...listed(failuresOf(tally, "hole")),
    ...listed(undescribed, unverifiedCount),
    ...told(
      tally.unproven,
      "release is unproven: installing it may need more",
      "releases are unproven: installing them may need more",
    ),
    ...told(tally.foreign, "entry is unproven: no registry has it", "entries are unproven: no registry has them"),
    ...told(tally.leftOut, "release left out", "releases left out"),
    ...told(tally.asides, "entry needs no proof", "entries need no proof"),
  ].join("\n");
}

function asJson({ skipped, failed }: Counts, tally: JobSummary, seconds: number): string {
  const result = {
    verified: skipped,
    holes: failed,
    unverified: tally.unverifiedCount,
    failures: tally.failures,
    unverified_files: tally.unverified,
    unproven: [...tally.unproven.first, ...tally.foreign.first],
    left_out: tally.leftOut.first,
    asides: tally.asides.first,
    seconds,
  };
  return JSON.stringify(result, null, 2);
}
