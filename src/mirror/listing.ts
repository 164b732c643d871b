import type { Ask, Cache } from "../cache/cache.ts";
import { makeDoc } from "../cache/doc.ts";
import { documentAt } from "../cache/locate.ts";
import type { ReleaseTask } from "../jobs.ts";
import type { Mount } from "../mounts.ts";
import { walk } from "./walk.ts";

/** Stands for the address of this server, which no document's own links have. */
const BASE = "http://proxy.invalid";

/**
 * Asks for a package's index documents as clients do, in every representation, and returns where a release is not
 * listed although upstream's document states it. `versions`: those that are to be held.
 */
export async function unlisted(
  cache: Cache,
  mount: Mount,
  { name, qualifiers }: ReleaseTask,
  versions: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const path of mount.ecosystem.index({ name, ...(qualifiers && { qualifiers }) }, mount.traits)) {
    const target = documentAt(mount, path);
    if (!target?.route.parse || !cache.documents.held(mount, target.path)) continue;
    const { row, releases } = await walk(cache, mount, path, { tolerant: true, only: { name } });
    // What it leads to is not its own to list.
    if (!row || target.route.packed || !target.route.rewrite) continue;
    const stated = new Set(releases.map((release) => release.version));
    const meant = versions.filter((each) => stated.has(each));
    for (const variant of target.route.variants ?? [null]) {
      const answer = await cache.get(mount, askFor(target.path, variant));
      if (answer.kind !== "ready") continue;
      const doc = makeDoc(
        target,
        answer.ready.bytes,
        { ...answer.ready, url: `${BASE}${path}` },
        cache.documents.around(mount),
      );
      const shown = new Set(Array.from(target.route.parse(doc).releases ?? [], (release) => release.version));
      for (const each of meant)
        if (!shown.has(each)) found.push(`${each} is not listed in ${path}${variant ? ` (${variant})` : ""}`);
    }
  }
  return found;
}

function askFor(path: Ask["path"], accept: string | null): Ask {
  return { method: "GET", path, query: new URLSearchParams(), accept, base: BASE };
}
