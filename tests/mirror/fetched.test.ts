/** With its dependencies, of a package no more is fetched than a client takes: packages, versions, and how many bytes. */
import { expect, test } from "bun:test";
import { cargo } from "../../ecosystems/cargo.ts";
import { gem } from "../../ecosystems/gem.ts";
import { maven } from "../../ecosystems/maven.ts";
import { npm } from "../../ecosystems/npm.ts";
import { nuget } from "../../ecosystems/nuget.ts";
import { pypi } from "../../ecosystems/pypi.ts";
import type { Ecosystem } from "../../src/contract/ecosystem.ts";
import { mirrored } from "../support/mirrored.ts";
import { makeCargo } from "../support/registries/cargo.ts";
import { makeGem } from "../support/registries/gem.ts";
import { makeMaven } from "../support/registries/maven.ts";
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
  "pypi: of two ranges one version that fits both, whoever states it first": [
    pypi,
    (base) =>
      makePypi(
        [
          { name: "app", versions: { "1.0": { dependencies: { deep: ">=1", left: "", right: "" } } } },
          { name: "left", versions: { "1.0": { dependencies: { deep: ">=1" } } } },
          { name: "right", versions: { "1.0": { dependencies: { middle: "" } } } },
          { name: "middle", versions: { "1.0": { dependencies: { deep: "<3" } } } },
          {
            name: "deep",
            versions: { "1.0": {}, "2.0": { dependencies: { two: "" } }, "3.0": { dependencies: { three: "" } } },
          },
          { name: "two", versions: { "1.0": {} } },
          { name: "three", versions: { "1.0": {} } },
        ],
        base,
      ),
    "pkg:pypi/app",
    ["app@1.0", "deep@2.0", "left@1.0", "middle@1.0", "right@1.0", "two@1.0"],
  ],
  "pypi: an older version, where the newest requires what nobody else can have; its extras too": [
    pypi,
    (base) =>
      makePypi(
        [
          { name: "app", versions: { "1.0": { dependencies: { "left[more]": "", right: "" } } } },
          {
            name: "left",
            versions: {
              "1.0": { dependencies: { deep: ">=1", 'extra ; extra == "more"': "", 'none ; extra == "other"': "" } },
              "2.0": { dependencies: { deep: ">=2" } },
            },
          },
          { name: "right", versions: { "1.0": { dependencies: { deep: "<2" } } } },
          { name: "deep", versions: { "1.0": {}, "1.5": {}, "2.0": {} } },
          { name: "extra", versions: { "1.0": {} } },
        ],
        base,
      ),
    "pkg:pypi/app",
    ["app@1.0", "deep@1.5", "extra@1.0", "left@1.0", "right@1.0"],
  ],
  "gem: one version that fits all, and an older one of what would not": [
    gem,
    () =>
      makeGem([
        { name: "app", versions: { "1.0.0": { dependencies: { left: ">= 1", right: ">= 1" } } } },
        {
          name: "left",
          versions: { "1.0.0": { dependencies: { deep: ">= 1" } }, "2.0.0": { dependencies: { deep: ">= 3" } } },
        },
        { name: "right", versions: { "1.0.0": { dependencies: { deep: "< 2" } } } },
        { name: "deep", versions: { "1.0.0": {}, "1.5.0": {}, "2.0.0": {}, "3.0.0": {} } },
      ]),
    "pkg:gem/app",
    ["app@1.0.0", "deep@1.5.0", "left@1.0.0", "right@1.0.0"],
  ],
  "maven: the nearest version and the highest; of what loses the POM; nothing that is excluded": [
    maven,
    () =>
      makeMaven([
        {
          name: "ex.fx:app",
          versions: {
            "1.0": {
              dependencies: { "ex.fx:left": "1.0", "ex.fx:right": "1.0", "ex.fx:near": "2.0" },
              excludes: { "ex.fx:left": ["ex.fx:unwanted", "ex.no:*"] },
            },
          },
        },
        {
          name: "ex.fx:left",
          versions: {
            "1.0": {
              dependencies: { "ex.fx:near": "1.0", "ex.fx:middle": "1.0", "ex.fx:unwanted": "1.0", "ex.no:one": "1.0" },
            },
          },
        },
        { name: "ex.fx:middle", versions: { "1.0": { dependencies: { "ex.fx:high": "2.0", "ex.no:one": "1.0" } } } },
        { name: "ex.fx:right", versions: { "1.0": { dependencies: { "ex.fx:high": "1.0" } } } },
        {
          name: "ex.fx:near",
          versions: { "1.0": { dependencies: { "ex.fx:old": "1.0" } }, "2.0": {} },
        },
        { name: "ex.fx:high", versions: { "1.0": {}, "2.0": {} } },
        { name: "ex.fx:old", versions: { "1.0": {} } },
      ]),
    "pkg:maven/ex.fx/app@1.0",
    [
      "ex.fx/app@1.0",
      "ex.fx/high@1.0",
      "ex.fx/high@2.0",
      "ex.fx/left@1.0",
      "ex.fx/middle@1.0",
      "ex.fx/near@1.0?type=pom",
      "ex.fx/near@2.0",
      "ex.fx/old@1.0?type=pom",
      "ex.fx/right@1.0",
    ],
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

test("of several roots what each takes alone, and what all of them take in one project", async () => {
  const registry = (base: string) =>
    makePypi(
      [
        { name: "one", versions: { "1.0": { dependencies: { deep: ">=1" } } } },
        { name: "two", versions: { "1.0": { dependencies: { deep: "<3,!=1.5" } } } },
        { name: "three", versions: { "1.0": { dependencies: { deep: "!=2.0" } } } },
        { name: "deep", versions: { "1.0": {}, "1.5": {}, "2.0": {}, "3.0": {} } },
      ],
      base,
    );
  const { outcomes, progress } = await mirrored(pypi, registry, ["pkg:pypi/one", "pkg:pypi/two@1.0", "pkg:pypi/three"]);
  const deep = outcomes.flatMap(({ purl }) => (purl.startsWith("pkg:pypi/deep@") ? [purl.slice(14)] : []));
  expect([[...new Set(deep)].toSorted(), progress.failed]).toEqual([["1.0", "2.0", "3.0"], 0]);
});

test("what one project cannot have together is fetched for each range, as before", async () => {
  const registry = (base: string) =>
    makePypi(
      [
        { name: "app", versions: { "1.0": { dependencies: { left: "", right: "" } } } },
        { name: "left", versions: { "1.0": { dependencies: { deep: ">=2" } } } },
        { name: "right", versions: { "1.0": { dependencies: { deep: "<2" } } } },
        { name: "deep", versions: { "1.0": {}, "2.0": {} } },
      ],
      base,
    );
  const { outcomes, progress } = await mirrored(pypi, registry, ["pkg:pypi/app"]);
  const deep = outcomes.flatMap(({ purl }) => (purl.startsWith("pkg:pypi/deep@") ? [purl.slice(14)] : []));
  expect([[...new Set(deep)].toSorted(), progress.failed]).toEqual([["1.0", "2.0"], 0]);
});

test("without sources none that module metadata names", async () => {
  const registry = () =>
    makeMaven([{ name: "ex.fx:app", versions: { "1.0": { module: true, classifiers: ["sources", "javadoc"] } } }]);
  const choice = { platforms: [], sources: false, maxSize: 0 };
  const { outcomes } = await mirrored(maven, registry, ["pkg:maven/ex.fx/app@1.0"], { choice });
  const jars = outcomes.flatMap(({ path }) => (path?.includes(".jar") ? [path.replace(/^.*\//, "")] : []));
  expect([...new Set(jars)].toSorted()).toEqual(["app-1.0.jar", "app-1.0.jar.sha1"]);
});
