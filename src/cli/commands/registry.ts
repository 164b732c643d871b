/** `proxy mirror --status`, and jobs of registries that were interrupted. */
import { profileOf } from "../../app/profile.ts";
import { mountsOf, openRuntime } from "../../app/runtime.ts";
import type { JobSpec } from "../../contract/jobs.ts";
import type { JobStore } from "../../mirror/job/store.ts";
import { refusals, registryMount } from "../../mirror/request/job-spec.ts";
import type { Invocation } from "../command.ts";
import { describeStanding, shownStanding } from "../report/registry-report.ts";
import { mirrorRequest, requireNone } from "../request-flags.ts";

/** The unfinished job of the same registry that asks for the same; others of it are canceled, what they knew is in its rows. */
export async function unfinishedOf(store: JobStore, spec: JobSpec): Promise<string | undefined> {
  let found: string | undefined;
  for (const { id, spec: other } of await store.waiting()) {
    if (other.runBy !== "command" || other.registry?.mount !== spec.registry?.mount) continue;
    if (!found && Bun.deepEquals(other, spec)) found = id;
    else await store.cancel(id);
  }
  return found;
}

/** Prints how the mirror of a registry stands, or of all that were ever mirrored whole where none is named. */
export async function tellStanding(invocation: Invocation): Promise<number> {
  const { flags, load } = invocation;
  const { config, sources, ecosystems } = await load();
  const { registry } = mirrorRequest({ flags, args: [] });
  const mounts = mountsOf(config, ecosystems);
  const asked = registry === undefined ? undefined : registryMount(registry, mounts)?.name;
  if (registry !== undefined && asked === undefined) requireNone(refusals({ registry }, mounts), invocation);
  const runtime = await openRuntime({ config, sources, profile: profileOf("inspect", config) });
  try {
    const names = asked ? [asked] : await runtime.registries.mirrored();
    const all = await Promise.all(names.map((name) => runtime.registries.standing(name)));
    const standings = all.filter((standing) => standing !== undefined);
    if (flags.json === true) console.log(JSON.stringify(standings.map(shownStanding), null, 2));
    else if (standings.length === 0)
      console.log(asked ? `${asked} was never mirrored whole` : "no registry was ever mirrored whole");
    for (const standing of flags.json === true ? [] : standings) console.log(describeStanding(standing));
    return 0;
  } finally {
    await runtime.close();
  }
}
