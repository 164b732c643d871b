import type { Command } from "../command.ts";
import { verifyHeld } from "./verify-held.ts";

/** `proxy verify`: 0 when all is right, 1 when anything was wrong, though it be repaired, 2 for bad flags. */
export const verify: Command = {
  name: "verify",
  describe:
    "Read what is held again: whatever is not what its digest says is quarantined and fetched again, and told where that fails",
  options: [
    {
      flag: "--sample <share>",
      describe: "Only so many blobs (1000) or such a share (10%): those verified longest ago",
    },
    {
      flag: "--older-than <age>",
      describe: "Only what was not verified for so long (1d): goes on with a run that was interrupted",
    },
    { flag: "--rate <size>", describe: "Read at most so much a second (50MB), one file at a time" },
    { flag: "--report <file>", describe: "Write what became of each file to a JSON file (docs/report.md)" },
    { flag: "--json", describe: "Print the result as one JSON document" },
  ],
  action: async ({ flags, load }) => {
    const text = (name: string) => (typeof flags[name] === "string" ? flags[name] : undefined);
    return verifyHeld(load().config, {
      sample: text("sample"),
      olderThan: text("older-than"),
      rate: text("rate"),
      report: text("report"),
      json: flags.json === true,
    });
  },
};
