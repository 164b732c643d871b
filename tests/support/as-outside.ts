/** Built-in plugins as a stranger would have written them: the same files, in a folder without this repository. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Ecosystem } from "../../src/contract/ecosystem.ts";

const ROOT = join(import.meta.dir, "../..");

/** What ecosystem files take from the program, and outsiders have of `proxy/plugin`. Whatever else they import is copied. */
const SHARED = [
  ...["ecosystem", "digest", "purl", "catalog", "facts", "routes", "lockfile"].map((name) => `src/contract/${name}`),
  "src/lib/errors",
  "ecosystems/shared/gzip",
  "ecosystems/shared/json-items",
  "ecosystems/shared/lockfiles/toml",
  "ecosystems/shared/lockfiles/yaml",
  "ecosystems/shared/tar-members",
  "ecosystems/shared/unpacked",
];

/** What has other names there. */
const RENAMED = {
  "ecosystems/shared/xml":
    'export { nodesAt as all, readXml, textAt as text, textsAt as texts } from "proxy/plugin";\n',
};

/** Parts of the program that plugins bring along. */
const COPIED = ["ecosystems/shared", "src/contract/path.ts", "src/contract/plain.ts", "src/lib/text-ends.ts"];

/** What two ecosystems cannot both have, as it is written in a file. */
const NAMES = /(?<=^\s*(?:id|purlType|mount): "\/?)(?=[\w-]+")/gm;

/** The id under which a built-in plugin stands beside itself. */
export const outsideId = (id: string): string => `x-${id}`;

/** Copies a plugin to `folder/ecosystems`, with other names; returns its path. */
export async function asOutside(
  { id, purlType = id }: Pick<Ecosystem, "id" | "purlType">,
  folder: string,
): Promise<string> {
  for (const copied of [`ecosystems/${id}`, ...COPIED])
    await cp(join(ROOT, copied), join(folder, copied), { recursive: true });
  for (const module of SHARED) await Bun.write(join(folder, `${module}.ts`), 'export * from "proxy/plugin";\n');
  for (const [module, text] of Object.entries(RENAMED)) await Bun.write(join(folder, `${module}.ts`), text);
  const text = await Bun.file(join(ROOT, "ecosystems", `${id}.ts`)).text();
  const renamed = text
    .replace(NAMES, "x-")
    .replace(/^ {2}purlTypes: .*\n/m, "")
    .replaceAll(`type: "${purlType}"`, `type: "${outsideId(purlType)}"`);
  const file = join(folder, "ecosystems", `${outsideId(id)}.ts`);
  await Bun.write(file, renamed);
  return file;
}
