/** From the configuration's `mirrors` to the jobs that a server runs on a schedule. */
import { basename } from "node:path";
import type { ScheduledMirror } from "../config/mirrors.ts";
import type { Config } from "../config/schema.ts";
import { BadRequest } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import { nextTime } from "../lib/schedule.ts";
import type { ScheduledJob } from "../mirror/job/scheduled.ts";
import { refusals, specOf } from "../mirror/request/job-spec.ts";
import { messageFor, type Problem } from "../mirror/request/request.ts";
import { type Input, type Sources, tasksOf } from "../mirror/sources/read.ts";
import { readAhead } from "../mirror/sources/read-ahead.ts";
import { Targets } from "../mirror/sources/targets.ts";
import type { Runtime } from "./runtime.ts";
import { targetsFor } from "./targets.ts";

/** Throws BadRequest for requests that the mounts of this installation cannot do. */
export function scheduledJobs(config: Config, { mounts, sets }: Pick<Runtime, "mounts" | "sets">): ScheduledJob[] {
  const served = [...mounts.values()];
  return Object.entries(config.mirrors).map(([name, mirror]) => {
    const { schedule, timezone, mount } = mirror;
    requireNone(name, mirror, refusals(mirror, served));
    new Targets(served, { preferred: mount }).ofAll(mirror.purls.map((purl) => [`mirrors.${name}.purls: `, purl]));
    return {
      name,
      next: (after) => nextTime(schedule, timezone, after),
      spec: {
        ...specOf(mirror, served),
        title: name,
        runBy: "server",
        concurrency: config.concurrency,
        // A registry says itself what changed.
        refresh: mirror.registry === undefined,
      },
      tasks: () => {
        const aside = ({ what, reason, place }: { what: string; reason: string; place: string }) =>
          log.debug("a scheduled mirror job names what no registry has", { mirror: name, what, reason, place });
        return readAhead(tasksOf(sourcesOf(mirror), { targets: targetsFor(config, served, mount), sets, aside }));
      },
    };
  });
}

/** Throws BadRequest with a line for each problem, which names the key of the configuration. */
function requireNone(name: string, mirror: ScheduledMirror, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map((problem) => {
    const [key] = problem.path;
    const value = mirror[key as keyof ScheduledMirror];
    const shown = typeof value === "string" ? ` = ${value}` : "";
    return `mirrors.${name}.${key}${shown}: ${messageFor(problem, (field) => field)}`;
  });
  throw new BadRequest(lines.join("\n"));
}

function sourcesOf({ purls, purls_file, sbom, lockfile, images, set }: ScheduledMirror): Sources {
  const files = { sboms: opened(sbom), lockfiles: opened(lockfile), images: opened(images) };
  return { purls, lists: opened(purls_file), ...files, sets: set };
}

function opened(files: readonly string[]): Input[] {
  return files.map((file) => ({ name: basename(file), bytes: () => Bun.file(file).stream() }));
}
