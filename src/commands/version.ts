import type { Command } from "../command.ts";
import { VERSION } from "../version.ts";

export const version: Command = {
  name: "version",
  describe: "Which version this is",
  async action() {
    console.log(`proxy ${VERSION} (Bun ${Bun.version}, ${process.platform}-${process.arch})`);
    return 0;
  },
};
