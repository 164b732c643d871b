/** Recordings: what clients asked for below `/@record/NAME/`. */

import { forgetOwner } from "../../app/pins.ts";
import { profileOf } from "../../app/profile.ts";
import { openRuntime, type Runtime } from "../../app/runtime.ts";
import { BadRequest } from "../../lib/errors.ts";
import { formatSize } from "../../lib/sizes.ts";
import type { Command, Invocation } from "../command.ts";
import { describeFreed } from "../report/freed.ts";

const JSON_OPTION = { flag: "--json", describe: "Print one JSON document" };

export const sets: Command = {
  name: "sets",
  describe: "List what was recorded (/@record/NAME/…), by name",
  options: [JSON_OPTION],
  action: (invocation) =>
    withRuntime(invocation, async ({ sets: all }) => {
      const rows = (await all.list()).map(({ recordedAt, ...row }) => ({
        ...row,
        recorded_at: new Date(recordedAt).toISOString(),
      }));
      if (invocation.flags.json === true) return console.log(JSON.stringify(rows, null, 2));
      for (const { name, paths, bytes, recorded_at } of rows)
        console.log(`${name}  ${paths} paths  ${formatSize(bytes)}  last recorded ${recorded_at}`);
      if (rows.length === 0) console.log("nothing was recorded; point a client at /@record/NAME/<mount>/");
    }),
};

export const showSet: Command = {
  name: "sets show",
  args: "<name>",
  describe: "List the paths of a recording",
  options: [JSON_OPTION],
  action: (invocation) =>
    withRuntime(invocation, async ({ sets: all }) => {
      const name = await existing(invocation, all);
      if (invocation.flags.json === true)
        return console.log(JSON.stringify(await Array.fromAsync(all.paths(name)), null, 2));
      for await (const { mount, path } of all.paths(name)) console.log(`/${mount}${path}`);
    }),
};

export const removeSet: Command = {
  name: "sets remove",
  args: "<name>",
  describe: "Forget a recording, and remove its files that nothing else pins",
  options: [{ flag: "--dry-run", describe: "Show how many files and bytes would be removed; change nothing" }],
  action: (invocation) =>
    withRuntime(invocation, async (runtime) => {
      const { sets: all, index } = runtime;
      const isDry = invocation.flags["dry-run"] === true;
      const name = await existing(invocation, all);
      const owner = index.pins.owners().find((each) => each.kind === "set" && each.name === name);
      if (owner) console.log(describeFreed(await forgetOwner(runtime, owner, isDry), isDry));
      if (!isDry) await index.commit("removeSet", { name });
    }),
};

async function existing({ args: [name = ""] }: Invocation, all: Runtime["sets"]): Promise<string> {
  if (!(await all.has(name)))
    throw new BadRequest(`there is no set ${name}; proxy sets lists those that were recorded`);
  return name;
}

async function withRuntime({ load }: Invocation, run: (runtime: Runtime) => void | Promise<void>): Promise<number> {
  const { config, sources } = await load();
  const runtime = await openRuntime({ config, sources, profile: profileOf("inspect", config) });
  try {
    await run(runtime);
    return 0;
  } finally {
    await runtime.close();
  }
}
