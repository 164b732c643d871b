/** What is chosen of a release, and that a check judges by the same choice as the mirror and the dry run before it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { hashH1 } from "../../src/cache/h1.ts";
import { runProxy } from "../support/proxy.ts";
import { makeGem } from "../support/registries/gem.ts";
import { makeGolang, moduleZip } from "../support/registries/golang.ts";
import { makePypi } from "../support/registries/pypi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startUpstream } from "../support/upstream.ts";

const TIMEOUT = 60_000;
const h1Of = async (bytes: Uint8Array<ArrayBuffer>) => `h1:${await hashH1("module", bytes)}`;
const LIB = { name: "fx.example/lib", versions: { "v1.0.0": {}, "v1.1.0": {} } };
const TOOL = { name: "tool", versions: { "1.0": { files: ["wheel", "sdist"] as const } } };
const NATIVE = { name: "native", versions: { "1.0": { platforms: ["java"] } } };

async function setUp() {
  const folder = await temporaryFolder();
  const upstream = await startUpstream();
  const go = upstream.mount("/go", () => makeGolang([LIB]));
  const pypi = upstream.mount("/pypi", (base) => makePypi([TOOL], base));
  const gem = upstream.mount("/gem", () => makeGem([NATIVE]));
  const mount = (ecosystem: string, url: string) => ({ ecosystem, upstreams: { default: url } });
  const mounts = { go: mount("golang", go), pypi: mount("pypi", pypi), gem: mount("gem", gem) };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProxy({ dir: folder.path, config: { mounts } }, args);
    return { code, stdout, stderr };
  };
  return {
    run,
    write: async (name: string, content: string) => {
      await Bun.write(join(folder.path, name), content);
      return join(folder.path, name);
    },
    planned: async (...args: string[]) => {
      const { code, stdout } = await run("mirror", "--dry-run", "--json", ...args);
      const { planned, failures } = JSON.parse(stdout) as {
        planned: { path: string }[];
        failures: { reason: string }[];
      };
      return { code, files: planned.map(({ path }) => path).toSorted(), reasons: failures.map(({ reason }) => reason) };
    },
    [Symbol.asyncDispose]: async () => {
      await upstream.close();
      await folder.remove();
    },
  };
}

const bom = (purl: string, hashes: object[] = []) =>
  JSON.stringify({
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    components: [{ type: "library", name: "x", purl, hashes }],
  });

test(
  "a go.sum line for go.mod alone: what was mirrored from it is found whole by the check of it",
  async () => {
    await using all = await setUp();
    const [zip, mod] = [
      await h1Of(moduleZip(LIB, "v1.1.0")),
      await h1Of(Buffer.from("module fx.example/lib\n\ngo 1.21\n\n")),
    ];
    const sums = await all.write("go.sum", `fx.example/lib v1.0.0/go.mod ${mod}\nfx.example/lib v1.1.0 ${zip}\n`);
    expect(await all.run("mirror", "--lockfile", sums)).toMatchObject({ code: 0 });
    expect(await all.run("verify", "--lockfile", sums)).toMatchObject({ code: 0 });
    // All of the version is another question.
    expect(await all.run("verify", "--deps=none", "pkg:golang/fx.example/lib@v1.0.0")).toMatchObject({ code: 1 });
  },
  TIMEOUT,
);

test(
  "type=module and type=package are the whole module, with the h1 sum that is stated as its SHA-256; other types are refused",
  async () => {
    await using all = await setUp();
    const { files } = await all.planned("pkg:golang/fx.example/lib@v1.0.0");
    expect(files.map((path) => path.slice(-4))).toEqual(["info", ".mod", ".zip"]);
    const h1 = (await h1Of(moduleZip(LIB, "v1.0.0"))).slice("h1:".length);
    const hash = { alg: "SHA-256", content: Buffer.from(h1, "base64").toString("hex") };
    for (const type of ["module", "package"]) {
      const purl = `pkg:golang/fx.example/lib@v1.0.0?goos=linux&goarch=amd64&type=${type}`;
      expect(await all.planned(purl)).toEqual({ code: 0, files, reasons: [] });
      const sbom = await all.write("bom.json", bom(purl, [hash]));
      expect(await all.planned("--sbom", sbom)).toEqual({ code: 0, files, reasons: [] });
    }
    const sbom = await all.write("bom.json", bom("pkg:golang/fx.example/lib@v1.0.0?type=module", [hash]));
    expect(await all.run("mirror", "--sbom", sbom)).toMatchObject({ code: 0 });
    expect(await all.run("verify", "--sbom", sbom)).toMatchObject({ code: 0 });
    expect(await all.planned("pkg:golang/fx.example/lib@v1.0.0?type=mod")).toMatchObject({
      code: 0,
      files: files.slice(0, 2),
    });
    expect(await all.planned("pkg:golang/fx.example/lib@v1.0.0?type=plugin")).toMatchObject({
      code: 1,
      reasons: [expect.stringContaining("has no file with type=plugin; it has mod, zip") as string],
    });
  },
  TIMEOUT,
);

test(
  "a value of a qualifier that no file has is a failure that names those that there are",
  async () => {
    await using all = await setUp();
    expect(await all.run("mirror", "pkg:pypi/tool@1.0")).toMatchObject({ code: 0 });
    const rows: [purl: string, reason: RegExp][] = [
      ["pkg:pypi/tool@1.0?file_name=nonexistent.whl", /has no file with file_name=nonexistent\.whl; it has tool-1\.0-/],
      ["pkg:pypi/tool?file_name=nonexistent.whl", /has no file with file_name=nonexistent\.whl/],
    ];
    for (const [purl, reason] of rows)
      for (const verb of ["mirror", "verify"]) {
        const { code, stdout } = await all.run(verb, purl);
        expect([verb, purl, code]).toEqual([verb, purl, 1]);
        expect(stdout).toMatch(reason);
      }
    const gems = (platform: string) => all.planned(`pkg:gem/native@1.0?platform=${platform}`);
    expect(await gems("solaris")).toMatchObject({
      code: 1,
      reasons: [expect.stringContaining("has no file with platform=solaris; it has ruby, java") as string],
    });
    expect((await gems("java")).files[0]).toBe("/gems/native-1.0-java.gem");
  },
  TIMEOUT,
);
