/** `proxy mirror --resume`: which job is gone on with. */

import { BadRequest } from "../lib/errors.ts";
import type { JobStore } from "../mirror/job/store.ts";
import { nameOf } from "./argv.ts";
import type { Invocation, Value } from "./command.ts";
import { MIRROR_OPTIONS } from "./request-flags.ts";

/** What would make another job of it. */
const SETTLED = MIRROR_OPTIONS.map(({ flag }) => nameOf(flag));

/** A job's id, or `true`: the newest; `undefined` without `--resume`. Throws BadRequest for what such a job has settled already. */
export function resumedOf({ args, flags }: Pick<Invocation, "args" | "flags">): Value | undefined {
  const { resume } = flags;
  if (resume === undefined) return undefined;
  // `--resume ID`: a flag whose value may be left out takes none from the next word.
  const [id, ...more] = typeof resume === "string" ? [resume, ...args] : args;
  const flag = SETTLED.find((name) => flags[name] !== undefined);
  const word = id?.startsWith("pkg:") ? id : more[0];
  const other = flag === undefined ? word : `--${flag}`;
  if (other !== undefined)
    throw new BadRequest(`${other} is for a new job; one that --resume goes on with knows what to hold`);
  return id ?? true;
}

/** The id of a job that can be gone on with. Throws BadRequest where there is none. */
export async function resumable(store: JobStore, asked: Value): Promise<string> {
  if (typeof asked !== "string") {
    const newest = (await store.waiting()).findLast(({ spec }) => spec.runBy === "command");
    if (!newest) throw new BadRequest("there is no interrupted job to go on with; proxy jobs lists them all");
    return newest.id;
  }
  const { state, spec } = (await store.find(asked)) ?? {};
  if (state === undefined) throw new BadRequest(`there is no job ${asked}; proxy jobs lists them`);
  if (state === "complete") throw new BadRequest(`job ${asked} is complete: there is nothing left to do`);
  if (state === "failed" || state === "canceled")
    throw new BadRequest(`job ${asked} is ${state}; proxy jobs retry ${asked} makes it pending again`);
  if (spec?.dry)
    throw new BadRequest(`job ${asked} is a dry run that a server was asked for; a server on this store runs it`);
  return asked;
}
