/** `proxy plugin check`: whether a plugin file would be loaded, and which laws hold for it. */

import type { Law } from "../../conformance/law.ts";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { casesFileOf, conformanceOf, readCases } from "../../plugins/cases.ts";
import { loadPlugins } from "../../plugins/load.ts";
import type { Command } from "../command.ts";

export const pluginCheck: Command = {
  name: "plugin check",
  args: "<file>",
  describe: "Whether a plugin file can be loaded, and which laws of the conformance kit hold for it",
  options: [
    {
      flag: "--seed <n>",
      describe: "Which cases are made up for the laws: those of one seed are always the same",
      default: "1",
    },
  ],
  action: async ({ args: [file = ""], flags }) => {
    const seed = Number(flags.seed);
    if (!Number.isSafeInteger(seed)) throw new BadRequest(`--seed ${String(flags.seed)}: expected a whole number`);
    const { sources, refused, ecosystems } = await loadPlugins([{ file }]);
    for (const reason of refused.flatMap(({ reasons }) => reasons)) console.log(`FAIL  ${reason}`);
    const [source, ...more] = sources;
    if (refused.length > 0) return 1;
    if (!source || more.length > 0) throw new BadRequest(`${file}: expected one plugin file, found ${sources.length}`);
    console.log(`ok    ${source.file} can be loaded; its sha256 is ${source.sha256}`);

    const casesFile = casesFileOf(source.file);
    const cases = readCases(casesFile);
    if (!cases) {
      console.log(`FAIL  ${casesFile} does not exist: without a sample of a document most laws cannot be checked`);
      return 1;
    }
    // What makes up cases for the laws takes a while to load, and nothing else needs it.
    const { lawsOf } = await import("../../conformance/conformance.ts");
    return report(() => lawsOf(ecosystems.at(-1)!, conformanceOf(casesFile, cases), seed));
  },
};

/** The exit code: 1 if a law does not hold. */
async function report(laws: () => Iterable<Law>): Promise<number> {
  let [holding, broken] = [0, 0];
  const checked = async (name: string, check: Law["check"]) => {
    try {
      await check();
      holding++;
      console.log(`ok    ${name}`);
    } catch (error) {
      broken++;
      console.log(`FAIL  ${name}\n      ${messageOf(error)}`);
    }
  };
  try {
    for (const { name, check } of laws()) await checked(name, check);
  } catch (error) {
    broken++;
    console.log(`FAIL  the samples are read\n      ${messageOf(error)}`);
  }
  console.log(`${holding} laws hold, ${broken} do not`);
  return broken > 0 ? 1 : 0;
}
