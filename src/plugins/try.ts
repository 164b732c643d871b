/** What of a plugin can only be known by running it: whether it loads, what it exports, and whether its patterns stall. */

import type { PluginSource } from "../config/plugin-source.ts";
import { stalls } from "../conformance/stall.ts";
import type { Ecosystem, Path } from "../contract/ecosystem.ts";
import { messageOf } from "../lib/errors.ts";
import { makeMount } from "../mounts/mounts.ts";
import { importPlugin } from "./host.ts";
import { at } from "./lint.ts";
import { ecosystemIn } from "./shape.ts";

/** More than tests allow, because a starting machine is a busy one. */
const PATIENCE = { limit: 400, tries: 2 };

/** Why it is refused, `FILE:LINE: …`; empty where it is not. May not come back: to be run where it can be ended. `tell` hears
 * what is being done. */
export async function tryPlugin(source: PluginSource, tell: (doing: string) => void): Promise<string[]> {
  tell("loading it");
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = await importPlugin(source);
  } catch (error) {
    return [`${thrownAt(source, error)}: throws while it is loaded: ${messageOf(error)}`];
  }
  const found = ecosystemIn(source, exports);
  if ("reasons" in found) return found.reasons;
  try {
    makeMount(source.id, found.ecosystem, { ttl: 0 });
  } catch (error) {
    return [`${source.file}: cannot be mounted with its own upstreams: ${messageOf(error)}`];
  }
  tell("trying its patterns on long paths");
  return Array.from(stalls(found.ecosystem, pathsLike(found.ecosystem), PATIENCE), ({ route, message }) => {
    const pattern = found.ecosystem.routes[route]?.match;
    return `${writtenAt(source, pattern instanceof RegExp ? pattern.source : (pattern ?? ""))}: ${message}`;
  });
}

/** Paths made of what the patterns themselves spell out, and of the runs of characters that they may take. */
function pathsLike({ routes }: Ecosystem): Set<Path> {
  const found = new Set<Path>();
  for (const { match } of routes) {
    const source = match instanceof RegExp ? match.source : match;
    const literals = source.replace(/\\(?=[/.-])/g, "").match(/[\w@/.!-]+/g) ?? [];
    for (const [i] of literals.entries())
      found.add(
        `/${literals
          .slice(0, i + 1)
          .join("")
          .replace(/^\/+/, "")}`,
      );
  }
  return found;
}

function thrownAt({ file, texts }: PluginSource, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const places = Object.keys(texts).map((name) => new RegExp(`${RegExp.escape(name)}:\\d+(?::\\d+)?`).exec(stack)?.[0]);
  return places.find((place) => place !== undefined) ?? file;
}

/** Where a pattern stands in the text; the file alone where it is put together of parts. */
function writtenAt({ file, texts }: PluginSource, pattern: string): string {
  const [name, text] = Object.entries(texts).find(([, each]) => each.includes(pattern)) ?? [file, ""];
  return at(name, text, text.indexOf(pattern));
}
