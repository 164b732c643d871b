/** Makes sense of requests to the API for mirror jobs: in the server where they are small, otherwise in a process of its own. */

import type { Config } from "../config/schema.ts";
import type { JobSpec, Task } from "../contract/jobs.ts";
import type { Aside } from "../contract/lockfile.ts";
import type { Created } from "../http/api/mirror-api.ts";
import { fieldError } from "../http/api/mirror-fields.ts";
import { type Asked, type Files, type Received, requestOf } from "../http/api/mirror-request.ts";
import { type FieldError, InvalidFields } from "../http/api/problem.ts";
import { BadRequest, messageOf } from "../lib/errors.ts";
import { sourcesKey } from "../mirror/job/pin-owner.ts";
import { refusals, specOf } from "../mirror/request/job-spec.ts";
import { contradictions, type ItemCheck, type PartialRequest } from "../mirror/request/request.ts";
import { type Sources, tasksOf } from "../mirror/sources/read.ts";
import { readAhead } from "../mirror/sources/read-ahead.ts";
import { MOST } from "./plan-preview.ts";
import type { Runtime } from "./runtime.ts";
import { purlProblem, targetsFor } from "./targets.ts";

/** Entries without a registry that an answer lists. */
const ASIDES = 100;
/** How many times the configured downloads at once a job may ask for. */
const GREED = 4;

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
  const served = [...mounts.values()];
  const targets = targetsFor(config, served);
  const most = config.concurrency * GREED;

  const check: ItemCheck = (name, item) => (name === "purls" ? purlProblem(targets, item) : undefined);

  /** Reads all sources before it throws what is wrong with them. */
  async function* tasksFor({ request, files }: Asked, aside: (aside: Aside) => void): AsyncGenerator<Task> {
    const options = {
      targets: targetsFor(config, served, request.mount),
      sets,
      isStrict: request.strict === true,
      aside,
    };
    const errors: FieldError[] = [];
    let count = 0;
    for (const [field, sources] of sourcesOf(request, files)) {
      try {
        for await (const task of tasksOf(sources, options)) {
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

  /** What is wrong with documents, each read as a job would read it. */
  async function documentErrors(files: Files): Promise<readonly FieldError[]> {
    try {
      for await (const _ of tasksFor({ request: {}, files, errors: [] }, () => {}));
      return [];
    } catch (error) {
      if (error instanceof InvalidFields) return error.errors;
      throw error;
    }
  }

  const requireGood = async ({ request, files, errors }: Asked): Promise<void> => {
    const problems = refusals(request, served);
    const { concurrency = 0, set = [] } = request;
    for (const [n, name] of set.entries())
      if (!(await sets.has(name))) problems.push({ path: ["set", n], message: `there is no set ${name}` });
    const message = `expected at most ${most}, four times the configured concurrency`;
    if (concurrency > most) problems.push({ path: ["concurrency"], message });
    // What is missing may be in a field that is wrong.
    if (errors.length === 0) problems.push(...contradictions({ ...request, ...namesOf(files) }));
    const wrong = [...errors, ...problems.map(fieldError)];
    if (wrong.length > 0) throw new InvalidFields([...wrong, ...(await documentErrors(files))]);
  };

  return async (received) => {
    const asked = requestOf(received, check);
    await requireGood(asked);
    const { request, files } = asked;
    const asides: Created["asides"] & { first: Aside[] } = { count: 0, first: [] };
    const tasks = tasksFor(asked, (each) => {
      if (asides.count++ < ASIDES) asides.first.push(each);
    });
    const spec: JobSpec = {
      ...specOf(request, served),
      title: titleOf(request, files),
      runBy: "server",
      sources: await keyOf(request, files),
      concurrency: request.concurrency ?? config.concurrency,
    };
    // A registry's list takes too long for anyone to wait at the other end.
    if (request.dry_run && request.registry === undefined) {
      const all: Task[] = [];
      for await (const task of tasks) {
        all.push(task);
        if (all.length > MOST) break;
      }
      const told = asides.first.map(({ what, reason, place }) => `${what} ${reason} (${place})`);
      return { planned: { spec, tasks: all, asides: told } };
    }
    const job = request.dry_run ? { ...spec, title: `dry run of ${spec.title}`, dry: true } : spec;
    return { created: { id: await store.create(job, await readAhead(tasks)), asides } };
  };
}

/** Identifies the sources of a request; what was sent with it by its bytes. */
async function keyOf(request: PartialRequest, files: Files): Promise<string> {
  const digests = async (inputs: Files["lists"]) => {
    const found: string[] = [];
    for (const { bytes } of inputs) {
      const hasher = new Bun.CryptoHasher("sha256");
      for await (const chunk of bytes()) hasher.update(chunk);
      found.push(hasher.digest("hex"));
    }
    return found;
  };
  const { lists, sboms, lockfiles, images } = files;
  return sourcesKey({
    ...request,
    purls_file: await digests(lists),
    sbom: await digests(sboms),
    lockfile: await digests(lockfiles),
    images: await digests(images),
  });
}

/** By the field that names them, so that what is wrong can be told with it. */
function sourcesOf(
  { purls = [], set: sets = [] }: PartialRequest,
  { lists, sboms, lockfiles, images }: Files,
): [field: string, Sources][] {
  const none: Sources = { purls: [], lists: [], sboms: [], lockfiles: [], images: [], sets: [] };
  return [
    ["purls", { ...none, purls, lists }],
    ...sboms.map((sbom): [string, Sources] => ["sbom", { ...none, sboms: [sbom] }]),
    ...lockfiles.map((lockfile): [string, Sources] => ["lockfile", { ...none, lockfiles: [lockfile] }]),
    ...images.map((each): [string, Sources] => ["images", { ...none, images: [each] }]),
    ["set", { ...none, sets }],
  ];
}

/** Documents by the fields of a request that name files elsewhere. */
function namesOf({ lists, sboms, lockfiles, images }: Files): PartialRequest {
  const names = (files: Files["lists"]) => files.map(({ name }) => name);
  return { purls_file: names(lists), sbom: names(sboms), lockfile: names(lockfiles), images: names(images) };
}

/** For people: the first three things that are named. */
function titleOf({ purls = [], set = [], registry }: PartialRequest, files: Files): string {
  const named = Object.values(namesOf(files)).flatMap((names) => names as string[]);
  const words = [...purls, ...named, ...set.map((name) => `set ${name}`)];
  if (registry !== undefined) words.push(`registry ${registry}`);
  return words.slice(0, 3).map(shortened).join(", ") + (words.length > 3 ? ` and ${words.length - 3} more` : "");
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
