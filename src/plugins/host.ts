/** Runs plugin files in this thread: gives them what they import, and takes their text from memory. */
import type { PluginSource } from "../config/plugin-source.ts";
import { PROVIDED } from "./provided.ts";
import { loaderOf } from "./source.ts";

/** Before the names of what plugins import, so that it is theirs alone: other code of this process may have other versions of it. */
const OWN = "provided-to-plugins/";
const IMPORTS = new RegExp(
  `(?<=\\bfrom\\s*["']|^\\s*import\\s*["'])(?=(?:${Object.keys(PROVIDED).map(RegExp.escape).join("|")})["'])`,
  "gm",
);

/** Files that this thread takes from memory. */
const known = new Set<string>();

/** The exports of a plugin; throws what it throws while it is loaded. A thread loads a file once, and remembers it by its path. */
export async function importPlugin({ file, texts }: PluginSource): Promise<Readonly<Record<string, unknown>>> {
  if (known.size === 0) provide();
  if (!known.has(file)) fromMemory(file, texts);
  known.add(file);
  return (await import(file)) as Readonly<Record<string, unknown>>;
}

function fromMemory(file: string, texts: PluginSource["texts"]): void {
  const filter = new RegExp(`^(?:${Object.keys(texts).map(RegExp.escape).join("|")})$`);
  const contentsOf = (path: string) => (texts[path] ?? "").replace(IMPORTS, OWN);
  Bun.plugin({
    name: file,
    setup: (build) =>
      void build.onLoad({ filter }, ({ path }) => ({ contents: contentsOf(path), loader: loaderOf(path) })),
  });
}

function provide(): void {
  Bun.plugin({
    name: "what plugins import",
    setup: (build) => {
      for (const [name, exports] of Object.entries(PROVIDED))
        build.module(`${OWN}${name}`, () => ({ loader: "object", exports }));
    },
  });
}
