import type { Command } from "../command.ts";
import { mountsOf } from "./runtime.ts";
import { requireUsable } from "./trust.ts";

export const configCheck: Command = {
  name: "config check",
  describe: "Whether the configuration can be used, and which settings are not as by default",
  async action({ load }) {
    const { settings, config, ecosystems } = await load();
    // Files that it names are read, too.
    await requireUsable(mountsOf(config, ecosystems));
    for (const { key, value, origin } of settings) console.log(`${key} = ${value} (${origin})`);
    console.log("ok");
    return 0;
  },
};
