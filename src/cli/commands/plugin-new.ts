/** `proxy plugin new`: the files from which an ecosystem is written, which serve, type-check and pass from the start. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Ecosystem } from "../../contract/ecosystem.ts";
import { typesOf } from "../../contract/purl.ts";
import { BadRequest } from "../../lib/errors.ts";
import { DECLARATIONS } from "../../plugins/declarations.generated.ts";
import { CONTRACT_MODULE, PROVIDED } from "../../plugins/provided.ts";
import { skeletonOf } from "../../plugins/skeleton.ts";
import type { Command } from "../command.ts";

/** Where the declarations go; a folder that is not looked into for plugins. */
const TYPES = ".proxy";

export const pluginNew: Command = {
  name: "plugin new",
  args: "<name>",
  describe: "Write a plugin to begin with: it serves, type-checks in an editor, and passes plugin check",
  options: [{ flag: "--dir <dir>", describe: "Where to", default: "." }],
  action: async ({ args: [name = ""], flags, load }) => {
    if (!/^[a-z][\da-z-]*$/.test(name))
      throw new BadRequest(`"${name}" is no name of an ecosystem; expected lowercase letters, digits and -`);
    const { ecosystems } = await load();
    const other = ecosystems.find((each) => [each.id, mountOf(each), ...typesOf(each)].includes(name));
    if (other)
      throw new BadRequest(
        `"${name}" is taken by the ecosystem ${other.id}, its mount or its PURL type, and would be refused; choose another`,
      );
    const folder = String(flags["dir"]);
    const own = skeletonOf(name);
    const taken = Object.keys(own).find((file) => existsSync(join(folder, file)));
    if (taken !== undefined) throw new BadRequest(`${join(folder, taken)} exists already; nothing was written`);
    const libraries = LIBRARIES.map((module) => `declare module "${module}";\n`).join("");
    await Bun.write(join(folder, TYPES, "libraries.d.ts"), `${ABOUT_LIBRARIES}${libraries}`);
    for (const [file, text] of Object.entries(DECLARATIONS)) await Bun.write(join(folder, TYPES, file), text);
    const config = join(folder, "tsconfig.json");
    if (!existsSync(config)) await Bun.write(config, `${JSON.stringify(TSCONFIG, null, 2)}\n`);
    for (const [file, text] of Object.entries(own)) await Bun.write(join(folder, file), text);
    const file = join(folder, `${name}.ts`);
    console.log(`Wrote ${file}. Try it:\n  proxy plugin check ${file}\n  proxy serve --plugins ${file}`);
    return 0;
  },
};

function mountOf({ id, mount = `/${id}` }: Ecosystem): string {
  return mount.slice(1);
}

const LIBRARIES = Object.keys(PROVIDED).filter((module) => module !== CONTRACT_MODULE);

const ABOUT_LIBRARIES = `// The executable brings these. An editor knows their types where they are installed here, and their line is not:
// npm install --save-dev zod
`;

const TSCONFIG = {
  compilerOptions: {
    target: "esnext",
    module: "preserve",
    moduleResolution: "bundler",
    lib: ["esnext", "dom"],
    types: [],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
    paths: { "proxy/plugin": [`./${TYPES}/src/contract/plugin.d.ts`] },
  },
  include: ["*.ts", `${TYPES}/libraries.d.ts`],
};
