import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { ecosystems } from "../src/registry.generated.ts";

// Each law yields the places that break it, so that a failure lists them all.

/** Composes everything: may import whatever it needs. */
const PROGRAM = /^src\/(main|program|worker|spawn|registry\.generated|[\w-]+\.d)\.ts$/;

/** What every layer may use: types and rules that know no storage, network or clock. */
const CONTRACT = ["src/contract/", "src/lib/", "ecosystems/shared/"];
const GROUND = [
  "src/config/",
  "src/mounts/",
  "src/policy/",
  "src/trust/",
  "src/blobs/",
  "src/leases/",
  "src/index/",
  "src/upstream/",
];
const REQUEST = "src/mirror/request/";
const CHECKS = ["src/conformance/", "src/plugins/", "src/registry.generated.ts"];

/** A layer may import itself and the folders named here: always downward. */
const LAYERS: Record<string, readonly string[]> = {
  "src/lib/": [],
  "src/contract/": ["src/lib/", "ecosystems/shared/"],
  "ecosystems/": ["src/contract/", "src/lib/errors.ts", "src/lib/text-ends.ts", "src/lib/yaml.ts"],
  "src/workers/": ["src/contract/", "src/lib/"],
  "src/mounts/": CONTRACT,
  // The mirror request's schema: the configuration, the API and the command line are renderings of it, and meet nowhere else.
  [REQUEST]: ["src/mounts/", ...CONTRACT],
  "src/config/": [REQUEST, "src/mounts/", ...CONTRACT],
  "src/policy/": ["src/mounts/", "src/config/", ...CONTRACT],
  "src/trust/": ["src/mounts/", "src/config/", ...CONTRACT],
  "src/blobs/": CONTRACT,
  "src/leases/": ["src/blobs/", ...CONTRACT],
  "src/index/": CONTRACT,
  "src/upstream/": ["src/mounts/", "src/config/", ...CONTRACT],
  "src/cache/": [...GROUND, ...CONTRACT],
  "src/conformance/": ["src/cache/", ...GROUND, ...CONTRACT],
  "src/plugins/": [
    "src/spawn.ts",
    "src/workers/",
    "src/registry.generated.ts",
    "src/conformance/",
    "src/cache/",
    ...GROUND,
    ...CONTRACT,
  ],
  "src/http/": [REQUEST, "src/cache/", ...GROUND, ...CONTRACT],
  "src/mirror/": ["src/workers/", "src/cache/", ...GROUND, ...CONTRACT],
  "src/app/": [
    "src/spawn.ts",
    "src/workers/",
    "src/http/",
    "src/mirror/",
    ...CHECKS,
    "src/cache/",
    ...GROUND,
    ...CONTRACT,
  ],
  "src/cli/": ["src/workers/", "src/app/", "src/http/", "src/mirror/", ...CHECKS, "src/cache/", ...GROUND, ...CONTRACT],
};

/** Libraries that one folder keeps to itself. */
const CONFINED: Record<string, RegExp> = { "src/http/": /^(elysia|@elysiajs\/.+)$/, "src/index/": /^drizzle-orm\b/ };

/** Cycles that are left. Numbers may only become smaller; a cycle that is gone leaves the list. */
const KNOWN_CYCLES: readonly { below: string; files: number; why: string }[] = [
  { below: "src/contract/", files: 6, why: "ecosystem.ts exports the whole contract and defines its basic types, too" },
  { below: "src/cache/", files: 16, why: "documents, document-fetch, generations and origins call each other" },
  { below: "src/app/", files: 2, why: "child processes of plugins run the tasks that the runtime defines" },
];

/** Files of a folder: about fifteen. */
const FILES = 17;
/** Folders that have more. Numbers may only become smaller. */
const LARGE_FOLDERS: Readonly<Record<string, number>> = {
  "src/app": 20,
  "src/cli/commands": 19,
  "src/config": 19,
  "src/index/sqlite": 20,
  "src/mirror/job": 18,
};
/** Names that several modules export, as `rowOf` of artifacts and of documents. The number may only become smaller. */
const NAMED_TWICE = 66;

const PLUGIN_MAY_IMPORT =
  /^(semver|zod|smol-toml|@renovatebot\/pep440|saxes|js-yaml|@streamparser\/json|tar-stream|node:zlib|node:stream|node:path)$/;
