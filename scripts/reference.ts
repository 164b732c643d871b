/** Writes docs/plugin-reference.md: the contract in its own words. */
import { join } from "node:path";
import { CONTRACT_FILES, type Declaration, declarationsOf, proseOf } from "./contract.ts";

const HEAD = `<!-- Written by scripts/generate.ts from the contract's files. Do not edit. -->
# Plugin reference

What an ecosystem file may say, in the words of the contract itself; [the guide](writing-a-plugin.md) shows how. All of it is imported from
\`proxy/plugin\`. Revision`;

const CHAPTERS: Readonly<Record<(typeof CONTRACT_FILES)[number], string>> = {
  "src/contract/ecosystem.ts": "An ecosystem",
  "src/contract/routes.ts": "Routes, documents and views",
  "src/contract/facts.ts": "What documents state",
  "src/contract/catalog.ts": "Whole registries",
  "src/contract/lockfile.ts": "Lockfiles",
};

/** The whole file. `declarations`: file name → text, as the compiler tells what `proxy/plugin` exports. */
export async function renderReference(
  revision: number,
  changes: Readonly<Record<number, string>>,
  declarations: Readonly<Record<string, string>>,
): Promise<string> {
  const chapters = await Promise.all(
    CONTRACT_FILES.map(async (file) => {
      const all = declarationsOf(await Bun.file(file).text());
      return `## ${CHAPTERS[file]}\n\n${all
        .filter(({ code }) => !code.startsWith("const "))
        .map(section)
        .join("\n")}`;
    }),
  );
  const revisions = Object.entries(changes).map(([of, what]) => `- ${of}: ${what}\n`);
  return `${HEAD} ${revision} of the contract; what each changed:

${revisions.join("")}
${chapters.join("\n")}
## Helpers and further types

${helpersOf(declarations).join("\n")}`;
}

function section({ name, doc, code }: Pick<Declaration, "name" | "doc" | "code">): string {
  return `### ${name}\n\n${doc ? `${doc}\n\n` : ""}\`\`\`ts\n${code}\n\`\`\`\n`;
}

/** Functions and classes that `plugin.d.ts` exports, by the names that they have there, and types of no chapter. */
function helpersOf(declarations: Readonly<Record<string, string>>): string[] {
  const exporting = `${declarations["src/contract/plugin.d.ts"] ?? ""}${declarations["src/contract/ecosystem.d.ts"] ?? ""}`;
  const exported = exporting.matchAll(/^export (?:type )?\{([^}]*)\} from "(\.[^"]+)";$/gm);
  return Array.from(exported).flatMap(([, names = "", file = ""]) => {
    const text = declarations[`${join("src/contract", file)}.d.ts`] ?? "";
    return names.split(",").flatMap((each) => {
      const [own = "", known = own] = each
        .trim()
        .replace(/^type /, "")
        .split(" as ");
      // A declaration ends before the next line that is not indented, nor its own closing bracket.
      const found = new RegExp(
        `(?<doc>/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?export (?:declare )?(?<code>(?:function\\*?|class|interface|type) ${own}\\b[\\s\\S]*?[;}])\\n(?![\\s}])`,
      ).exec(`${text}.`)?.groups;
      if (!found) return [];
      const doc = proseOf((found["doc"] ?? "").split("\n"));
      return [section({ name: known, doc, code: found["code"]!.trimEnd().replace(own, known) })];
    });
  });
}
