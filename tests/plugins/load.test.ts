import { afterAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadPlugins } from "../../src/plugins/load.ts";
import { probe } from "../../src/plugins/probe.ts";
import { readPlugin } from "../../src/plugins/source.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ACME, plugin, write } from "./plugins.ts";

const folder = await temporaryFolder();
afterAll(() => folder.remove());
let count = 0;

/** A folder of its own for each: a thread remembers what it loaded by its path. */
async function put(files: Readonly<Record<string, string>>): Promise<string> {
  const own = join(folder.path, String(count++));
  await mkdir(own);
  return write(own, files);
}

const refusals: readonly [what: string, id: string, text: string, reason: RegExp][] = [
  [
    "a syntax error",
    "comma",
    plugin("comma", ['kind: "answer",', 'kind: "answer",,']),
    /comma\.ts:14:22: Expected identifier/,
  ],
  [
    "one that throws while it is loaded",
    "thrower",
    `${plugin("thrower")}\nthrow new Error("not today");\n`,
    /thrower\.ts:\d+:\d+: throws while it is loaded: not today/,
  ],
  ["no ecosystem", "empty", "export const empty = 1;\n", /exports 0 objects; expected one/],
  [
    "an earlier contract",
    "early",
    plugin("early", ["contract: 2", "contract: 0"]),
    /early\.ts:8: written for revision 0 .* has 2\. What changed: 1: the first; 2: nothing synchronous reads/,
  ],
  [
    "revision 1, with what to write instead",
    "first",
    plugin("first", ["contract: 2", "contract: 1"]),
    /first\.ts:8: written for revision 1 .* has 2\. What changed: 2: .*`doc\.near\(path\)` is `doc\.stored\(path\)`/,
  ],
  [
    "a later contract",
    "late",
    plugin("late", ["contract: 2", "contract: 99"]),
    /late\.ts:8: written for revision 99 .* newer one is needed/,
  ],
  [
    "an id that is not its file's name",
    "named",
    plugin("other"),
    /named\.ts:7: id = "other"; expected the name of the file, "named"/,
  ],
  [
    "a misspelt key, which would show what is to be withheld",
    "typo",
    plugin("typo", ["rewrite:", "rewrites:"]),
    /typo\.ts:30: the contract has no routes\[2\]\.rewrites; did you mean rewrite\?/,
  ],
  [
    "a kind that there is not",
    "kind",
    plugin("kind", ['"artifact"', '"artefact"']),
    /kind\.ts:16: routes\[1\]\.kind: expected "artifact", /,
  ],
  [
    "a value of another kind",
    "value",
    plugin("value", ["  index:", "  index: 7, //"]),
    /value\.ts:37: index: expected a function/,
  ],
  [
    "what is packed, and would be shown whole",
    "packed",
    plugin("packed", ['match: "/:name",\n', 'match: "/:name",\n      packed: true,\n']),
    /packed\.ts:\d+: routes\[2\]\.rewrite: a packed document goes out as it came/,
  ],
  [
    "an upstream that is no address",
    "host",
    plugin("host", ['"https://acme.example" }', '"http://[nowhere" }']),
    /host\.ts: cannot be mounted with its own upstreams: /,
  ],
  ["an id that is taken", "npm", plugin("npm"), /there is an ecosystem npm already/],
  [
    "a mount that is taken",
    "mount",
    plugin("mount", ["setup:", 'mount: "/npm", setup:']),
    /its mount \/npm is that of npm/,
  ],
  [
    "a mount of the proxy's own",
    "own",
    plugin("own", ["setup:", 'mount: "/metrics", setup:']),
    /\/metrics belongs to the proxy itself/,
  ],
  ["a PURL type that is taken", "type", plugin("type", ["setup:", 'purlType: "npm", setup:']), /pkg:npm is of npm/],
  [
    "a pattern that stalls",
    "stall",
    plugin("stall", ['match: "/:name"', "match: /^\\/(?<name>(?:[a-z]+\\/?)+)+$/"]),
    /stall\.ts:22: .* takes more than \d+ ms|stall\.ts: trying its patterns on long paths does not end/,
  ],
  [
    "a pattern that keeps state",
    "state",
    plugin("state", ['match: "/:name"', "match: /^\\/(?<name>[a-z]+)$/g"]),
    /state\.ts:22: .* keeps state/,
  ],
  [
    "an import of what reads files",
    "files",
    `import { readFileSync } from "node:fs";\n${plugin("files")}\nexport const read = () => readFileSync("x", "utf8");\n`,
    /files\.ts:1: imports "node:fs"; expected proxy\/plugin or /,
  ],
  ...[
    ['fetch("https://x.example")', "fetch\\("],
    ["Bun.version", "Bun"],
    ["process.env", "process"],
    ["Date.now()", "Date\\.now\\("],
    ["new Date()", "new Date\\(\\)"],
    ['import("node:" + "fs")', "import\\("],
    ["Math.random()", "Math\\.random"],
  ].map(([code, named], i): [string, string, string, RegExp] => [
    `the name ${code}`,
    `names${i}`,
    `${plugin(`names${i}`)}// fetch( in a comment is none\nexport const x = () => ${code};\n`,
    new RegExp(`names${i}\\.ts:41: names ${named}: `),
  ]),
];

