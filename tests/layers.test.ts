import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { ecosystems } from "../src/registry.generated.ts";

// Each law yields the places that break it, so that a failure lists them all.

/** The contract and what everything may use. They import each other only. */
const CONTRACT = /^src\/([\w-]+\.ts$|config\/|formats\/)/;
const PROGRAM = /^src\/(main|program|worker|registry\.generated)\.ts$/;

const GROUND = ["src/policy/", "src/trust/", "src/storage/", "src/upstream/", "src/db/"];

/** A layer may import itself, the contract files and what is named here: always downward. */
const LAYERS: Record<string, readonly string[]> = {
  ...Object.fromEntries(GROUND.map((folder) => [folder, []])),
  "src/cache/": GROUND,
  "src/conformance/": ["src/cache/", ...GROUND],
  "src/plugins/": ["src/conformance/", "src/cache/", ...GROUND, "src/registry.generated.ts"],
  "src/http/": ["src/cache/", ...GROUND],
  "src/mirror/": ["src/cache/", ...GROUND],
  "src/commands/": [
    "src/plugins/",
    "src/conformance/",
    "src/http/",
    "src/mirror/",
    "src/cache/",
    ...GROUND,
    "src/registry.generated.ts",
  ],
};

/** Libraries that one folder keeps to itself. */
const CONFINED: Record<string, RegExp> = { "src/http/": /^(elysia|@elysiajs\/.+)$/, "src/db/": /^drizzle-orm\b/ };

const PLUGIN_MAY_IMPORT =
  /^(src\/(ecosystem|purl|digest)\.ts|src\/formats\/[\w-]+\.ts|semver|@renovatebot\/pep440|fast-xml-parser)$/;
const PLUGIN_MAY_NOT_NAME = /\bfetch\(|\bBun\.|\bprocess\.|\bnode:fs|\bDate\.now\(|\bnew Date\(\)/;

const tracked = Bun.spawnSync(["git", "ls-files", "--cached", "--others", "--exclude-standard"]).stdout.toString();
const texts = new Map<string, string>();
for (const file of tracked.split("\n"))
  if (file && (await Bun.file(file).exists())) texts.set(file, await Bun.file(file).text());

const within = (...folders: string[]) =>
  Array.from(texts).filter(([file]) => folders.some((folder) => file.startsWith(folder)));
const code = within("src/", "ecosystems/").filter(([file]) => file.endsWith(".ts") && !file.endsWith(".generated.ts"));

/** What a file imports, type-only and dynamic imports included; a relative one as a path from the root. */
function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/^(?:import|export|\}) ?(?:[^"\n]*\bfrom )?"([^"]+)"|\bimport\("([^"]+)"\)/gm);
  const targets = Array.from(found, ([, from, dynamic]) => from ?? dynamic!);
  return targets.map((target) =>
    target.startsWith(".") ? join(dirname(file), target) : target.replace(/^#src/, "src"),
  );
}

function mayImport(file: string, target: string): boolean {
  if (file.startsWith("ecosystems/")) return PLUGIN_MAY_IMPORT.test(target);
  const owner = Object.keys(CONFINED).find((folder) => CONFINED[folder]!.test(target));
  if (owner) return file.startsWith(owner);
  if (!/^(src|ecosystems)\//.test(target) || PROGRAM.test(file)) return true;
  if (CONTRACT.test(target) && !PROGRAM.test(target)) return true;
  const layer = Object.keys(LAYERS).find((folder) => file.startsWith(folder));
  return layer !== undefined && [layer, ...LAYERS[layer]!].some((folder) => target.startsWith(folder));
}

const laws: Record<string, () => string[]> = {
  "imports go downward": () =>
    code.flatMap(([file, text]) =>
      importsOf(file, text).flatMap((target) => (mayImport(file, target) ? [] : [`${file} → ${target}`])),
    ),
  "plugins do no I/O and read no clock": () =>
    within("ecosystems/").flatMap(([file, text]) => {
      const named = PLUGIN_MAY_NOT_NAME.exec(text);
      return named ? [`${file}: ${named[0]}`] : [];
    }),
  "nothing is left for later": () =>
    within("src/", "ecosystems/", "scripts/", "tests/").flatMap(([file, text]) =>
      /\bTO[D]O\b|\bFIX[M]E\b/.test(text) ? [file] : [],
    ),
  "only plugins name a public registry": () => {
    const upstreams = ecosystems.flatMap((ecosystem) => Object.values(ecosystem.upstreams).flat());
    const hosts = new Set(upstreams.map((url) => /^https?:\/\/([\w.-]+)/.exec(url)?.[1] ?? url));
    const elsewhere = Array.from(texts).filter(([file]) => !file.startsWith("ecosystems/"));
    return elsewhere
      .flatMap(([file, text]) => Array.from(hosts, (host) => (text.includes(host) ? `${file}: ${host}` : "")))
      .filter(Boolean);
  },
};

for (const [law, breaches] of Object.entries(laws)) test(law, () => expect(breaches()).toEqual([]));