const PLUGIN_MAY_NOT_NAME =
  /\bfetch\(|\bBun\.(?!gzipSync)|\bprocess\.|\bglobalThis\b|\bnode:fs|\bDate\.now\(|\bnew Date\(\)|\bperformance\.|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\(|\beval\(|\bnew Function\(/;
/** State of a module, which documents that were read before would have a say in. */
const PLUGIN_STATE = /^(?:export )?let \w+/m;

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
  const owner = Object.keys(CONFINED).find((folder) => CONFINED[folder]!.test(target));
  if (owner) return file.startsWith(owner);
  if (PROGRAM.test(file)) return true;
  if (!/^(src|ecosystems)\//.test(target)) return !file.startsWith("ecosystems/") || PLUGIN_MAY_IMPORT.test(target);
  const layer = Object.keys(LAYERS).find((folder) => file.startsWith(folder));
  return layer !== undefined && [layer, ...LAYERS[layer]!].some((folder) => target.startsWith(folder));
}

/** Files by folder, generated ones and README.md aside. */
const filesOf = Map.groupBy(
  code.map(([file]) => file),
  (file) => dirname(file),
);
filesOf.delete("ecosystems");

function isBelow(folder: string, files: readonly string[]): boolean {
  return files.every((file) => file.startsWith(folder));
}

function exportsOf([file, text]: [string, string]): [name: string, file: string][] {
  const names = text.matchAll(
    /^export (?:abstract |async |declare )?(?:function\*?|class|const|interface|type|enum) (\w+)/gm,
  );
  return Array.from(new Set(Array.from(names, ([, name]) => name!)), (name) => [name, file]);
}

/** Groups of files that reach each other through their imports (Tarjan's strongly connected components). */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string) => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    open.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const group = open.splice(open.indexOf(file));
    if (group.length > 1) cycles.push(group);
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return cycles;
}

const laws: Record<string, () => string[]> = {
  "imports go downward": () =>
    code.flatMap(([file, text]) =>
      importsOf(file, text).flatMap((target) => (mayImport(file, target) ? [] : [`${file} → ${target}`])),
    ),
  "plugins do no I/O, read no clock and keep no state": () =>
    within("ecosystems/").flatMap(([file, text]) => {
      const named = PLUGIN_MAY_NOT_NAME.exec(text) ?? PLUGIN_STATE.exec(text);
      return named ? [`${file}: ${named[0]}`] : [];
    }),
  "imports have no cycles, those of types included": () =>
    cyclesOf(new Map(code.map(([file, text]) => [file, importsOf(file, text).filter((target) => texts.has(target))])))
      .filter((cycle) => !KNOWN_CYCLES.some(({ below, files }) => isBelow(below, cycle) && cycle.length <= files))
      .map((cycle) => cycle.join(" ⇄ ")),
  "a folder has about fifteen files": () =>
    Array.from(filesOf, ([folder, files]) =>
      files.length > (LARGE_FOLDERS[folder] ?? FILES) ? `${folder}: ${files.length} files` : "",
    ).filter(Boolean),
  // The folder of an ecosystem is opened by the file of its name.
  "a folder says in its README.md what it does and what it does not": () =>
    Array.from(filesOf.keys()).filter((folder) => {
      const head = texts.get(`${folder}/README.md`) ?? texts.get(`${folder}.ts`) ?? "";
      return (head.match(/[.:;]\s/g)?.length ?? 0) < 2;
    }),
  "no further name is exported twice": () => {
    const files = Map.groupBy(code.flatMap(exportsOf), ([name]) => name);
    const twice = Array.from(files).filter(([, places]) => places.length > 1);
    return twice.length <= NAMED_TWICE
      ? []
      : twice.map(([name, places]) => `${name}: ${places.map(([, file]) => file).join(", ")}`);
  },
  "architecture.md names files and tests that exist": () => {
    const page = texts.get("docs/architecture.md") ?? "";
    const files = Array.from(page.matchAll(/`([\w./-]+\.ts)`/g), ([, file]) => file!);
    const proofs = Array.from(page.matchAll(/`(tests\/[\w./-]+\.ts)` "([^"]+)"/g));
    return [
      ...files.filter((file) => !texts.has(file) && !texts.has(`src/${file}`)),
      ...proofs.flatMap(([, file, title]) => (texts.get(file!)?.includes(title!) ? [] : [`${file}: "${title}"`])),
    ];
  },
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
