import { profileOf } from "../../app/profile.ts";
import { openRuntime } from "../../app/runtime.ts";
import type { Command } from "../command.ts";

/** `proxy store adopt`: after a restore from a backup, or where the database of a store is lost. */
export const adoptStore: Command = {
  name: "store adopt",
  describe:
    "Make the database the one that the store belongs to, and that may remove from it: after a restore, or where the old one is lost",
  action: async ({ load }) => {
    const { config, sources } = await load();
    const { places, database, ownership, close } = await openRuntime({
      config,
      sources,
      profile: profileOf("administer", config),
    });
    const before = ownership.objection();
    if (before === undefined) console.log(`the store ${places.storage} already belongs to ${database.path}`);
    else {
      await ownership.adopt();
      console.log(`the store ${places.storage} belongs to ${database.path} from now on (before: ${before})`);
    }
    await close();
    return 0;
  },
};
