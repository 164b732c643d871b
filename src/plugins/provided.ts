/** What plugins may import: modules that are inside the executable, by the names under which they are known outside. */
import * as pep440 from "@renovatebot/pep440";
import * as xml from "fast-xml-parser";
import * as yaml from "js-yaml";
import semver, * as semverNames from "semver";
import * as zod from "zod";
import * as contract from "../contract/plugin.ts";

/** The name of the contract and of the helpers that plugins share. */
export const CONTRACT_MODULE = "proxy/plugin";

/** Module name → its exports. The same instances as the program's own. */
export const PROVIDED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  [CONTRACT_MODULE]: contract,
  "@renovatebot/pep440": pep440,
  "fast-xml-parser": xml,
  "js-yaml": yaml,
  semver: { ...semverNames, default: semver },
  zod,
};
