/** Runs plugin files in this thread: gives them what they import, and takes their text from memory. */

import type { PluginSource } from "../plugin-source.ts";
import { PROVIDED } from "./provided.ts";
import { loaderOf } from "./source.ts";

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
  const filter = new RegExp(
    `^(?:${Object.keys(texts)
      .map((name) => RegExp.escape(name))
      .join("|")})$`,
  );
  Bun.plugin({
    name: file,
    setup: (build) =>
      void build.onLoad({ filter }, ({ path }) => ({ contents: texts[path] ?? "", loader: loaderOf(path) })),
  });
}

function provide(): void {
  Bun.plugin({
    name: "what plugins import",
    setup: (build) => {
      for (const [name, exports] of Object.entries(PROVIDED)) build.module(name, () => ({ loader: "object", exports }));
    },
  });
}
