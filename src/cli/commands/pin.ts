/** A person's own pins: of releases and paths that are stored. */
import { profileOf } from "../../app/profile.ts";
import { openRuntime, type Runtime } from "../../app/runtime.ts";
import { targetsFor } from "../../app/targets.ts";
import { documentAt } from "../../cache/target.ts";
import { parsePurl } from "../../contract/purl.ts";
import type { Place } from "../../index/commands.ts";
import type { Index } from "../../index/port.ts";
import { BadRequest } from "../../lib/errors.ts";
import type { Command, Invocation } from "../command.ts";

interface Asked extends Pick<Runtime, "mounts" | "cache"> {
  index: Index;
}

const OWNER = { kind: "person", name: "pin", title: "proxy pin" } as const;

export const pin: Command = {
  name: "pin",
  args: "<what>",
  describe: "Keep a stored release (a package URL), or a path (/npm/left-pad/-/left-pad-1.3.0.tgz), from being evicted",
  action: (invocation) =>
    withPlaces(invocation, async ({ index }, places) => {
      const owner = await index.commit("ownPins", OWNER);
      for (const { mount, path } of places) await index.commit("pin", { owner, mount, paths: [path] });
      for (const { mount, path } of places) console.log(`pinned /${mount}${path}`);
    }),
};

export const unpin: Command = {
  name: "unpin",
  args: "<what>",
  describe: "End what proxy pin did; what nobody else pins stays until it is evicted",
  action: (invocation) =>
    withPlaces(invocation, async ({ index }, places) => {
      const owner = await index.commit("ownPins", OWNER);
      await index.commit("endPins", { owner, places });
      for (const { mount, path } of places) {
        const others = (await index.pins.ownersOf(mount, path)).map(({ title }) => title);
        console.log(`unpinned /${mount}${path}${others.length > 0 ? `; still pinned by ${others.join(", ")}` : ""}`);
      }
    }),
};

async function withPlaces(
  { args: [what = ""], load }: Invocation,
  run: (runtime: Asked, places: readonly Place[]) => Promise<void>,
): Promise<number> {
  const { config, sources } = await load();
  const runtime = await openRuntime({ config, sources, profile: profileOf("inspect", config) });
  try {
    const mounts = [...runtime.mounts.values()];
    const places = what.startsWith("/") ? await placesOfPath(runtime, what) : await placesOfPurl(runtime, what);
    if (places.length === 0)
      throw new BadRequest(
        `nothing of ${what} is stored; expected a package URL, or a path such as /${mounts[0]?.name ?? "npm"}/…, of what is. proxy mirror fetches and pins`,
      );
    await run(runtime, places);
    return 0;
  } finally {
    await runtime.close();
  }

  async function placesOfPurl({ mounts, index, cache }: Asked, text: string): Promise<Place[]> {
    const found: Place[] = [];
    for (const { mount, name, version } of targetsFor(config, [...mounts.values()]).everywhere(parsePurl(text), text)) {
      const files = (await index.artifacts.ofPackage(mount, name)).filter(
        (file) => version === undefined || file.version === version,
      );
      if (files.length === 0) continue;
      const at = mounts.get(mount)!;
      // Clients need the index to find its files.
      for (const path of at.ecosystem.index({ name, ...(version !== undefined && { version }) }, at.traits)) {
        const row = cache.documents.held(at, documentAt(at, path)?.path ?? path);
        if (row) found.push({ mount, path: row.path });
      }
      for (const { path } of files) found.push({ mount, path });
    }
    return found;
  }
}

async function placesOfPath({ index, mounts }: Asked, text: string): Promise<Place[]> {
  const found: Place[] = [];
  for (const { name, prefix } of mounts.values()) {
    if (!text.startsWith(`${prefix}/`)) continue;
    const path = text.slice(prefix.length);
    if ((await index.artifacts.find(name, path)) ?? (await index.documents.find(name, path)))
      found.push({ mount: name, path });
  }
  return found;
}
