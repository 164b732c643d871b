/** Plugin files from outside: known before the rest of the configuration is read, which may name their ecosystems. */
import { z } from "zod";
import { keysOf } from "./keys.ts";
import type { WantedPlugin } from "./plugin-source.ts";
import { collect, type Sources } from "./sources.ts";
import { bool, list, scalar, text } from "./values.ts";

const sha256 = scalar("64 hexadecimal digits, as sha256sum prints them", (raw) =>
  /^[\da-f]{64}$/i.test(raw) ? raw.toLowerCase() : undefined,
);

const plugin = z.preprocess(
  (raw) => (typeof raw === "string" ? { file: raw } : raw),
  z.strictObject({ file: text("a file or folder"), sha256: sha256.optional() }),
);

/** Keys of the configuration. */
export const pluginKeys = {
  plugins: list(plugin).prefault([]).meta({
    flag: "plugins",
    description:
      "Ecosystem files from outside, and folders of them (docs/writing-a-plugin.md); `{file, sha256}` pins one. They are trusted as the program itself is.",
  }),
  strict_plugins: bool().prefault(false).meta({
    flag: "strict-plugins",
    description: "Whether a plugin file that is refused ends the program, rather than being left out.",
  }),
};

/** What the sources say of plugins; nothing where that makes no sense, which the whole schema then says. Throws Error for a file
 * that cannot be read. */
export function wantedPlugins(sources: Sources): { plugins: readonly WantedPlugin[]; isStrict: boolean } {
  const schema = z.object(pluginKeys);
  const { tree } = collect(sources, keysOf(schema));
  const { data } = schema.safeParse(tree);
  return { plugins: data?.plugins ?? [], isStrict: data?.strict_plugins ?? false };
}
