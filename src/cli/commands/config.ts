import { existsSync } from "node:fs";
import { placesOf } from "../../app/places.ts";
import { mountsOf } from "../../app/runtime.ts";
import { requireUsable } from "../../app/trust.ts";
import type { Command } from "../command.ts";

export const configCheck: Command = {
  name: "config check",
  describe:
    "Whether the configuration can be used, which settings are not as by default, and where the store and its database are",
  async action({ load }) {
    const { settings, config, ecosystems } = await load();
    // Files that it names are read, too.
    await requireUsable(mountsOf(config, ecosystems));
    for (const { key, value, origin } of settings) console.log(`${key} = ${value} (${origin})`);
    const { storage, database, because } = placesOf(config);
    console.log(`store: ${storage}${existsSync(storage) ? "" : " (will be made)"}`);
    console.log(`database: ${database} (${because}${existsSync(database) ? "" : "; will be made"})`);
    console.log("ok");
    return 0;
  },
};
