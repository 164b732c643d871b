/**
 * From one package URL to all that installing it takes: mirrored with dependencies, proven by `verify`, then installed by a
 * clean client with nothing to dial. Then something of it is taken away, and `verify` names it.
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { clients } from "../support/clients/all.ts";
import { outcome } from "../support/clients/client.ts";
import { projects, type SampleProject } from "../support/projects.ts";
import { makeCargo } from "../support/registries/cargo.ts";
import { makeGem } from "../support/registries/gem.ts";
import { makeGolang } from "../support/registries/golang.ts";
import { makeMaven } from "../support/registries/maven.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { makeNuget } from "../support/registries/nuget.ts";
import { makePypi } from "../support/registries/pypi.ts";
import { purlOf, setStage } from "../support/story.ts";
import { TIMEOUT } from "../support/time-limits.ts";
import { overlay } from "../support/tree.ts";

interface Diamond {
  registry: SampleProject["registry"];
  root: string;
  range: string;
  /** What has to be there, and a version of it that nothing of it may need. */
  deep: string;
  /** What it asks for beside what is installed. */
  fetched?: readonly RegExp[];
  /** What the mirror does not ask the registry for. */
  unfetched?: readonly RegExp[];
}

/** The root requires left and right, which require different ranges of deep: the newest of each does not fit the other. */
const DIAMONDS: Record<string, Diamond> = {
  npm: {
    root: "fx-root",
    range: "*",
    deep: "fx-deep",
    registry: (base) =>
      makeNpm(
        [
          {
            name: "fx-root",
            versions: {
              "1.0.0": {},
              "1.1.0": {
                dependencies: { "fx-left": "^1.0.0", "fx-other": "npm:fx-right@^2.0.0" },
                manifest: { optionalDependencies: { "fx-maybe": "^1.0.0" }, peerDependencies: { "fx-peer": "1.x" } },
              },
            },
          },
          { name: "fx-left", versions: { "1.2.0": { dependencies: { "fx-deep": "<2.0.0" } } } },
          { name: "fx-right", versions: { "2.0.0": { dependencies: { "fx-deep": ">=1.0.0" } } } },
          { name: "fx-deep", versions: { "0.9.0": {}, "1.0.0": {}, "1.9.0": {}, "3.0.0": {} } },
          { name: "fx-maybe", versions: { "1.0.0": {} } },
          { name: "fx-peer", versions: { "1.4.0": {}, "2.0.0": {} } },
        ],
        base,
      ),
  },
  pypi: {
    root: "fx-root",
    range: "",
    deep: "fx-deep",
    registry: (base) =>
      makePypi(
        [
          {
            name: "fx-root",
            versions: { "1.0": {}, "1.1": { dependencies: { "fx-left[extra]": "", "fx-right": ">=2" } } },
          },
          {
            name: "fx-left",
            versions: {
              "1.2": { dependencies: { "fx-deep": "<2", 'fx-more ; extra == "extra"': "" } },
              // Nobody can have it beside fx-right: clients go back to the one before.
              "1.3": { dependencies: { "fx-deep": "<1" } },
            },
          },
          { name: "fx-right", versions: { "2.0": { dependencies: { "fx-deep": ">=1,!=1.9" } } } },
          { name: "fx-deep", versions: { "0.9": {}, "1.0": {}, "1.5": {}, "1.9": {}, "3.0": {} } },
          { name: "fx-more", versions: { "1.0": {} } },
        ],
        base,
      ),
  },
  cargo: {
    root: "fx-root",
    range: "1",
    deep: "fx-deep",
    registry: (base) =>
      makeCargo(
        [
          { name: "fx-root", versions: { "1.1.0": { dependencies: { "fx-left": "1", "fx-right": "2" } } } },
          { name: "fx-left", versions: { "1.2.0": { dependencies: { "fx-deep": ">=1, <1.9" } } } },
          { name: "fx-right", versions: { "2.0.0": { dependencies: { "fx-deep": "1" } } } },
          { name: "fx-deep", versions: { "1.0.0": {}, "1.5.0": {}, "1.9.0": {}, "3.0.0": {} } },
        ],
        base,
      ),
  },
  nuget: {
    root: "fx.root",
    range: "1.*",
    deep: "fx.deep",
    registry: (base) =>
      makeNuget(
        [
          {
            name: "fx.root",
            versions: { "1.0.0": {}, "1.1.0": { dependencies: { "Fx.Left": "1.0", "fx.right": "[2.0, 3.0)" } } },
          },
          { name: "fx.left", versions: { "1.0.0": { dependencies: { "fx.deep": "[1.0, 3.0)" } }, "1.2.0": {} } },
          { name: "fx.right", versions: { "2.0.0": { dependencies: { "fx.deep": "1.5" } }, "2.5.0": {} } },
          { name: "fx.deep", versions: { "0.9.0": {}, "1.0.0": {}, "1.5.0": {}, "3.0.0": {} } },
        ],
        base,
      ),
  },
  golang: {
    root: "fx.example/root",
    range: "",
    deep: "fx.example/deep",
    registry: () =>
      makeGolang([
        {
          name: "fx.example/root",
          versions: { "v1.1.0": { dependencies: { "fx.example/left": "v1.2.0", "fx.example/right": "v1.0.0" } } },
        },
        { name: "fx.example/left", versions: { "v1.2.0": { dependencies: { "fx.example/deep": "v1.0.0" } } } },
        { name: "fx.example/right", versions: { "v1.0.0": { dependencies: { "fx.example/deep": "v1.5.0" } } } },
        { name: "fx.example/deep", versions: { "v1.0.0": {}, "v1.5.0": {}, "v1.9.0": {} } },
      ]),
  },
  gem: {
    root: "fx-root",
    range: "",
    deep: "fx-deep",
    registry: () =>
      makeGem([
        {
          name: "fx-root",
          versions: { "1.0.0": {}, "1.1.0": { dependencies: { "fx-left": "~> 1.0", "fx-right": ">= 2, < 3" } } },
        },
        {
          name: "fx-left",
          versions: {
            "1.2.0": { dependencies: { "fx-deep": "< 2" } },
            "1.3.0": { dependencies: { "fx-deep": "< 1" } },
            "2.0.0.rc1": {},
          },
        },
        { name: "fx-right", versions: { "2.0.0": { dependencies: { "fx-deep": ">= 1.0, != 1.9.0" } } } },
        { name: "fx-deep", versions: { "0.9.0": {}, "1.0.0": {}, "1.5.0": {}, "1.9.0": {}, "3.0.0": {} } },
      ]),
  },
  maven: {
    root: "ex.fx:root",
    range: "1.0",
    deep: "ex.fx:deep",
    // mvn reads the POM of the version that loses, what it requires too, and takes no jar of them.
    fetched: [/root-1\.0-sources\.jar$/],
    unfetched: [/deep-1\.0\.jar$/, /old-1\.0\.jar$/, /unwanted/],
    registry: (base) =>
      overlay(
        makeMaven([
          {
            name: "ex.fx:root",
            versions: {
              "1.0": {
                classifiers: ["sources"],
                dependencies: { "ex.fx:left": "1.0", "ex.fx:right": "1.0", "ex.fx:deep": "2.0" },
                excludes: { "ex.fx:left": ["ex.fx:unwanted"] },
              },
            },
          },
          {
            name: "ex.fx:left",
            versions: {
              "1.0": { dependencies: { "ex.fx:deep": "1.0", "ex.fx:unwanted": "1.0", "ex.fx:more": "2.0" } },
            },
          },
          { name: "ex.fx:right", versions: { "1.0": { dependencies: { "ex.fx:more": "1.0" } } } },
          { name: "ex.fx:deep", versions: { "1.0": { dependencies: { "ex.fx:old": "1.0" } }, "2.0": {} } },
          { name: "ex.fx:more", versions: { "1.0": {}, "2.0": {} } },
          { name: "ex.fx:old", versions: { "1.0": {} } },
        ]),
        projects.maven.registry(base),
      ),
  },
};

