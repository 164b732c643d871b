/** Runs plugin files in this thread: gives them what they import, and takes their text from memory. */
import { loaderOf, type PluginSource } from "./source.ts";
import { PROVIDED } from "./provided.ts";

let isReady = false;

/** The exports of a plugin; what it throws while it is loaded. Once for each thread: it is remembered by its path. */
export async function importPlugin({ file, texts }: PluginSource): Promise<Readonly<Record<string, unknown>>> {
  if (!isReady) provide();
  isReady = true;
  const filter = new RegExp(`^(?:${Object.keys(texts).map((name) => RegExp.escape(name)).join("|")})$`);
  Bun.plugin({
    name: file,
    setup: (build) =>
      void build.onLoad({ filter }, ({ path }) => ({ contents: texts[path] ?? "", loader: loaderOf(path) })),
  });
  return (await import(file)) as Readonly<Record<string, unknown>>;
}

function provide(): void {
  Bun.plugin({
    name: "what plugins import",
    setup: (build) => {
      for (const [name, exports] of Object.entries(PROVIDED)) build.module(name, () => ({ loader: "object", exports }));
    },
  });
}
