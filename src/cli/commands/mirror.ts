import { workInBackground } from "../../app/background.ts";
import { dryFolder } from "../../app/dry-folder.ts";
import { findOwner, forgetOwner } from "../../app/pins.ts";
import { profileOf, requireUpstream, scratchProfile } from "../../app/profile.ts";
import { describeEstimate, estimate } from "../../app/registry-estimate.ts";
import { mountsOf, openCrew, openRuntime, type Runtime, type RuntimeOptions, threads } from "../../app/runtime.ts";
import { purlProblem, targetsFor } from "../../app/targets.ts";
import type { Config } from "../../config/schema.ts";
import { on } from "../../contract/events.ts";
import type { JobSpec, Task } from "../../contract/jobs.ts";
import { BadRequest } from "../../lib/errors.ts";
import { Job, SIZES } from "../../mirror/job/job.ts";
import { JobSummary } from "../../mirror/job/job-summary.ts";
import { MemoryLedger } from "../../mirror/job/ledger.ts";
import { sourcesKey } from "../../mirror/job/pin-owner.ts";
import { type Counts, countsOf, type Progress } from "../../mirror/job/progress.ts";
import { type RunOptions, runJob } from "../../mirror/job/run.ts";
import type { Opened } from "../../mirror/registry/registries.ts";
import { refusals, specOf } from "../../mirror/request/job-spec.ts";
import { contradictions, type PartialRequest } from "../../mirror/request/request.ts";
import { tasksOf } from "../../mirror/sources/read.ts";
import { readAhead } from "../../mirror/sources/read-ahead.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { type Command, type Invocation, under } from "../command.ts";
import { RATE_OPTIONS, withRateFlags } from "../rate-flags.ts";
import { describeFreed } from "../report/freed.ts";
import {
  dryRun,
  heldRecorder,
  jsonResult,
  type Result,
  recorder,
  reportProgress,
  summary,
} from "../report/mirror-report.ts";
import { openReport } from "../report/report-file.ts";
import { MIRROR_OPTIONS, mirrorRequest, requireNone, sourcesOf } from "../request-flags.ts";
import { resumable, resumedOf } from "../resumed-job.ts";
import { tellStanding, unfinishedOf } from "./registry.ts";

