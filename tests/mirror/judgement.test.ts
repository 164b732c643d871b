/** What is chosen of a release, and that a check judges by the same choice as the mirror and the dry run before it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { hashH1 } from "../../src/cache/integrity/h1.ts";
import { runProxy } from "../support/proxy.ts";
import { makeGem } from "../support/registries/gem.ts";
import { makeGolang, moduleZip } from "../support/registries/golang.ts";
import { hex } from "../support/registries/package.ts";
import { makePypi } from "../support/registries/pypi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type Content, text } from "../support/tree.ts";
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
  const apt = upstream.mount("/apt", makeApt);
  const options = { suites: ["trixie"], components: ["main"], architectures: ["amd64"], extras: [], languages: [] };
  const debian = { ...mount("debian", apt), options };
  const mounts = { debian, go: mount("golang", go), pypi: mount("pypi", pypi), gem: mount("gem", gem) };
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

/** One package of one suite, unsigned. */
function makeApt(): Map<string, Content> {
  const deb = "!<arch>\nfake";
  const lines = ["Package: hello", "Version: 1:2.10-5", "Architecture: amd64", "Filename: pool/hello_2.10-5_amd64.deb"];
  const packages = [...lines, `Size: ${deb.length}`, `SHA256: ${hex("sha256", deb)}`, "", ""].join("\n");
  const listed = ` ${hex("sha256", packages)} ${packages.length} main/binary-amd64/Packages\n`;
  const release = `Suite: stable\nDate: Mon, 30 Nov 2026 10:00:00 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n${listed}`;
  const signed = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${release}-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n`;
  return new Map([
    ["/dists/trixie/InRelease", text(signed)],
    ["/dists/trixie/Release", text(release)],
    ["/dists/trixie/Release.gpg", text("-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n")],
    ["/dists/trixie/main/binary-amd64/Packages", text(packages)],
    ["/pool/hello_2.10-5_amd64.deb", text(deb)],
  ]);
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
  "a dry run of a signed suite of which nothing is held plans what the run fetches, and keeps nothing",
  async () => {
    await using all = await setUp();
    const purl = "pkg:deb/debian/hello@2.10-5?arch=amd64&epoch=1&distro=debian-13";
    expect(await all.planned(purl)).toEqual({ code: 0, files: ["/pool/hello_2.10-5_amd64.deb"], reasons: [] });
    expect((await all.run("stats")).stderr).toContain("there is no database");
    expect(await all.run("mirror", purl)).toMatchObject({ code: 0 });
    expect((await all.run("mirror", "--dry-run", purl)).stdout).toContain("0 files to fetch, 1 held");
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
      for (const { code, stdout } of await Promise.all(["mirror", "verify"].map((verb) => all.run(verb, purl)))) {
        expect([purl, code]).toEqual([purl, 1]);
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

test(
  "a check of chosen files names those whose digest nothing states, whatever names them; what a lockfile states is verified",
  async () => {
    await using all = await setUp();
    const purl = "pkg:golang/fx.example/lib@v1.0.0";
    const h1 = await h1Of(moduleZip(LIB, "v1.0.0"));
    const sums = await all.write("go.sum", `fx.example/lib v1.0.0 ${h1}\n`);
    const sbom = await all.write("bom.json", bom(purl));
    expect(await all.run("mirror", purl, "pkg:pypi/tool@1.0")).toMatchObject({ code: 0 });
    const checked = async (...args: string[]) => {
      const { code, stdout } = await all.run("verify", "--json", ...args);
      const found = JSON.parse(stdout) as { unverified: number; unverified_files: { purl: string; path: string }[] };
      expect(found.unverified).toBe(found.unverified_files.length);
      return [code, found.unverified_files.map((each) => `${each.purl} ${each.path.split("/@v/")[1]}`).toSorted()];
    };
    const zip = `${purl} v1.0.0.zip`;
    expect(await checked(purl)).toEqual([0, [zip]]);
    expect(await checked("--sbom", sbom)).toEqual([0, [zip]]);
    expect(await checked("--lockfile", sums)).toEqual([0, []]);
    expect(await checked("pkg:pypi/tool@1.0")).toEqual([0, []]);
    const { stdout } = await all.run("verify", purl);
    expect(stdout).toContain(", 1 unverified: nothing states their digest\n");
    expect(stdout).toContain(`  unverified: ${purl} /go/fx.example/lib/@v/v1.0.0.zip\n`);
  },
  TIMEOUT,
);
