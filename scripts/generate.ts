/**
 * Writes the files that follow from others: `bun scripts/generate.ts`. With `--check` it writes nothing and fails when one
 * is not current. To generate another file, add an entry to FILES.
 */
import { basename } from "node:path";
import { renderEcosystems } from "../src/cli/ecosystem-table.ts";
import { renderConfiguration } from "../src/config/table.ts";
import { CONTRACT_CHANGES, CONTRACT_REVISION, type Ecosystem } from "../src/contract/ecosystem.ts";
import { renderContractKeys } from "./contract.ts";
import { declarations, renderDeclarations } from "./declarations.ts";
import { claimed, clientsOf, type Proof } from "./proofs.ts";
import { renderReference } from "./reference.ts";
import { renderRequestFields } from "./request-fields.ts";

interface Generated {
  /** Path from the repository's root. */
  file: string;
  /** The whole new content. `current` is the file as it is (empty when it is missing), for those written only in part. */
  render(ecosystems: readonly Ecosystem[], current: string): string | Promise<string>;
}

const FILES: readonly Generated[] = [
  { file: "src/registry.generated.ts", render: renderRegistry },
  { file: "src/plugins/contract.generated.ts", render: renderContractKeys },
  { file: "src/plugins/declarations.generated.ts", render: renderDeclarations },
  {
    file: "docs/plugin-reference.md",
    render: async () => renderReference(CONTRACT_REVISION, CONTRACT_CHANGES, await declarations()),
  },
  { file: "docs/configuration.md", render: (ecosystems) => renderConfiguration(ecosystems) },
  { file: "README.md", render: renderSupport },
  { file: "docs/mirror-api.md", render: (_, current) => between(current, "request", renderRequestFields()) },
  { file: "docs/ecosystems.md", render: (ecosystems) => renderEcosystems(ecosystems) },
];

/** The table between two marks: what the plugins can do, and which clients were seen to do it. */
async function renderSupport(ecosystems: readonly Ecosystem[], current: string): Promise<string> {
  return between(current, "support", supportTable(ecosystems, await claimed()));
}

/** A text with a part of it replaced: what stands between two marks. */
function between(current: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: scripts/generate.ts -->\n`, `<!-- /${name} -->`];
  const [before = "", rest = ""] = current.split(begin);
  const after = rest.slice(rest.indexOf(end));
  if (!after) throw new Error(`there is no ${begin.trim()} … ${end}`);
  return `${before}${begin}${part}\n${after}`;
}

function supportTable(ecosystems: readonly Ecosystem[], proofs: readonly Proof[]): string {
  const rows = ecosystems.map(({ id, mount = `/${id}`, catalog }) => {
    const offline = clientsOf(proofs, id, "offline");
    const registry = clientsOf(proofs, id, "registry");
    return [
      id,
      mount,
      clientsOf(proofs, id, "proxy"),
      offline,
      catalog ? registry || "yes, tried without a client" : "no",
    ];
  });
  const head = ["ecosystem", "mount", "through the proxy", "mirrored, unplugged, installed", "whole registry"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function renderRegistry(ecosystems: readonly Ecosystem[]): string {
  const names = ecosystems.map(({ id }) => [id, camelCase(id)] as const);
  return `// Written by scripts/generate.ts from the files of ecosystems/. Do not edit.
${names.map(([id, name]) => `import { ${name} } from "../ecosystems/${id}.ts";\n`).join("")}import type { Ecosystem } from "./contract/ecosystem.ts";

/** Every ecosystem in this executable, by id. */
export const ecosystems: readonly Ecosystem[] = [${names.map(([, name]) => name).join(", ")}];
`;
}

/** The plugins, sorted by id. Throws where a file is not a plugin of its name. */
async function readEcosystems(): Promise<Ecosystem[]> {
  const files = Array.from(new Bun.Glob("ecosystems/*.ts").scanSync(".")).sort();
  return Promise.all(files.map(readEcosystem));
}

async function readEcosystem(file: string): Promise<Ecosystem> {
  const exports = (await import(`../${file}`)) as Record<string, Ecosystem>;
  const id = basename(file, ".ts");
  const name = camelCase(id);
  const [found, ...more] = Object.keys(exports);
  if (found !== name || more.length > 0) {
    throw new Error(`${file}: expected one export, ${name}; found ${[found, ...more].join(", ") || "none"}.`);
  }
  const ecosystem = exports[name]!;
  if (ecosystem.id !== id) throw new Error(`${file}: expected its name as id, "${id}"; found "${ecosystem.id}".`);
  return ecosystem;
}

/** docker-hub → dockerHub. */
function camelCase(id: string): string {
  return id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

process.chdir(`${import.meta.dir}/..`);
const check = process.argv.includes("--check");
const ecosystems = await readEcosystems();
for (const { file, render } of FILES) {
  const onDisk = Bun.file(file);
  const current = (await onDisk.exists()) ? await onDisk.text() : "";
  const wanted = await render(ecosystems, current);
  if (wanted === current) continue;
  if (check) {
    console.error(`${file} is not current. Run: bun scripts/generate.ts`);
    process.exitCode = 1;
  } else {
    await Bun.write(file, wanted);
    console.error(`Wrote ${file}`);
  }
}
