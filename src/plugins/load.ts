/** Makes plugin files part of the program, each after every check; a refused one leaves the others alone. */
import { RESERVED } from "../config/mounts.ts";
import type { PluginSource, Plugins, Refusal, WantedPlugin } from "../config/plugin-source.ts";
import type { Ecosystem } from "../contract/ecosystem.ts";
import { typesOf } from "../contract/purl.ts";
import { messageOf } from "../lib/errors.ts";
import { ecosystems as builtIn } from "../registry.generated.ts";
import { lint } from "./lint.ts";
import { probe } from "./probe.ts";
import { ecosystemsOf, pluginOf } from "./registry.ts";
import { idOf, pluginFiles, readPlugin, Unreadable } from "./source.ts";

export async function loadPlugins(wanted: readonly WantedPlugin[]): Promise<Plugins> {
  const sources: PluginSource[] = [];
  const refused: Refusal[] = [];
  let known = builtIn;
  for (const { file, sha256 } of wanted.flatMap(filesOf)) {
    const result = await admit(file, sha256, known);
    if (Array.isArray(result)) refused.push({ file, id: idOf(file), reasons: result });
    else {
      sources.push(result.source);
      known = [...known, result.ecosystem];
    }
  }
  return { sources, refused, ecosystems: await ecosystemsOf(sources) };
}

function filesOf({ file, sha256 }: WantedPlugin): WantedPlugin[] {
  return pluginFiles(file).map((each) => ({ file: each, sha256 }));
}

/** The plugin, or why it is refused. */
async function admit(
  file: string,
  sha256: string | undefined,
  known: readonly Ecosystem[],
): Promise<{ source: PluginSource; ecosystem: Ecosystem } | string[]> {
  try {
    const source = readPlugin(file);
    if (sha256 !== undefined && sha256 !== source.sha256)
      return [`${file}: its sha256 is ${source.sha256}; expected ${sha256}, as the configuration pins it`];
    const breaches = lint(source);
    if (breaches.length > 0) return breaches;
    const reasons = await probe(source);
    if (reasons.length > 0) return reasons;
    const ecosystem = await pluginOf(source);
    const clashes = clashesOf(ecosystem, known);
    return clashes.length > 0 ? clashes.map((clash) => `${file}: ${clash}`) : { source, ecosystem };
  } catch (error) {
    return error instanceof Unreadable ? [...error.reasons] : [`${file}: ${messageOf(error)}`];
  }
}

/** What two ecosystems cannot both have: an id, a place, a type of package URL. */
function clashesOf(ecosystem: Ecosystem, known: readonly Ecosystem[]): string[] {
  const place = mountOf(ecosystem);
  const reserved = RESERVED.includes(place) ? [`its mount /${place} belongs to the proxy itself`] : [];
  return [
    ...reserved,
    ...known.flatMap((other) => {
      if (other.id === ecosystem.id) return [`there is an ecosystem ${other.id} already; rename the file and its id`];
      const type = typesOf(ecosystem).find((each) => typesOf(other).includes(each));
      return [
        ...(mountOf(other) === place ? [`its mount /${place} is that of ${other.id}`] : []),
        ...(type === undefined ? [] : [`pkg:${type} is of ${other.id}; expected a purlType of its own`]),
      ];
    }),
  ];
}

function mountOf({ id, mount }: Ecosystem): string {
  return (mount ?? `/${id}`).slice(1);
}
