/**
 * What a mirror with dependencies fetches of real graphs, beside what the real client takes of them: both of the same registry. Then
 * a clean client installs it with nothing to dial. The graphs are those of lockfiles of public projects, names, versions and ranges;
 * of versions that a lockfile names and does not choose, what they require is not known. docs/what-is-fetched.md has the numbers.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { makeGem } from "../support/registries/gem.ts";
import { makeNuget } from "../support/registries/nuget.ts";
import { purlOf, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import type { Tree } from "../support/tree.ts";

type Graph = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

interface Case {
  client: string;
  graph: string;
  root: string;
  version: string;
  artifact: RegExp;
  make: (packages: Parameters<typeof makeGem>[0], base: string) => Tree;
  /** Files that are fetched, and of these those that the client took. */
  files: [mirror: number, client: number];
  /** Driven only with `FETCHED=all`: it takes long, and shows what the others do. */
  isLong?: boolean;
}

const gems = {
  client: "bundler",
  graph: "gem/graphs/rails.json",
  artifact: /[.]gem$/,
  make: (packages: Parameters<typeof makeGem>[0]) => makeGem(packages),
};
const nuget = { client: "dotnet", graph: "nuget/graphs/azure-functions.json", artifact: /[.]nupkg$/, make: makeNuget };

const CASES: readonly Case[] = [
  { ...gems, root: "rails", version: "8.1.3", files: [67, 67], isLong: true },
  { ...gems, root: "capybara", version: "3.40.0", files: [12, 12] },
  { ...nuget, root: "microsoft.azure.webjobs", version: "3.0.41", files: [53, 47] },
  { ...nuget, root: "microsoft.data.sqlclient", version: "5.2.2", files: [52, 47], isLong: true },
];

for (const { client: name, graph, root, version, artifact, make, files, isLong = false } of CASES) {
  const client = clients.find((each) => each.name === name)!;
  test.skipIf(client.unavailable() !== undefined || (isLong && process.env.FETCHED !== "all"))(
    `${root} ${version}: what ${name} takes, and what is mirrored for it`,
    async () => {
      const listed = (await Bun.file(join(import.meta.dir, "../fixtures", graph)).json()) as Graph;
      const packages = Object.entries(listed).map(([each, versions]) => ({
        name: each,
        versions: Object.fromEntries(Object.entries(versions).map(([of, dependencies]) => [of, { dependencies }])),
      }));
      const registry = (base: string) => make(packages, base);
      const stage = await setStage(client, { registry, packages: { [root]: version } });
      const asked = () => [
        ...new Set(
          stage.upstream.requests.flatMap(({ path, method }) =>
            method === "GET" && artifact.test(path) ? [path] : [],
          ),
        ),
      ];
      expect(outcome(await stage.install(stage.registry, "direct"))).toBe("installed");
      const taken = asked();
      stage.upstream.forget();
      const mirroring = await stage.serve("store");
      const purl = purlOf(client, root, version);
      const planned = await mirroring.run(["mirror", "--deps", "--dry-run", "--json", purl]);
      expect([planned.code, asked()]).toEqual([0, []]);
      const mirrored = await mirroring.run(["mirror", "--deps", purl]);
      expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining(" 0 failed") as string]);
      const fetched = asked();
      expect([fetched.length, taken.length]).toEqual(files);
      await mirroring.stop();
      await stage.upstream.down();
      const offline = await stage.serve("store", { offline: true });
      expect(outcome(await stage.install(offline, "unplugged"))).toBe("installed");
    },
    TIMEOUT,
  );
}
