/** Recordings: what clients asked for below `/@record/NAME/`. */

import { profileOf } from "../../app/profile.ts";
import { openRuntime, type Runtime } from "../../app/runtime.ts";
import { BadRequest } from "../../lib/errors.ts";
import { formatSize } from "../../lib/sizes.ts";
import type { Command, Invocation } from "../command.ts";

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
  describe: "Forget a recording; what it holds stays held",
  action: (invocation) =>
    withRuntime(invocation, async ({ sets: all, index }) => {
      const name = await existing(invocation, all);
      await index.commit("removeSet", { name });
      console.log(`the set ${name} is forgotten; what it holds stays held`);
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
