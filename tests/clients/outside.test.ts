/**
 * Ecosystems that are not built in, as their authors would have them: plugin files, the executable and the real client, with
 * nothing of this repository between them.
 */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type InstallOptions, outcome, type Result } from "../support/clients/client.ts";
import { missingProgram, prepare, run } from "../support/clients/run.ts";
import { wrongBytes } from "../support/faults.ts";
import { runProxy, startProxy } from "../support/proxy.ts";
import { makeCpan } from "../support/registries/cpan.ts";
import { makeLuarocks } from "../support/registries/luarocks.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import type { Content } from "../support/tree.ts";
import { startUpstream } from "../support/upstream.ts";

const PLUGINS = join(import.meta.dir, "../plugins/outside");

interface Outside {
  id: string;
  missing: string | undefined;
  registry: Map<string, Content>;
  /** What is installed, and what is mirrored for it. */
  package: string;
  purl: string;
  /** A release that only one of the documents of its index lists, with its date. */
  earlier?: string;
  /** Files that stand in the project then. */
  installed: readonly string[];
  /** Which of the registry's files are refused when their bytes are wrong; absent where it promises none. */
  promised?: RegExp;
  install(options: InstallOptions): Promise<Result>;
}

const outside: readonly Outside[] = [
  {
    id: "luarocks",
    missing: missingProgram("luarocks") ?? missingProgram("unzip"),
    registry: makeLuarocks([
      { name: "fx-upper", versions: { "1.0-1": { dependencies: { "fx-lower": "~> 1.1" } } } },
      { name: "fx-lower", versions: { "1.0-1": {}, "1.1-2": {}, "2.0-1": {} } },
    ]),
    package: "fx-upper",
    purl: "pkg:luarocks/fx-upper@1.0-1",
    installed: [
      "rocks/share/lua/5.1/fx-upper.lua",
      "rocks/lib/luarocks/rocks-5.1/fx-lower/1.1-2/fx-lower-1.1-2.rockspec",
    ],
    async install(options) {
      await prepare(options, "rocks");
      const server = ["--lua-version", "5.1", "--only-server", options.url, "--tree", join(options.dir, "rocks")];
      return run(options, {}, ["luarocks", "install", ...server, Object.keys(options.packages)[0]!]);
    },
  },
  {
    id: "cpan",
    missing: missingProgram("cpanm") ?? missingProgram("make"),
    registry: makeCpan([
      { name: "Fx::Upper", versions: { "1.02": { dependencies: { "Fx::Lower": "1.1" } } } },
      { name: "Fx::Lower", versions: { "1.10": {}, "1.20": {} } },
    ]),
    package: "Fx::Upper",
    purl: "pkg:cpan/Fx-Upper@1.02",
    earlier: "pkg:cpan/JANE/Fx-Lower@1.10",
    installed: ["perl/lib/perl5/Fx/Upper.pm", "perl/lib/perl5/Fx/Lower.pm"],
    promised: /Fx-Lower-1\.20\.tar\.gz$/,
    async install(options) {
      await prepare(options, "perl");
      const from = ["--mirror", options.url, "--mirror-only", "--notest", "-l", join(options.dir, "perl")];
      return run(options, {}, ["cpanm", ...from, Object.keys(options.packages)[0]!]);
    },
  },
];

for (const { id, missing, registry, package: name, purl, earlier, installed, promised, install } of outside) {
  const plugin = join(PLUGINS, `${id}.ts`);

  test(`${id}: every law of the conformance kit holds`, async () => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await runProxy({ dir: folder.path, config: {} }, ["plugin", "check", plugin]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(" laws hold, 0 do not") as string]);
    // Of a release the specification comes first, and the rock is what is withheld.
    expect(stdout.includes("rewritten: a withheld file is nowhere")).toBe(id === "luarocks");
  });

  if (missing !== undefined) console.log(`skipped: ${id}, because ${missing}`);
  test.skipIf(missing !== undefined)(
    `${id}: its client installs through the proxy, and from a mirror with nothing to dial${promised ? "; wrong bytes reach nobody" : ""}`,
    async () => {
      await using folder = await temporaryFolder();
      const upstream = await startUpstream();
      upstream.mount("/up", () => registry);
      const config = {
        plugins: [plugin],
        mounts: { [id]: { ecosystem: id, upstreams: { default: `${upstream.url}/up` } } },
      };
      const at = (store: string) => ({ dir: join(folder.path, store), config });
      const installFrom = (url: string, project: string) =>
        install({ dir: join(folder.path, project), url: `${url}/${id}`, packages: { [name]: "" } });
      const missingIn = (project: string) => installed.filter((file) => !existsSync(join(folder.path, project, file)));

      const online = await startProxy(at("online"));
      expect(outcome(await installFrom(online.url, "first"))).toBe("installed");
      expect(missingIn("first")).toEqual([]);
      await online.stop();

      const mirrored = await runProxy(at("mirror"), ["mirror", "--deps", purl]);
      expect([mirrored.code, mirrored.stderr + mirrored.stdout]).toEqual([
        0,
        expect.stringContaining("0 failed") as string,
      ]);
      if (earlier) {
        expect((await runProxy(at("mirror"), ["mirror", earlier])).code).toBe(0);
        expect((await runProxy(at("mirror"), ["why", earlier])).stdout).toMatch(
          /admitted: .*published 2024-01-02.*\n {2}held: \/.*\n {2}mirrored: for /,
        );
      }
      await upstream.down();
      const offline = await startProxy({ ...at("mirror"), offline: true });
      expect(outcome(await installFrom(offline.url, "unplugged"))).toBe("installed");
      expect(missingIn("unplugged")).toEqual([]);
      await offline.stop();

      await upstream.up();
      if (promised) {
        upstream.fault(promised, wrongBytes());
        const suspicious = await startProxy(at("suspicious"));
        expect((await installFrom(suspicious.url, "refused")).code).not.toBe(0);
        expect(missingIn("refused")).not.toEqual([]);
        await suspicious.stop();
      }
      await upstream.close();
    },
    TIMEOUT,
  );
}
