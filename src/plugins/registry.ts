/** The ecosystems that there are in a thread: those of the executable, and those of the plugin files that were admitted. */

import type { PluginSource } from "../config/plugin-source.ts";
import type { Ecosystem } from "../contract/ecosystem.ts";
import { ecosystems as builtIn } from "../registry.generated.ts";
import { guarded } from "./guard.ts";
import { importPlugin } from "./host.ts";
import { ecosystemIn } from "./shape.ts";

/** By id, the executable's own first. */
export async function ecosystemsOf(sources: readonly PluginSource[]): Promise<readonly Ecosystem[]> {
  const loaded: Ecosystem[] = [];
  for (const source of sources) loaded.push(await pluginOf(source));
  return [...builtIn, ...loaded].map(guarded);
}

/** Throws Error for what is no ecosystem. */
export async function pluginOf(source: PluginSource): Promise<Ecosystem> {
  const found = ecosystemIn(source, await importPlugin(source));
  if ("reasons" in found) throw new Error(found.reasons.join("; "));
  return found.ecosystem;
}
