/** Plugins from outside that never come back, or take all memory: their own ecosystem fails, and nobody else notices. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { plugin, write } from "../plugins/plugins.ts";
import { type ProxyOptions, startProxy } from "../support/proxy.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { json } from "../support/tree.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const TIMEOUT = 60_000;
const FILE = "the bytes of one";
const SHA256 = new Bun.CryptoHasher("sha256").update(FILE).digest("hex");

const LOOP = "for (;;) {}";
/** Where a plugin runs: each place for a package of its own. */
const HARMFUL = plugin(
  "acme",
  ["parse: (doc) => ({", `parse: (doc) => { if (doc.params.name === "in-parse") ${LOOP} return {`],
  [
    "        })),\n      }),",
    "        })),\n      }; },\n      canonical: ({ name }) => { if (name === 'in-path') " +
      LOOP +
      " return canonicalOf(name!); },",
  ],
  ["rewrite: (doc, view) => {", `rewrite: (doc, view) => { if (doc.params.name === "in-rewrite") ${LOOP}`],
  [
    "answer: () =>",
    `answer: () => { ${LOOP} }, from: () => "default" }, { kind: "answer", match: "/pong", answer: () =>`,
  ],
  ["release: ({ name, version }) =>", 'release: ({ name, version }) => name === "in-memory" ? greedy() : '],
).concat(
  "function greedy(): never { const all = []; for (;;) all.push(new Array(1e5).fill(1.5)); }\n",
  'const canonicalOf = (name: string) => ["", name].join("/") as never;\n',
);

let folder: TemporaryFolder;
let upstream: Upstream;
let options: ProxyOptions;
let proxy: Awaited<ReturnType<typeof startProxy>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  upstream = await startUpstream();
  upstream.mount("/acme", () => new Map());
  for (const name of ["one", "in-parse", "in-rewrite", "in-path", "in-memory"]) {
    upstream.set(`/acme/${name}`, json({ versions: { "1.0.0": SHA256 } }));
    upstream.set(`/acme/${name}/files/1.0.0`, { body: FILE });
  }
  upstream.mount("/npm", () => new Map());
  upstream.set("/npm/other", json({ name: "other", "dist-tags": {}, versions: {} }));
  await write(folder.path, { "plugins/acme.ts": HARMFUL });
  options = {
    dir: folder.path,
    config: {
      plugins: [join(folder.path, "plugins")],
      isolation: { time: "1s", memory: "600MB" },
      mounts: {
        acme: { ecosystem: "acme", upstreams: { default: `${upstream.url}/acme` } },
        npm: { ecosystem: "npm", upstreams: { default: `${upstream.url}/npm` } },
      },
    },
  };
  proxy = await startProxy(options);
}, TIMEOUT);
afterAll(async () => {
  await proxy.kill9();
  await upstream.close();
  await folder.remove();
});

const get = (path: string) => fetch(`${proxy.url}${path}`);

const PLACES = {
  "the reading of a document": "/acme/in-parse",
  "its rewriting": "/acme/in-rewrite",
  "what a path means": "/acme/in-path",
  "an answer": "/acme/ping",
  "memory, for a file": "/acme/in-memory/files/1.0.0",
};

for (const [place, path] of Object.entries(PLACES))
  test(
    `${place}: that request fails and names the limit, others are answered meanwhile, and the plugin again after it`,
    async () => {
      let isOver = false;
      const harmful = get(path).finally(() => {
        isOver = true;
      });
      const meanwhile: number[] = [];
      do {
        meanwhile.push((await get("/npm/other")).status);
        await Bun.sleep(20);
      } while (!isOver);
      const refused = await harmful;
      const limit = path.includes("memory") ? "isolation.memory" : "isolation.time";
      expect([refused.status, await refused.text()]).toEqual([502, expect.stringContaining(limit) as string]);
      expect(new Set(meanwhile)).toEqual(new Set([200]));
      expect(await (await get("/acme/one/files/1.0.0")).text()).toBe(FILE);
      expect((await get("/acme/one")).status).toBe(200);
    },
    TIMEOUT,
  );

test(
  "a mirror holds the rest, and says what failed",
  async () => {
    const mirrored = await proxy.run(["mirror", "pkg:acme/in-parse@1.0.0", "pkg:acme/one@1.0.0"], 50);
    expect(mirrored.code).toBe(1);
    expect(mirrored.stdout).toContain("isolation.time");
    expect(mirrored.stdout).toContain("1 failed");
  },
  TIMEOUT,
);

test(
  "a server that is told to stop while a plugin loops stops",
  async () => {
    void get("/acme/in-parse").catch(() => {});
    await Bun.sleep(200);
    expect(await proxy.stop()).toBe(0);
  },
  TIMEOUT,
);
