import type { Command } from "../command.ts";
import { BadRequest } from "../errors.ts";
import { on } from "../events.ts";
import { formatSize } from "../format.ts";
import { Job, missing } from "../mirror/job.ts";
import { targetsOf } from "../mirror/sources/purls.ts";
import { jsonResult, reportProgress, summary } from "./mirror-report.ts";
import { mountsOf, openPool, openRuntime, type Runtime, type RuntimeOptions } from "./runtime.ts";

/** Milliseconds that a mirror waits for an upstream that asks for patience. */
const PATIENCE = 120_000;

/** `proxy mirror PURL…`: 0 when all is held, 1 when anything is missing, 2 for bad input (then nothing was fetched). */
export const mirror: Command = {
  name: "mirror",
  args: "[...purls]",
  describe: "Fetch and keep packages by PURL, so completely that their clients install them offline",
  options: [
    { flag: "--dry-run", describe: "Say what would be fetched, with sizes where the index states them; write nothing" },
    { flag: "--mount <name>", describe: "The mount to mirror through, where several serve an ecosystem" },
    { flag: "--json", describe: "Print the result as one JSON document" },
  ],
  action: async ({ args, flags, load }) => {
    const { config } = load();
    if (args.length === 0)
      throw new BadRequest("mirror needs at least one package URL, such as pkg:npm/lodash@4.17.21");
    if (config.offline) throw new BadRequest("a mirror has to dial upstream, and the configuration says offline");
    const options: RuntimeOptions = {
      config: { ...config, cache_metadata: true },
      pin: true,
      dry: flags["dry-run"] === true,
      patience: PATIENCE,
    };
    const targets = targetsOf(args, mountsOf(config), typeof flags.mount === "string" ? flags.mount : undefined);
    const runtime = await openRuntime(options);
    const pool = openPool(config.workers, options);
    const job = new Job({
      pool,
      mounts: runtime.mounts,
      concurrency: config.concurrency,
      ...recorded(runtime, options.dry),
    });
    const asJson = flags.json === true;
    const { stop } = asJson ? { stop: () => {} } : reportProgress(job.progress, on);
    const started = performance.now();
    await (options.dry ? job.plan(targets) : job.run(targets));
    stop();
    pool.close();
    const absent = options.dry
      ? []
      : missing(job.requires.values(), runtime.mounts, (mount, name) => versionsHeld(runtime, mount, name));
    const seconds = (performance.now() - started) / 1_000;
    console.log(
      asJson
        ? jsonResult(job, absent, seconds, options.dry)
        : options.dry
          ? drySummary(job)
          : summary(job, absent, seconds),
    );
    await runtime.close();
    return job.progress.failed > 0 ? 1 : 0;
  },
};

/** What was mirrored stays known: `proxy why` tells it. */
function recorded({ cache, jobs }: Runtime, dry: boolean) {
  if (dry) return {};
  return {
    settled: ({ mount, purl }: { mount: string; purl: string }, failures: readonly { reason: string }[]) =>
      cache.context.writer.write(() => jobs.settle(mount, purl, Date.now(), failures[0]?.reason)),
  };
}

function versionsHeld({ cache }: Runtime, mount: string, name: string): string[] {
  return [...new Set(cache.context.artifacts.ofPackage(mount, name).map(({ version }) => version))];
}

function drySummary({ planned, progress }: Job): string {
  const lines = planned.map(
    ({ mount, path, size, held }) =>
      `${held ? "held " : "fetch"}  ${size === undefined ? "?" : formatSize(size)}\t/${mount}${path}`,
  );
  const wanted = planned.filter(({ held }) => !held);
  const known = wanted.reduce((sum, { size = 0 }) => sum + size, 0);
  const unknown = wanted.filter(({ size }) => size === undefined).length;
  lines.push(
    `${wanted.length} files to fetch, ${planned.length - wanted.length} held; ${formatSize(known)}${unknown > 0 ? ` and ${unknown} files of unknown size` : ""}`,
  );
  for (const { purl, reason } of progress.failures) lines.push(`cannot be planned: ${purl}: ${reason}`);
  return lines.join("\n");
}
