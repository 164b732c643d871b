/** Mirror jobs as rows: what there is, how it stands, and what is to become of it. */

import { profileOf } from "../../app/profile.ts";
import { describeEstimate } from "../../app/registry-estimate.ts";
import { openRuntime } from "../../app/runtime.ts";
import type { JobRow } from "../../index/rows.ts";

import { BadRequest } from "../../lib/errors.ts";
import { formatSize } from "../../lib/sizes.ts";
import type { JobStore } from "../../mirror/job/store.ts";
import type { Registries } from "../../mirror/registry/registries.ts";
import type { Command, Invocation } from "../command.ts";
import { listed } from "../report/mirror-report.ts";
import { describeStanding, shownStanding } from "../report/registry-report.ts";

const JSON_OPTION = { flag: "--json", describe: "Print one JSON document" };
/** Failures that are shown. */
const FAILURES = 1_000;

export const jobs: Command = {
  name: "jobs",
  describe: "List mirror jobs, newest first",
  options: [{ flag: "--limit <n>", describe: "At most so many", default: "20" }, JSON_OPTION],
  action: (invocation) =>
    withStore(invocation, async (store) => {
      const limit = Number(invocation.flags.limit);
      if (!Number.isInteger(limit) || limit < 1)
        throw new BadRequest(`--limit ${String(invocation.flags.limit)}: expected a number`);
      const rows = await store.list({ limit });
      if (invocation.flags.json === true) return console.log(JSON.stringify(rows.map(shown), null, 2));
      for (const row of rows) console.log(lineOf(row));
      if (rows.length === 0) console.log("there are no mirror jobs");
    }),
};

export const showJob: Command = {
  name: "jobs show",
  args: "<id>",
  describe: "Show how a mirror job stands, and what it could not hold",
  options: [JSON_OPTION],
  action: (invocation) =>
    withStore(invocation, async (store, registries) => {
      const row = await found(store, invocation);
      const { registry, dry } = row.spec;
      const standing = registry && !dry && (await registries.standing(registry.mount));
      const failures = (await store.failures(row.id, 0, FAILURES)).map(
        ({ id: _id, job: _job, task: _task, at, isPassing, ...rest }) => ({
          ...rest,
          is_passing: isPassing,
          at: new Date(at).toISOString(),
        }),
      );
      if (invocation.flags.json === true)
        return console.log(
          JSON.stringify(
            {
              ...shown(row),
              ...(dry && { estimate: row.estimate }),
              ...(standing && { registry: shownStanding(standing) }),
              failures,
            },
            null,
            2,
          ),
        );
      console.log(lineOf(row));
      if (standing) console.log(describeStanding(standing));
      if (registry && row.estimate) console.log(describeEstimate(registry.mount, row.estimate));
      const lines = failures.map(
        ({ purl, path, reason, attempts }) => `${purl}${path ? ` ${path}` : ""}: ${reason} (${attempts} attempts)`,
      );
      for (const line of listed(lines, row.failed)) console.log(line);
      if (row.state === "pending" && row.spec.runBy === "command")
        console.log(`proxy mirror --resume=${row.id} goes on with it`);
    }),
};

export const cancelJob: Command = {
  name: "jobs cancel",
  args: "<id>",
  describe: "End a mirror job, also one that another process runs; what is held stays held",
  action: (invocation) =>
    withStore(invocation, async (store) => {
      const { id } = await found(store, invocation);
      await store.cancel(id);
      console.log(`job ${id} is canceled`);
    }),
};

export const retryJob: Command = {
  name: "jobs retry",
  args: "<id>",
  describe: "Have a mirror job try again what failed, or what was left when it was canceled",
  action: (invocation) =>
    withStore(invocation, async (store) => {
      const { id, spec } = await found(store, invocation);
      await store.retry(id);
      console.log(
        spec.runBy === "server"
          ? `job ${id} is pending; a server on this store goes on with it`
          : `job ${id} is pending; proxy mirror --resume=${id} goes on with it`,
      );
    }),
};

async function withStore(
  { load }: Invocation,
  run: (store: JobStore, registries: Registries) => void | Promise<void>,
): Promise<number> {
  const { config, sources } = await load();
  const runtime = await openRuntime({ config, sources, profile: profileOf("inspect", config) });
  try {
    await run(runtime.store, runtime.registries);
    return 0;
  } finally {
    await runtime.close();
  }
}

async function found(store: JobStore, { args: [id = ""] }: Invocation): Promise<JobRow> {
  const row = await store.find(id);
  if (!row) throw new BadRequest(`there is no job ${id}; proxy jobs lists them`);
  return row;
}

/** Field names as in the API. */
function shown({ id, state, phase, spec, createdAt, startedAt, finishedAt, error, ...counts }: JobRow) {
  const { total, completed, skipped, failed, bytes } = counts;
  const at = (time: number | null) => (time === null ? null : new Date(time).toISOString());
  return {
    id,
    state,
    title: spec.title,
    created_at: at(createdAt),
    finished_at: at(finishedAt),
    error,
    progress: { phase, started_at: at(startedAt), total, completed, skipped, failed, bytes },
  };
}

function lineOf(row: JobRow): string {
  const { id, state, spec, createdAt, completed, skipped, failed, bytes, error } = row;
  const counts = `${completed} fetched (${formatSize(bytes)}), ${skipped} held already, ${failed} failed`;
  return `${id}  ${state.padEnd(8)}  ${new Date(createdAt).toISOString().slice(0, 19)}  ${counts}  ${spec.title}${error ? `: ${error}` : ""}`;
}
