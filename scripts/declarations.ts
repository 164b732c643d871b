/** What an editor has to know of `proxy/plugin`, as the compiler tells it: goes into the executable, for `proxy plugin new`. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

const COMPILER = "node_modules/.bin/tsc";
const OPTIONS =
  "--ignoreConfig --declaration --emitDeclarationOnly --rootDir . --target esnext --module preserve --moduleResolution bundler --types bun-types --allowImportingTsExtensions --skipLibCheck --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess";

/** src/plugins/declarations.generated.ts. */
export async function renderDeclarations(): Promise<string> {
  const entries = Object.entries(await declarations());
  // Beside declarations there is no code.
  const lines = entries.map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`);
  return `// Written by scripts/generate.ts from src/contract/plugin.ts and what it exports. Do not edit.

/** File name → its text; \`src/contract/plugin.d.ts\` is that of \`proxy/plugin\`. */
export const DECLARATIONS: Readonly<Record<string, string>> = {
${lines.join("")}};
`;
}

let compiled: Promise<Record<string, string>> | undefined;

/** By file name. Throws where src/contract/plugin.ts does not compile. */
export function declarations(): Promise<Record<string, string>> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<Record<string, string>> {
  const folder = await mkdtemp(".tools/declarations.");
  try {
    const command = [COMPILER, "src/contract/plugin.ts", ...OPTIONS.split(" "), "--outDir", folder];
    const { exitCode, stdout } = Bun.spawnSync(command);
    if (exitCode !== 0) throw new Error(`src/contract/plugin.ts: ${stdout.toString()}`);
    const names = Array.from(new Bun.Glob("**/*.d.ts").scanSync(folder)).sort();
    const texts = names.map(async (name) => {
      const text = await Bun.file(join(folder, name)).text();
      return [name, text.replace(/(from "\.[^"]*)\.ts"/g, '$1"')] as const;
    });
    return Object.fromEntries(await Promise.all(texts));
  } finally {
    await rm(folder, { recursive: true });
  }
}
