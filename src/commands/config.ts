import type { Command } from "../command.ts";

export const configCheck: Command = {
  name: "config check",
  describe: "Whether the configuration can be used, and which settings are not as by default",
  async action({ load }) {
    for (const { key, value, origin } of load().settings) console.log(`${key} = ${value} (${origin})`);
    console.log("ok");
    return 0;
  },
};