for (const client of clients) {
  const { registry, root, range, deep, fetched = [], unfetched = [] } = DIAMONDS[client.ecosystem]!;
  test.skipIf(client.unavailable() !== undefined)(
    `${client.name}: one package URL with dependencies; proven, unplugged, installed; and what is missing is named`,
    async () => {
      const packages = { [root]: range };
      const { serve, install, upstream, dir } = await setStage(client, { registry, packages });
      const mirroring = await serve("store");
      // mvn's own plugins are no part of the project: one without dependencies brings them into the store.
      if (client.ecosystem === "maven")
        expect(outcome(await install(mirroring, "plugins", { packages: {} }))).toBe("installed");
      const purl = purlOf(client, root, client.ecosystem === "maven" ? range : "").replace(/@$/, "");
      const mirrored = await mirroring.run(["mirror", "--deps", purl]);
      expect([mirrored.code, mirrored.stdout]).toEqual([0, expect.stringContaining(" 0 failed") as string]);
      await mirroring.stop();
      const asked = upstream.requests.map(({ path }) => path);
      expect(fetched.filter((each) => !asked.some((path) => each.test(path)))).toEqual([]);
      expect(asked.filter((path) => unfetched.some((each) => each.test(path)))).toEqual([]);
      await upstream.down();
      const offline = await serve("store", { offline: true });
      const proven = await offline.run(["verify", purl]);
      expect([proven.code, proven.stdout]).toEqual([0, expect.stringContaining(" 0 holes") as string]);
      expect(outcome(await install(offline, "unplugged"))).toBe("installed");
      expect(await client.installed(dir("unplugged"), root)).toBeString();

      const [row] = held(dir("store"), deep);
      rmSync(blobAt(dir("store"), row!.sha256));
      const lacking = await offline.run(["verify", purl, "--json"]);
      const { failures } = JSON.parse(lacking.stdout) as {
        failures: { purl: string; path?: string; reason: string }[];
      };
      expect([lacking.code, failures.length > 0]).toEqual([1, true]);
      const name = deep.split(/[/:]/).at(-1)!;
      expect(failures.every((failure) => `${failure.purl} ${failure.path}`.includes(name))).toBe(true);
    },
    TIMEOUT,
  );
}

/** The files of a package that a store holds, the newest version first. */
function held(store: string, name: string): { path: string; sha256: string }[] {
  const database = new Database(join(store, "proxy.db"), { readonly: true });
  const rows = database
    .query<{ path: string; sha256: string }, [string]>(
      "SELECT path, sha256 FROM artifacts WHERE name = ? ORDER BY version DESC",
    )
    .all(name.replace(":", "/"));
  database.close();
  return rows;
}

function blobAt(store: string, sha256: string): string {
  const folder = join(store, "artifacts/blobs-v2/sha256", sha256.slice(0, 2));
  return join(folder, readdirSync(folder).find((file) => file === sha256)!);
}
