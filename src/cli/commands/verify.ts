import { BadRequest } from "../../lib/errors.ts";
import { nameOf } from "../argv.ts";
import { type Command, under } from "../command.ts";
import { isEmpty, sourcesOf, VERIFY_OPTIONS, verifyRequest } from "../request-flags.ts";
import { verifySources } from "./verify-sources.ts";
import { verifyHeld } from "./verify-store.ts";

/**
 * `proxy verify`: 0 when all is right, 1 when anything was wrong, though it be repaired, 2 for bad flags. With sources: 0 only
 * when a client would find all that it asks for.
 */
export const verify: Command = {
  name: "verify",
  args: "[...purls]",
  describe:
    "Read what is held again, and mend what is not what its digest says; with sources: prove that clients will find all of them offline",
  options: [
    ...VERIFY_OPTIONS,
    ...under("How", [
      {
        flag: "--strict",
        describe:
          "With sources: fail where something cannot be proven (install scripts, builds, git), and refuse an SBOM with malformed entries",
      },
      {
        flag: "--sample <share>",
        describe: "Only so many blobs (1000) or such a share (10%): those verified longest ago",
      },
      {
        flag: "--older-than <age>",
        describe: "Only what was not verified for so long (1d): goes on with a run that was interrupted",
      },
      { flag: "--rate <size>", describe: "Read at most so much a second (50MB), one file at a time" },
      {
        flag: "--remove-unknown <count>",
        describe:
          "Remove files from the store that its database does not know (run verify without it first: it says how many there are); where there are more than this, nothing is removed",
      },
      { flag: "--report <file>", describe: "Write what became of each file to a JSON file (docs/report.md)" },
      { flag: "--json", describe: "Print the result as one JSON document" },
    ]),
  ],
  action: async (invocation) => {
    const { flags, load } = invocation;
    const setup = await load();
    const request = verifyRequest(invocation);
    const sources = sourcesOf(request);
    const apart = isEmpty(sources)
      ? VERIFY_OPTIONS.map(({ flag }) => nameOf(flag))
      : ["sample", "older-than", "rate", "remove-unknown"];
    const misplaced = [...apart, ...(isEmpty(sources) ? ["strict"] : [])].find((name) => flags[name] !== undefined);
    if (misplaced !== undefined)
      throw new BadRequest(
        `--${misplaced} is for verify ${isEmpty(sources) ? "with sources (a PURL, --sbom, --lockfile, --images, --purls, --set)" : "of all that is held, without sources"}`,
      );
    if (!isEmpty(sources)) return verifySources({ request, sources, invocation }, setup);
    const text = (name: string) => (typeof flags[name] === "string" ? flags[name] : undefined);
    return verifyHeld(setup, {
      sample: text("sample"),
      olderThan: text("older-than"),
      rate: text("rate"),
      removeUnknown: text("remove-unknown"),
      report: text("report"),
      json: flags.json === true,
    });
  },
};
