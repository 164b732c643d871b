import { VERSION } from "../../lib/version.ts";
import type { Command } from "../command.ts";

export const version: Command = {
  name: "version",
  describe: "Which version this is",
  async action() {
    console.log(`proxy ${VERSION} (Bun ${Bun.version}, ${process.platform}-${process.arch})`);
    return 0;
  },
};
