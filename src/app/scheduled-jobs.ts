/** From the configuration to the standing jobs of a server. */
import { basename } from "node:path";
import { wholeOf } from "../cli/commands/registry.ts";
import type { StandingMirror } from "../config/mirrors.ts";
import type { Config } from "../config/schema.ts";
import { BadRequest, messageOf } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import { nextTime } from "../lib/schedule.ts";
import type { StandingJob } from "../mirror/job/scheduled.ts";
import { parsePlatforms } from "../mirror/request/platforms.ts";
import { type Input, tasksOf } from "../mirror/sources/read.ts";
import { ahead } from "../mirror/sources/read-ahead.ts";
import { Targets } from "../mirror/sources/targets.ts";
import type { Mount } from "../mounts/mounts.ts";
import { ownPath } from "./own-path.ts";
import type { Runtime } from "./runtime.ts";

/** Throws BadRequest for what the configuration's own checks cannot know. */
export function standingJobs(config: Config, { mounts, sets }: Pick<Runtime, "mounts" | "sets">): StandingJob[] {
  return Object.entries(config.mirrors).map(([name, mirror]) => {
    const { schedule, timezone, deps, sources, max_size: maxSize, mount } = mirror;
    if (mount !== undefined && !mounts.has(mount))
      throw new BadRequest(
        `mirrors.${name}.mount = ${mount}: there is no such mount; expected ${[...mounts.keys()].join(", ")}`,
      );
    new Targets(mounts.values(), { preferred: mount }).ofAll(
      mirror.purls.map((purl) => [`mirrors.${name}.purls: `, purl]),
    );
    return {
      name,
      next: (after) => nextTime(schedule, timezone, after),
      spec: {
        title: name,
        runBy: "server",
        choice: { platforms: platformsOf(name, mirror), sources, maxSize },
        closure: deps,
        concurrency: config.concurrency,
        // A registry says itself what changed.
        refresh: mirror.registry === undefined,
        ...wholeNamed(name, mirror, [...mounts.values()]),
      },
      tasks: () => {
        const targets = new Targets(mounts.values(), { preferred: mount, own: ownPath(config) });
        const aside = ({ what, reason, place }: { what: string; reason: string; place: string }) =>
          log.debug("a standing mirror job names what no registry has", { mirror: name, what, reason, place });
        return ahead(tasksOf(inputsOf(mirror), { targets, sets, aside }));
      },
    };
  });
}

function wholeNamed(name: string, mirror: StandingMirror, mounts: readonly Mount[]): ReturnType<typeof wholeOf> {
  const { registry, include, exclude, limit, versions, since, prereleases, metadata_only } = mirror;
  const { names, snapshot, gone, allow_shrink } = mirror;
  const releases = { versions, since, prereleases, metadata_only };
  try {
    return wholeOf({ registry, include, exclude, limit, names, snapshot, gone, allow_shrink, ...releases }, mounts);
  } catch (error) {
    throw new BadRequest(`mirrors.${name}: ${messageOf(error)}`);
  }
}

function platformsOf(name: string, { platform }: StandingMirror) {
  try {
    return parsePlatforms(platform ?? "");
  } catch (error) {
    throw new BadRequest(`mirrors.${name}.platform: ${messageOf(error)}`);
  }
}

function inputsOf({ purls, purls_file: lists, sbom, lockfile, images, set: sets }: StandingMirror) {
  const files = { sboms: opened(sbom), lockfiles: opened(lockfile), images: opened(images) };
  return { purls, lists: opened(lists), ...files, sets };
}

function opened(files: readonly string[] = []): Input[] {
  return files.map((file) => ({ name: basename(file), bytes: () => Bun.file(file).stream() }));
}
