/** With its dependencies, of a package no more is fetched than a client takes: packages, versions, and how many bytes. */
import { expect, test } from "bun:test";
import { cargo } from "../../ecosystems/cargo.ts";
import { gem } from "../../ecosystems/gem.ts";
import { npm } from "../../ecosystems/npm.ts";
import { nuget } from "../../ecosystems/nuget.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import type { Ecosystem } from "../../src/contract/ecosystem.ts";
import { mirrored } from "../support/mirrored.ts";
import { makeCargo } from "../support/registries/cargo.ts";
import { makeGem } from "../support/registries/gem.ts";
import { makeNpm } from "../support/registries/npm.ts";
import { makeNuget } from "../support/registries/nuget.ts";
import { makePypi } from "../support/registries/pypi.ts";
import type { Tree } from "../support/tree.ts";

/** What clients take of a registry that has older versions, limited ones and requirements for others. */
const cases: Record<string, [Ecosystem, (base: string) => Tree, root: string, taken: string[]]> = {
  "pypi: of the Pythons in use each what it can take; nothing for those of the past": [
    pypi,
    (base) =>
      makePypi(
        [
          {
            name: "app",
            versions: {
              "1.0": { requiresPython: ">=2.7" },
              "2.0": { requiresPython: ">=3.6" },
              "3.0": { requiresPython: ">=3.9", dependencies: { lib: ">=1", 'old ; python_version < "3.8"': "" } },
            },
          },
          {
            name: "lib",
            versions: {
              "1.0": { requiresPython: "" },
              "1.1": { requiresPython: ">=3.5" },
              "1.2": { requiresPython: ">=3.10" },
              "1.3": { requiresPython: ">=3.12" },
            },
          },
          { name: "old", versions: { "1.0": {} } },
        ],
        base,
      ),
    "pkg:pypi/app",
    ["app@3.0", "lib@1.2", "lib@1.3"],
  ],
  "gem: of the Rubies in use": [
    gem,
    () =>
      makeGem([
        { name: "app", versions: { "1.0.0": { ruby: ">= 1.8" }, "2.0.0": { dependencies: { lib: ">= 1" } } } },
        {
          name: "lib",
          versions: { "1.0.0": { ruby: ">= 1.9" }, "1.1.0": { ruby: ">= 2.3" }, "1.2.0": { ruby: ">= 3.2" } },
        },
      ]),
    "pkg:gem/app",
    ["app@2.0.0", "lib@1.1.0", "lib@1.2.0"],
  ],
  "npm: the newest that fits, whatever machines older ones were for": [
    npm,
    (base) =>
      makeNpm(
        [
          { name: "app", versions: { "1.0.0": {}, "1.1.0": { dependencies: { lib: "^1.0.0" } } } },
          {
            name: "lib",
            versions: {
              "1.0.0": { manifest: { os: ["linux"] } },
              "1.1.0": { manifest: { os: ["darwin"] } },
              "1.2.0": {},
              "2.0.0": {},
            },
          },
        ],
        base,
      ),
    "pkg:npm/app",
    ["app@1.1.0", "lib@1.2.0"],
  ],
  "cargo: the newest compatible": [
    cargo,
    (base) =>
      makeCargo(
        [
          { name: "app", versions: { "1.1.0": { dependencies: { lib: "1" } } } },
          { name: "lib", versions: { "1.0.0": {}, "1.9.0": {}, "2.0.0": {} } },
        ],
        base,
      ),
    "pkg:cargo/app",
    ["app@1.1.0", "lib@1.9.0"],
  ],
  "nuget: the lowest applicable": [
    nuget,
    (base) =>
      makeNuget(
        [
          { name: "app", versions: { "1.1.0": { dependencies: { lib: "1.1" } } } },
          { name: "lib", versions: { "1.0.0": {}, "1.1.0": {}, "1.2.0": {} } },
        ],
        base,
      ),
    "pkg:nuget/app",
    ["app@1.1.0", "lib@1.1.0"],
  ],
};

test.each(Object.entries(cases))("%s", async (_, [ecosystem, registry, root, taken]) => {
  const { outcomes, progress } = await mirrored(ecosystem, registry, [root]);
  const releases = outcomes.flatMap(({ purl }) => (purl.includes("@") ? [purl.replace(/^pkg:\w+\//, "")] : []));
  expect([...new Set(releases)].toSorted()).toEqual(taken);
  expect(progress.failed).toBe(0);
});
