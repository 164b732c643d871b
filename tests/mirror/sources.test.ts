/** What a mirror takes from SBOMs, lockfiles and lists: exactly the files that these state, or a reason. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type ProxyOptions, runProxy } from "../support/proxy.ts";
import { makeNpm, npmTarball } from "../support/registries/npm.ts";
import { base64, hex } from "../support/registries/package.ts";
import { makePypi } from "../support/registries/pypi.ts";
import { filesOf } from "../support/registries/pypi-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { startUpstream } from "../support/upstream.ts";

const TOOL = { name: "tool", versions: { "1.0.0": {}, "2.0.0": { manifest: { scripts: { install: "true" } } } } };
const NATIVE = ["linux", "darwin"].map((os) => ({
  name: `native-${os}`,
  versions: { "1.0.0": { manifest: { os: [os], cpu: ["x64"] } } },
}));
const PYTHON = { name: "tool", versions: { "1.0": { files: ["wheel", "sdist"] as const } } };

async function setUp() {
  const folder = await temporaryFolder();
  const upstream = await startUpstream();
  const npm = upstream.mount("/npm", (base) => makeNpm([TOOL, ...NATIVE], base));
  const pypi = upstream.mount("/pypi", (base) => makePypi([PYTHON], base));
  const mount = (ecosystem: string, url: string) => ({ ecosystem, upstreams: { default: url } });
  const mounts = { npm: mount("npm", npm), pypi: mount("pypi", pypi) };
  const options: ProxyOptions = { dir: folder.path, config: { mounts } };
  return {
    upstream,
    dir: folder.path,
    mounts,
    write: async (name: string, content: string | Uint8Array | object) => {
      const file = join(folder.path, name);
      const isRaw = typeof content === "string" || content instanceof Uint8Array;
      await Bun.write(file, isRaw ? content : JSON.stringify(content));
      return file;
    },
    run: async (...args: string[]) => {
      const { code, stdout, stderr } = await runProxy(options, args);
      return {
        code,
        stdout,
        stderr,
        json: args.includes("--json") && stdout ? (JSON.parse(stdout) as Result) : undefined,
      };
    },
    [Symbol.asyncDispose]: async () => {
      await upstream.close();
      await folder.remove();
    },
  };
}

interface Result {
  job?: string;
  completed: number;
  skipped: number;
  failed: number;
  failures: { purl: string; path?: string; reason: string }[];
  foreign: string[];
  asides: string[];
  left_out: string[];
  planned?: { path: string }[];
}

const component = (purl: string, alg: string, content: string) => ({
  type: "library",
  name: purl,
  purl,
  hashes: [{ alg, content }],
});
const bom = (...components: object[]) => ({ bomFormat: "CycloneDX", specVersion: "1.5", components });

test(
  "a lockfile's files are held when they have its digests; one that the index states otherwise is a failure that names both",
  async () => {
    await using all = await setUp();
    const integrity = `sha512-${base64("sha512", npmTarball(TOOL, "1.0.0"))}`;
    const entry = { version: "1.0.0", resolved: `${all.upstream.url}/npm/tool/-/tool-1.0.0.tgz`, integrity };
    const lock = (packages: object) => ({
      name: "p",
      lockfileVersion: 3,
      packages: { "": { name: "p" }, ...packages },
    });
    const right = await all.write("package-lock.json", lock({ "node_modules/tool": entry }));
    const held = await all.run("mirror", "--json", "--lockfile", right);
    expect([held.code, held.json]).toEqual([
      0,
      expect.objectContaining({
        failed: 0,
        foreign: [],
        asides: [expect.stringContaining("is the project itself")],
      }) as Result,
    ]);
    const other = { ...entry, integrity: `sha512-${base64("sha512", "other")}` };
    const wrong = await all.write("other/package-lock.json", lock({ "node_modules/tool": other }));
    const refused = await all.run("mirror", "--json", "--lockfile", wrong);
    expect(refused.code).toBe(1);
    expect(refused.json!.failures).toEqual([
      {
        purl: "pkg:npm/tool@1.0.0",
        reason: expect.stringContaining(`expected sha512:${hex("sha512", "other")}, found sha512:`) as string,
      },
    ]);
    const proven = await all.run("verify", "--lockfile", right);
    expect(proven.code).toBe(0);
    expect((await all.run("verify", "--lockfile", wrong)).code).toBe(1);
  },
  TIMEOUT,
);

test(
  "each entry of a lockfile is asked of the registry that it is from, and of no other",
  async () => {
    await using all = await setUp();
    const own = { name: "@acme/ui", versions: { "1.0.0": {} } };
    const internal = all.upstream.mount("/internal", (base) => makeNpm([own], base));
    const address = "http://localhost:8431/npm-internal/@acme/ui/-/ui-1.0.0.tgz";
    const mounts = { ...all.mounts, "npm-internal": { ecosystem: "npm", upstreams: { default: internal } } };
    const packages = {
      "node_modules/tool": { version: "1.0.0", resolved: `${all.upstream.url}/npm/tool/-/tool-1.0.0.tgz` },
      "node_modules/@acme/ui": { version: "1.0.0", resolved: address },
      "node_modules/@else/x": { version: "1.0.0", resolved: "https://npm.else.example/@else/x/-/x-1.0.0.tgz" },
    };
    const file = await all.write("package-lock.json", { lockfileVersion: 3, packages });
    for (const flags of [[], ["--mount", "npm-internal"]]) {
      const args = ["mirror", "--json", "--dry-run", "--lockfile", file, ...flags];
      const { code, stdout } = await runProxy({ dir: all.dir, config: { listen: "127.0.0.1:8431", mounts } }, args);
      const { planned, foreign } = JSON.parse(stdout) as {
        planned: { mount: string; path: string }[];
        foreign: string[];
      };
      expect(code).toBe(0);
      expect(planned.map(({ mount, path }) => `/${mount}${path}`).toSorted()).toEqual([
        "/npm-internal/@acme/ui/-/ui-1.0.0.tgz",
        "/npm/tool/-/tool-1.0.0.tgz",
      ]);
      expect(foreign).toEqual([
        `pkg:npm/@else/x@1.0.0 is from https://npm.else.example/@else/x/-/x-1.0.0.tgz, which no mount here has (package-lock.json: packages["node_modules/@else/x"])`,
      ]);
    }
    expect(all.upstream.count(/^\/npm\/(?:@|%40)/)).toBe(0);
    expect(all.upstream.count(/^\/internal\/tool/)).toBe(0);
  },
  TIMEOUT,
);

test(
  "of the files of a Python release those that a lockfile lists, with what describes them",
  async () => {
    await using all = await setUp();
    const [wheel, sdist] = ["wheel", "sdist"].map((kind) => filesOf(PYTHON).find((file) => file.kind === kind)!);
    const only = (file: typeof wheel) => `tool==1.0 --hash=sha256:${hex("sha256", file!.bytes)}\n`;
    const plan = async (name: string, text: string) => {
      const { json } = await all.run("mirror", "--dry-run", "--json", "--lockfile", await all.write(name, text));
      return json!.planned!.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
    };
    expect(await plan("a/requirements.txt", only(wheel))).toEqual([wheel!.filename, `${wheel!.filename}.metadata`]);
    expect(await plan("b/requirements.txt", only(sdist))).toEqual([sdist!.filename]);
    expect((await plan("c/requirements.txt", "tool==1.0\n")).length).toBe(3);
  },
  TIMEOUT,
);

test(
  "digests of an SBOM that the index does not state are compared with the bytes",
  async () => {
    await using all = await setUp();
    const sha256 = hex("sha256", npmTarball(TOOL, "1.0.0"));
    const right = await all.write("bom.json", bom(component("pkg:npm/tool@1.0.0", "SHA-256", sha256)));
    const wrong = await all.write("bad.json", bom(component("pkg:npm/tool@1.0.0", "SHA-256", hex("sha256", "other"))));
    expect((await all.run("mirror", "--sbom", right)).code).toBe(0);
    const refused = await all.run("mirror", "--json", "--sbom", wrong);
    expect([refused.code, refused.json!.failures[0]!.reason]).toEqual([
      1,
      expect.stringContaining(`expected sha256:${hex("sha256", "other")}, found sha256:${sha256}`) as string,
    ]);
    // Held whole for an earlier job, and not with these digests.
    expect((await all.run("mirror", "--sbom", wrong)).code).toBe(1);
    all.upstream.forget();
    expect((await all.run("mirror", "--sbom", right)).code).toBe(0);
    expect(all.upstream.requests).toEqual([]);
  },
  TIMEOUT,
);

test(
  "platforms, sources and sizes leave out; what is narrow first is whole later",
  async () => {
    await using all = await setUp();
    const narrow = ["--platform", "linux-x64", "--no-sources"];
    const purls = ["pkg:npm/native-linux@1.0.0", "pkg:npm/native-darwin@1.0.0", "pkg:pypi/tool@1.0"];
    const first = await all.run("mirror", "--json", ...narrow, ...purls);
    expect([first.code, first.json!.left_out]).toEqual([
      0,
      ["pkg:npm/native-darwin@1.0.0: nothing of it is of use on the chosen platforms"],
    ]);
    expect(all.upstream.count(/native-darwin-1\.0\.0\.tgz$|\.tar\.gz$/)).toBe(0);
    expect((await all.run("verify", "--deps=none", ...narrow, ...purls)).code).toBe(0);
    expect((await all.run("verify", "--deps=none", ...purls)).code).toBe(1);
    const later = await all.run("mirror", "--json", ...purls);
    expect([later.code, later.json!.left_out]).toEqual([0, []]);
    expect(all.upstream.count(/native-darwin-1\.0\.0\.tgz$|\.tar\.gz$/)).toBe(2);
    all.upstream.forget();
    expect((await all.run("mirror", "--json", ...narrow, ...purls)).json).toMatchObject({ completed: 0, failed: 0 });
    expect(all.upstream.requests).toEqual([]);
    const small = await all.run("mirror", "--dry-run", "--json", "--max-size", "1", "pkg:pypi/tool@1.0");
    expect(small.json!.left_out).toEqual([
      "pkg:pypi/tool@1.0: its files are larger than the greatest size that was asked for",
    ]);
    const unknown = await all.run("mirror", "--platform", "amiga", "pkg:npm/tool");
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('"amiga" is no platform') as string]);
  },
  TIMEOUT,
);

test(
  "what is wrong with sources is told at once, with its place, and leaves nothing behind",
  async () => {
    await using all = await setUp();
    const list = await all.write("purls.txt", "# ours\npkg:npm/tool@1.0.0 # why\n\npkg:nope/a\nnonsense\n");
    const lines = await all.run("mirror", "--purls", list);
    expect(lines.code).toBe(2);
    expect(lines.stderr).toMatch(
      /purls\.txt: line 4: pkg:nope\/a: no ecosystem serves.*\npurls\.txt: line 5: "nonsense" is not/,
    );
    const whole = JSON.stringify(bom(component("pkg:npm/tool@1.0.0", "SHA-1", "0".repeat(40))));
    const cut = await all.write("cut.json", whole.slice(0, -20));
    const broken = await all.run("mirror", "--sbom", cut, "pkg:npm/tool@2.0.0");
    expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining("cut.json") as string]);
    expect((await all.run("mirror", "--lockfile", await all.write("x.lock", "?"))).code).toBe(2);
    expect((await all.run("mirror", "--sbom", "absent.json")).stderr).toContain("there is no file absent.json");
    expect((await all.run("mirror", "--set", "nobody")).stderr).toContain("there is no set nobody");
    for (const verb of ["mirror", "verify"])
      expect(await all.run(verb, "--mount", "npn", "pkg:npm/tool")).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/--mount npn: there is no such mount; expected .*\bnpm, .*pypi\n$/) as string,
      });
    expect((await all.run("mirror")).stderr).toContain(
      "expected something to mirror: at least one of a package URL such as pkg:npm/lodash@4.17.21, --purls",
    );
    for (const flag of ["--purls", "--sbom", "--lockfile"])
      expect(await all.run("mirror", flag, import.meta.dir)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^proxy: .*\/mirror cannot be read: EISDIR[^\n]*\n$/) as string,
      });
    const encoded = await all.write("latin.txt", Buffer.from("pkg:npm/tool@1.0.0\n# caf\u00e9\n", "latin1"));
    expect(await all.run("mirror", "--purls", encoded)).toMatchObject({
      code: 2,
      stderr: "proxy: latin.txt: line 2: this is no UTF-8 text\n",
    });
    expect(await all.run("mirror", "--purls", "-", "--sbom", "-")).toMatchObject({
      code: 2,
      stderr: "proxy: standard input (-) is named more than once, and can be read only once\n",
    });
    expect(await all.run("mirror", "--purls", await all.write("none.txt", "# none\n\n"))).toMatchObject({
      code: 2,
      stderr: "proxy: none.txt names nothing; expected package URLs, one a line\n",
    });
    expect((await all.run("jobs")).stdout).toBe("there are no mirror jobs\n");
    expect(all.upstream.requests).toEqual([]);
  },
  TIMEOUT,
);

test(
  "what comes with a toolchain is listed, and nothing is asked for it",
  async () => {
    await using all = await setUp();
    const purls = ["pkg:golang/stdlib@1.21.0", "pkg:golang/std@go1.21"];
    const file = await all.write("bom.json", bom(...purls.map((purl) => ({ type: "library", name: purl, purl }))));
    const run = await all.run("mirror", "--json", "--sbom", file);
    expect([run.code, run.json!.asides]).toEqual([
      0,
      [
        "stdlib comes with the Go toolchain (bom.json: components[0])",
        "std comes with the Go toolchain (bom.json: components[1])",
      ],
    ]);
  },
  TIMEOUT,
);

test(
  "several sources at once: what is named twice is held once, what no registry here has is listed",
  async () => {
    await using all = await setUp();
    const one = await all.write(
      "one.json",
      bom({ type: "library", name: "bare" }, { ...component("pkg:swift/acme.example/x@1", "MD5", "0".repeat(32)) }),
    );
    const list = await all.write("purls.txt", "pkg:npm/tool@1.0.0\npkg:npm/tool@1.0.0");
    const run = await all.run(
      "mirror",
      "--json",
      "--sbom",
      one,
      "--purls",
      list,
      "pkg:npm/tool@1.0.0",
      "pkg:npm/tool@2.0.0",
    );
    expect([run.code, run.json]).toEqual([
      0,
      expect.objectContaining({
        foreign: [
          expect.stringMatching(/^bare has no package URL \(/),
          expect.stringMatching(/^pkg:swift\/acme.example\/x no ecosystem serves the type "swift" \(/),
        ],
      }) as Result,
    ]);
    expect(all.upstream.count(/tool-1\.0\.0\.tgz$/)).toBe(1);
    const strict = await all.run("verify", "--strict", "pkg:npm/tool@2.0.0");
    expect([strict.code, strict.stdout]).toEqual([
      1,
      expect.stringMatching(/pkg:npm\/tool@2\.0\.0: .*install script/) as string,
    ]);
    expect((await all.run("verify", "pkg:npm/tool@2.0.0")).code).toBe(0);
    expect((await all.run("verify", "--strict", "pkg:npm/tool@1.0.0")).code).toBe(0);
  },
  TIMEOUT,
);