/** What ends a mirror: a person, a service manager. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** `proxy mirror …`: 0 when all is held, 1 when anything is missing, 2 for bad input (then nothing was fetched). */
export const mirror: Command = {
  name: "mirror",
  args: "[...purls]",
  describe:
    "Fetch and keep packages (by PURL, SBOM, lockfile, image, or a whole registry), so completely that their clients install them offline",
  options: [
    ...MIRROR_OPTIONS,
    ...under("A whole registry", [
      { flag: "--status", describe: "Show how the mirror of a registry stands, or of each registry; fetch nothing" },
    ]),
    ...RATE_OPTIONS,
    ...under("How", [
      {
        flag: "--forget <id|name>",
        describe:
          "Remove what an earlier mirror pinned and nothing else pins: a job's id, a registry, a scheduled job, legacy; --dry-run: show how much",
      },
      { flag: "--resume [job]", describe: "Continue an interrupted job: the newest, or the one named" },
      { flag: "--report <file>", describe: "Write what became of each file to a JSON file (docs/report.md)" },
      { flag: "--json", describe: "Print the result as one JSON document" },
    ]),
  ],
  action: async (invocation) => {
    const { flags, load } = invocation;
    const { config: configured, sources, ecosystems } = await load();
    const config = withRateFlags(configured, flags);
    if (flags.status === true) return tellStanding(invocation);
    if (flags.forget !== undefined) return forget(invocation);
    requireUpstream("a mirror makes", config);
    const asked = resumedOf(invocation);
    const mounts = mountsOf(config, ecosystems);
    const targets = targetsFor(config, mounts);
    // The word after `--resume` is a job's id.
    const given = asked === undefined ? invocation : { flags, args: [] };
    const request = mirrorRequest(given, (field, item) => (field === "purls" ? purlProblem(targets, item) : undefined));
    requireNone([...(asked === undefined ? contradictions(request) : []), ...refusals(request, mounts)], invocation);
    const spec: JobSpec = {
      title: titleOf(invocation),
      runBy: "command",
      concurrency: config.concurrency,
      sources: sourcesKey(request),
      ...specOf(request, mounts),
    };
    const isDry = request.dry_run === true;
    const folder = dryFolder();
    const options: RuntimeOptions & { share: number } = {
      config,
      sources,
      profile: isDry ? scratchProfile("estimate", config, folder) : profileOf("mirror", config),
      share: threads(config.workers),
    };
    const tally = new JobSummary({ keepsPlan: isDry });
    const lazy = lazily(() => openRuntime(options));
    // All that is wrong with what was asked for is told before there is a folder or a database.
    const tasks = asked === undefined ? await tasksFrom(request, { config, mounts, runtime: lazy, tally }) : undefined;
    const runtime = await lazy();
    const pool = openCrew(runtime, options);
    workInBackground({ whole: true });
    const report = typeof flags.report === "string" ? openReport(flags.report, "mirror") : undefined;
    const record = report && recorder(report, runtime.mounts);
    let live: { progress?: Progress; feed?: Opened["live"] | undefined; registry?: JobSpec["registry"] } = {};
    const { stop } = flags.json === true ? { stop: () => {} } : reportProgress(() => live, on);
    const started = performance.now();
    let jobId: string | undefined;
    const running: RunOptions = {
      pool,
      mounts: runtime.mounts,
      tell: (outcome) => {
        tally.tell(outcome);
        record?.(outcome);
      },
      // What all packages of a registry require is in it, or nowhere.
      declared: (mount, requires) => void (spec.registry || tally.declare(mount, requires)),
      registries: runtime.registries,
      window: config.mirror.window,
      started: (progress, { id, spec: { registry } }, feed) => {
        jobId = id;
        live = { progress, feed, registry };
      },
    };
    const interrupted = (signal: NodeJS.Signals) => {
      stop();
      console.error(
        `interrupted; what is held stays held, and proxy mirror --resume${jobId === undefined ? "" : `=${jobId}`} goes on with the rest`,
      );
      process.exit(signal === "SIGINT" ? 130 : 143);
    };
    for (const signal of SIGNALS) process.once(signal, interrupted);
    try {
      if (isDry && spec.registry) {
        const found = await estimate({ ...spec, registry: spec.registry }, { ...runtime, folder }, running);
        stop();
        console.log(
          flags.json === true ? JSON.stringify(found, null, 2) : describeEstimate(spec.registry.mount, found),
        );
        return 0;
      }
      const job = isDry
        ? undefined
        : tasks
          ? ((spec.registry && (await unfinishedOf(runtime.store, spec))) ??
            (await runtime.store.create(spec, tasks, record && heldRecorder(record, runtime.cache.context.artifacts))))
          : await resumable(runtime.store, asked!);
      const ended =
        job === undefined ? await planOnly(spec, tasks!, running) : await runJob(runtime.store, job, running);
      if (!ended)
        throw new BadRequest(`job ${job} is being run by another process; proxy jobs show ${job} tells how it stands`);
      stop();
      const held = (mount: string, name: string) => [
        ...new Set(runtime.cache.context.artifacts.ofPackage(mount, name).map(({ version }) => version)),
      ];
      const absent = isDry ? [] : tally.missing(runtime.mounts, held);
      const seconds = (performance.now() - started) / 1_000;
      await report?.close({ ...countsOf(ended), seconds });
      const standing = live.registry && (await runtime.registries.standing(live.registry.mount));
      const result: Result = { ...(job && { job }), progress: ended, tally, absent, seconds, standing };
      console.log(flags.json === true ? jsonResult(result, isDry) : isDry ? dryRun(result) : summary(result));
      if (spec.registry && "error" in ended && ended.error !== null) console.error(ended.error);
      if ("state" in ended && ended.state === "canceled") {
        console.error(
          `job ${job} was canceled; what is held stays held, and proxy jobs retry ${job} goes on with the rest`,
        );
        return 1;
      }
      return ended.failed > 0 || ("error" in ended && ended.error !== null) ? 1 : 0;
    } finally {
      for (const signal of SIGNALS) process.off(signal, interrupted);
      stop();
      pool.close();
      await runtime.close();
    }
  },
};

/** `--forget`: ends the pins of a request. */
async function forget({ flags, load }: Invocation): Promise<number> {
  const { config, sources } = await load();
  const runtime = await openRuntime({ config, sources, profile: profileOf("inspect", config) });
  try {
    const isDry = flags["dry-run"] === true;
    const freed = await forgetOwner(runtime, await findOwner(runtime, String(flags.forget)), isDry);
    console.log(flags.json === true ? JSON.stringify(freed, null, 2) : describeFreed(freed, isDry));
    return 0;
  } finally {
    await runtime.close();
  }
}

/** For people: `pkg:npm/lodash --sbom app.cdx.json`. */
function titleOf({ args, flags }: Invocation): string {
  const named = ["purls", "sbom", "lockfile", "images", "set", "registry"].flatMap((name) =>
    [flags[name] ?? []].flat().map((value) => `--${name} ${String(value)}`),
  );
  return [...args.slice(0, 3), ...(args.length > 3 ? [`and ${args.length - 3} more`] : []), ...named].join(" ");
}

interface Reading {
  config: Config;
  mounts: readonly Mount[];
  runtime: () => Promise<Runtime>;
  tally: JobSummary;
}

/** Reads the sources of a request. Throws BadRequest for sources that cannot be read. */
async function tasksFrom(
  request: PartialRequest,
  { config, mounts, runtime, tally }: Reading,
): Promise<AsyncIterable<Task>> {
  const sources = sourcesOf(request);
  const targets = targetsFor(config, mounts, request.mount);
  const sets = sources.sets.length > 0 ? (await runtime()).sets : { has: () => false, paths: () => [] };
  return readAhead(
    tasksOf(sources, { targets, sets, isStrict: request.strict === true, aside: (aside) => tally.aside(aside) }),
  );
}

/** Plans only. */
async function planOnly(spec: JobSpec, tasks: AsyncIterable<Task>, running: RunOptions): Promise<Counts> {
  const ledger = new MemoryLedger();
  for await (const task of tasks) await ledger.add([task]);
  const job = new Job({ ...running, ledger, spec, purpose: "estimate", sizes: SIZES });
  await job.run();
  return job.progress;
}

function lazily<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
}
