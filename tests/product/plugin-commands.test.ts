/** The executable alone is what an author needs: it writes a plugin, records samples for it, and says which laws hold. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EXECUTABLE, type ProxyOptions, runProxy, startProxy } from "../support/proxy.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { json } from "../support/tree.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const ROOT = join(import.meta.dir, "../..");
const FILE = "bytes";
const sha256 = new Bun.CryptoHasher("sha256").update(FILE).digest("hex");

let folder: TemporaryFolder;
let upstream: Upstream;
let options: ProxyOptions;
const proxy = (...args: string[]) => runProxy(options, args);
const read = (path: string) => Bun.file(join(folder.path, path)).text();

beforeAll(async () => {
  folder = await temporaryFolder();
  upstream = await startUpstream();
  options = { dir: folder.path, executable: EXECUTABLE, config: { allow_private: ["127.0.0.0/8"] } };
  const release = (version: string) => ({ version, sha256, published: "2024-01-02T03:04:05Z" });
  upstream.mount("/r", () => new Map());
  upstream.set(
    "/r/tool",
    json({
      name: "tool",
      home: `${upstream.url}/r/tool`,
      author: "jane@corp.test",
      mirror: "https://user:word@cdn.corp.test/tool?token=secret",
      releases: Array.from({ length: 40 }, (_, i) => release(`1.${i}.0`)),
    }),
  );
  upstream.set("/r/tool/1.39.0", { body: FILE });
});
afterAll(async () => {
  await upstream.close();
  await folder.remove();
});

const built = test.skipIf(!existsSync(EXECUTABLE));

built(
  "what plugin new writes type-checks without a network, passes plugin check, and serves",
  async () => {
    const made = await proxy("plugin", "new", "my-hub", "--dir", "own");
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining("Wrote own/my-hub.ts") as string]);
    const compiler = Bun.spawnSync([join(ROOT, "node_modules/.bin/tsc"), "-p", "."], { cwd: join(folder.path, "own") });
    expect([compiler.exitCode, compiler.stdout.toString()]).toEqual([0, ""]);
    const checked = await proxy("plugin", "check", "own/my-hub.ts");
    expect([checked.code, checked.stdout]).toEqual([
      0,
      expect.stringMatching(/\n(\d+) laws hold, 0 do not\n$/) as string,
    ]);

    const config = { mounts: { "my-hub": { ecosystem: "my-hub", upstreams: { default: `${upstream.url}/r` } } } };
    const server = await startProxy({ ...options, config, args: ["--plugins", "own"] });
    expect(await (await fetch(`${server.url}/my-hub/tool/1.39.0`)).text()).toBe(FILE);
    await server.stop();

    const again = await proxy("plugin", "new", "my-hub", "--dir", "own");
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("my-hub.ts exists already") as string]);
    expect((await proxy("plugin", "new", "My Hub")).code).toBe(2);
    for (const taken of ["npm", "deb", "go"])
      expect(await proxy("plugin", "new", taken)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`"${taken}" is taken by the ecosystem `) as string,
      });
  },
  TIMEOUT,
);

built(
  "plugin record makes a short sample without addresses and names, which plugin check then uses",
  async () => {
    await proxy("plugin", "new", "rec", "--dir", "rec");
    const recorded = await proxy("plugin", "record", "rec/rec.ts", "/tool", "--upstream", `${upstream.url}/r`);
    expect([recorded.code, recorded.stderr]).toEqual([0, recorded.stderr]);
    const sample = JSON.parse(await read("rec/fixtures/rec/tool.json")) as Record<string, unknown>;
    expect(sample).toMatchObject({
      home: "https://rec.example/tool",
      author: "someone@mail.example",
      mirror: "https://elsewhere.example/tool",
    });
    expect(sample["releases"]).toBeArrayOfSize(6);
    expect(await read("rec/fixtures/rec/README.md")).toMatch(
      /- tool\.json: http:\/\/127\.0\.0\.1:\d+\/r\/tool, \d{4}-\d\d-\d\d, \$\.releases from 40 to 6 cut\n$/,
    );
    expect(JSON.parse(await read("rec/rec.cases.json"))).toMatchObject({
      samples: [{ path: "/example" }, { path: "/tool", file: "fixtures/rec/tool.json", mediaType: "application/json" }],
    });
    expect((await proxy("plugin", "check", "rec/rec.ts")).stdout).toContain("ok    /tool application/json: cut off, ");
    const nowhere = await proxy("plugin", "record", "rec/rec.ts", "/none", "--upstream", `${upstream.url}/r`);
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining("answered 404") as string]);
  },
  TIMEOUT,
);

const faults: readonly [what: string, from: string, to: string, law: RegExp, reason: RegExp][] = [
  [
    "shows what is withheld",
    "view.admits({ name, version }, fileOf(name, version))",
    "view !== undefined",
    /FAIL {2}\/example, rewritten: a withheld release is nowhere/,
    /with all withheld, the releases that clients see: expected \[\], found/,
  ],
  [
    "reads an error page as a document",
    "const found = doc.json<Partial<Index>>();",
    'let found: Partial<Index> = { name: "example", releases: [] };\n  try { found = doc.json(); } catch {}',
    /FAIL {2}\/example: an error page in its place throws/,
    /a page of HTML was read as if it were the document/,
  ],
  [
    "names a file that has no route",
    "path: fileOf(name, version)",
    'path: fileOf("x/y", version)',
    /FAIL {2}\/example: what it names has a route/,
    /\/x\/y\/1\.0\.0 has no route/,
  ],
  [
    "has an order with circles",
    "compare: compareSemver",
    "compare: () => 1",
    /FAIL {2}the order of versions is total/,
    /compare of one with itself: expected 0, found 1/,
  ],
  [
    "states other releases for other paths",
    "release: ({ name, version })",
    "release: ({ version: name, name: version })",
    /FAIL {2}GET \/example\/1\.1\.0 is artifact/,
    /its release: expected \{ name: "example", version: "1\.1\.0", \}, found/,
  ],
];

built(
  "plugin check names the law that does not hold, and where",
  async () => {
    await proxy("plugin", "new", "bad", "--dir", "bad");
    const good = await read("bad/bad.ts");
    for (const [what, from, to, law, reason] of faults) {
      expect([what, good]).toEqual([what, expect.stringContaining(from) as string]);
      await Bun.write(join(folder.path, "bad/bad.ts"), good.replace(from, to));
      const { code, stdout } = await proxy("plugin", "check", "bad/bad.ts");
      expect([what, code, stdout]).toEqual([what, 1, expect.stringMatching(law) as string]);
      expect(stdout).toMatch(reason);
    }
    await Bun.write(join(folder.path, "bad/bad.ts"), "export const x = fetch('/');\n");
    const refused = await proxy("plugin", "check", "bad/bad.ts");
    expect([refused.code, refused.stdout]).toEqual([
      1,
      expect.stringMatching(/^FAIL {2}.*bad\.ts:1: names fetch\(/) as string,
    ]);
    await Bun.write(join(folder.path, "bad/bad.ts"), good);
    await Bun.write(join(folder.path, "bad/fixtures/bad/example.json"), Bun.gzipSync("{}"));
    const packed = await proxy("plugin", "check", "bad/bad.ts");
    expect([packed.code, packed.stdout]).toEqual([1, expect.stringContaining("FAIL  the samples are read") as string]);
  },
  TIMEOUT,
);
