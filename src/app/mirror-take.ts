/** Makes sense of requests to the API for mirror jobs: in the server where they are small, otherwise in a process of its own. */

import { wholeOf } from "../cli/commands/registry.ts";
import type { Config } from "../config/schema.ts";
import type { JobSpec, Task } from "../contract/jobs.ts";
import { parsePurl } from "../contract/purl.ts";
import type { Created, MirrorRequest, SourceReader } from "../http/api/mirror-api.ts";
import { type Received, requestOf } from "../http/api/mirror-request.ts";
import { type FieldError, InvalidFields } from "../http/api/problem.ts";
import { BadRequest, messageOf } from "../lib/errors.ts";
import { parsePlatforms } from "../mirror/request/platforms.ts";
import { type Sources, tasksOf } from "../mirror/sources/read.ts";
import { ahead } from "../mirror/sources/read-ahead.ts";
import type { Aside } from "../mirror/sources/source.ts";
import { Targets } from "../mirror/sources/targets.ts";
import type { Mount } from "../mounts/mounts.ts";
import { ownPath } from "./own-path.ts";
import { MOST } from "./plan-preview.ts";
import type { Runtime } from "./runtime.ts";

/** Entries without a registry that an answer lists. */
const ASIDES = 100;
/** How many times the configured downloads at once a job may ask for. */
const GREED = 4;

const NOTHING: MirrorRequest = {
  purls: [],
  lists: [],
  sboms: [],
  lockfiles: [],
  images: [],
  sets: [],
  closure: "none",
  platform: "",
  sources: true,
  maxSize: 0,
  refresh: false,
};

/** What became of a request: a job, or what is to be looked at of a dry run. Structured-cloneable. */
export type Made = { created: Created } | { planned: { spec: JobSpec; tasks: Task[]; asides: string[] } };

/** Tasks of a process that reads requests. */
export type TakeTasks = { take(received: Received): Promise<Made> };

/** Reads a request to its end. Throws InvalidFields where it makes no sense; then nothing was recorded. */
export function taker(
  config: Config,
  { store, sets, mounts }: Pick<Runtime, "store" | "sets" | "mounts">,
): TakeTasks["take"] {
  const { max_tasks } = config.mirror;
  const targets = new Targets(mounts.values(), { own: ownPath(config) });

  const checks: Record<Parameters<SourceReader["problemOf"]>[0], (value: string) => unknown> = {
    purls: (value) => targets.of(parsePurl(value), value),
    platform: parsePlatforms,
    registry: (value) => wholeOf({ registry: value }, [...mounts.values()]),
    set: (value) => {
      if (!sets.has(value)) throw new BadRequest(`there is no set ${value}`);
    },
    mount: (value) => {
      if (!mounts.has(value))
        throw new BadRequest(`there is no mount ${value}; expected ${[...mounts.keys()].join(", ")}`);
    },
  };

  /** Reads all sources before it throws what is wrong with them. */
  async function* tasksFor(request: MirrorRequest, aside: (aside: Aside) => void): AsyncGenerator<Task> {
    const preferred = new Targets(mounts.values(), { preferred: request.mount, own: ownPath(config) });
    const errors: FieldError[] = [];
    let count = 0;
    for (const [field, sources] of sourcesOf(request)) {
      try {
        for await (const task of tasksOf(sources, {
          targets: preferred,
          sets,
          isStrict: request.isStrict ?? false,
          aside,
        })) {
          if (++count > max_tasks)
            throw new BadRequest(
              `a job may have at most ${max_tasks} tasks (mirror.max_tasks in the configuration)`,
              413,
            );
          if (errors.length === 0) yield task;
        }
      } catch (error) {
        if (!(error instanceof BadRequest) || error.status !== 400) throw error;
        errors.push({ field, message: messageOf(error) });
      }
    }
    if (errors.length > 0) throw new InvalidFields(errors);
  }

  const judge: SourceReader = {
    maxConcurrency: config.concurrency * GREED,
    problemOf: (field, value) => {
      try {
        checks[field](value);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
    problemsOf: async (files) => {
      try {
        for await (const _ of tasksFor({ ...NOTHING, ...files }, () => {}));
        return [];
      } catch (error) {
        if (error instanceof InvalidFields) return error.errors;
        throw error;
      }
    },
  };

  return async (received) => {
    const { request, isDry } = await requestOf(received, judge);
    const asides: Created["asides"] & { first: Aside[] } = { count: 0, first: [] };
    const tasks = tasksFor(request, (each) => {
      if (asides.count++ < ASIDES) asides.first.push(each);
    });
    const spec = specOf(request, config, mounts);
    // A registry's list takes too long for anyone to wait at the other end.
    if (isDry && request.whole?.registry === undefined) {
      const all: Task[] = [];
      for await (const task of tasks) {
        all.push(task);
        if (all.length > MOST) break;
      }
      const told = asides.first.map(({ what, reason, place }) => `${what} ${reason} (${place})`);
      return { planned: { spec, tasks: all, asides: told } };
    }
    const named = isDry ? { ...spec, title: `dry run of ${spec.title}`, dry: true } : spec;
    return { created: { id: await store.create(named, await ahead(tasks)), asides } };
  };
}

/** By the field that names them, so that what is wrong can be told with it. */
function sourcesOf(request: MirrorRequest): [field: string, Sources][] {
  const none: Sources = { purls: [], lists: [], sboms: [], lockfiles: [], images: [], sets: [] };
  const { purls, lists, sboms, lockfiles, images, sets } = request;
  return [
    ["purls", { ...none, purls, lists }],
    ...sboms.map((sbom): [string, Sources] => ["sbom", { ...none, sboms: [sbom] }]),
    ...lockfiles.map((lockfile): [string, Sources] => ["lockfile", { ...none, lockfiles: [lockfile] }]),
    ...images.map((each): [string, Sources] => ["images", { ...none, images: [each] }]),
    ["set", { ...none, sets }],
  ];
}

/** Throws InvalidFields. */
function specOf(request: MirrorRequest, { concurrency }: Config, mounts: ReadonlyMap<string, Mount>): JobSpec {
  const { purls, lists, sboms, lockfiles, images, sets, closure, refresh, sources, maxSize } = request;
  const named = [...lists, ...sboms, ...lockfiles, ...images].map(({ name }) => name);
  const words = [...purls, ...named, ...sets.map((set) => `set ${set}`)];
  if (request.whole?.registry !== undefined) words.push(`registry ${request.whole.registry}`);
  return {
    title: words.slice(0, 3).map(shortened).join(", ") + (words.length > 3 ? ` and ${words.length - 3} more` : ""),
    runBy: "server",
    choice: { platforms: parsePlatforms(request.platform), sources, maxSize },
    closure,
    concurrency: request.concurrency ?? concurrency,
    refresh,
    ...wholeNamed(request, [...mounts.values()]),
  };
}

function wholeNamed({ whole = {} }: MirrorRequest, mounts: readonly Mount[]): ReturnType<typeof wholeOf> {
  try {
    return wholeOf(whole, mounts);
  } catch (error) {
    const message = messageOf(error);
    const field = /^(\w+)\b/.exec(message)?.[1] ?? "";
    throw new InvalidFields([{ field: field in whole ? field : "registry", message }]);
  }
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