describe("a plugin is refused, with file and line", () => {
  test.each(refusals)(
    "%s",
    async (_, id, text, reason) => {
      const file = await put({ [`${id}.ts`]: text });
      const { sources, refused } = await loadPlugins([{ file }]);
      expect(sources).toEqual([]);
      expect(refused).toEqual([{ file, id, reasons: [expect.stringMatching(reason) as string] }]);
      expect(refused[0]!.reasons[0]).toStartWith(file);
    },
    20_000,
  );

  test("one that does not end", async () => {
    const file = await put({ "loop.ts": `${plugin("loop")}\nfor (;;);\n` });
    expect(await probe(readPlugin(file), 1_000)).toEqual([`${file}: loading it does not end; ended after 1 s`]);
  });

  test("one that is not there", async () => {
    const file = join(folder.path, "nowhere.ts");
    const { refused } = await loadPlugins([{ file }]);
    expect(refused).toEqual([{ file, id: "nowhere", reasons: [expect.stringContaining("does not exist") as string] }]);
  });

  test("one that hashes to something else than its pin", async () => {
    const file = await put({ "pinned.ts": plugin("pinned") });
    const pin = new Bun.CryptoHasher("sha256").update(plugin("pinned")).digest("hex");
    expect((await loadPlugins([{ file, sha256: pin }])).refused).toEqual([]);
    const { refused } = await loadPlugins([{ file, sha256: "0".repeat(64) }]);
    expect(refused[0]?.reasons).toEqual([
      `${file}: its sha256 is ${pin}; expected ${"0".repeat(64)}, as the configuration pins it`,
    ]);
  });
});

test("what texts, patterns and comments name is no act of a plugin", async () => {
  const named = [
    'const builtIn = ["process", "Bun.version", "fetch(1)"]; // process.env',
    "const pattern = /process|Bun/;",
    "const text = `process Date.now()`;",
  ];
  const file = await put({ "texts.ts": `${plugin("texts")}\n${named.join("\n")}\nvoid [builtIn, pattern, text];\n` });
  expect((await loadPlugins([{ file }])).refused).toEqual([]);
});

test("a folder is its plugin files: the others load though one is refused", async () => {
  const first = await put({
    "one.ts": plugin("one"),
    "two.js": "export const two = 2;\n",
    "three.ts": plugin("three"),
    "one.test.ts": "throw new Error('a test');\n",
    "types.d.ts": "declare const x: never;\n",
    "_shared.ts": "throw new Error('no plugin');\n",
    "lib/deep.ts": "throw new Error('no plugin');\n",
    "README.md": "# Ours\n",
  });
  const { sources, refused, ecosystems } = await loadPlugins([{ file: join(first, "..") }]);
  expect(sources.map(({ id }) => id)).toEqual(["one", "three"]);
  expect(refused.map(({ id }) => id)).toEqual(["two"]);
  expect(ecosystems.map(({ id }) => id)).toContainValues(["npm", "one", "three"]);
});

test("what it imports beside it is part of it, of its lint and of what it hashes to", async () => {
  const head = 'import { title } from "./lib/title.ts";\n';
  const file = await put({
    "beside.ts": head + plugin("beside", ['title: "Acme registry"', "title"]),
    "lib/title.ts": 'export const title: string = "from beside";\n',
  });
  const { sources, ecosystems } = await loadPlugins([{ file }]);
  expect(ecosystems.at(-1)?.title).toBe("from beside");
  const listed = Bun.spawnSync(["sha256sum", "beside.ts", "lib/title.ts"], { cwd: join(file, "..") }).stdout;
  expect(sources[0]?.sha256).toBe(new Bun.CryptoHasher("sha256").update(listed).digest("hex"));

  const acting = await put({
    "acts.ts": head + plugin("acts"),
    "lib/title.ts": "export const title = process.title;\n",
  });
  const { refused } = await loadPlugins([{ file: acting }]);
  expect(refused[0]?.reasons).toEqual([expect.stringContaining("lib/title.ts:1: names process") as string]);
});

test("what is loaded is what was read, though the file changes meanwhile", async () => {
  const file = await put({ "acme.ts": ACME });
  const source = readPlugin(file);
  await Bun.write(file, "throw new Error('changed');\n");
  expect(await probe(source)).toEqual([]);
});
