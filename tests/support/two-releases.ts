/** A package with an old release and a young one: for what is chosen where not all of an index may be seen. */
import type { Client } from "./clients/client.ts";
import { makeCargo } from "./registries/cargo.ts";
import { debianMaven } from "./registries/debian-maven.ts";
import { makeGem } from "./registries/gem.ts";
import { makeGolang } from "./registries/golang.ts";
import { makeMaven } from "./registries/maven.ts";
import { makeNpm } from "./registries/npm.ts";
import { makeNuget } from "./registries/nuget.ts";
import { PUBLISHED } from "./registries/package.ts";
import { makePypi } from "./registries/pypi.ts";
import { overlay, type Tree } from "./tree.ts";

export interface TwoReleases {
  readonly name: string;
  readonly old: string;
  readonly young: string;
  /** What a project asks for that takes any release. */
  readonly any: string;
  /** What a project asks for that takes one only. */
  pin(version: string): string;
  registry(base: string): Tree;
}

/** Older than the clients' own minimum ages, which are at most a day. */
const YOUNG = new Date(Date.now() - 3 * 86_400_000).toISOString();

const versions = { "1.0.0": {}, "1.1.0": { publishedAt: YOUNG } };
const shared = { name: "fx-pair", old: "1.0.0", young: "1.1.0" } as const;

export const twoReleases: Readonly<Record<Client["ecosystem"], TwoReleases>> = {
  npm: {
    ...shared,
    any: "latest",
    pin: (version) => version,
    registry: (base) => makeNpm([{ name: shared.name, versions }], base),
  },
  pypi: {
    ...shared,
    any: "",
    pin: (version) => `==${version}`,
    registry: (base) => makePypi([{ name: shared.name, versions }], base),
  },
  cargo: {
    ...shared,
    any: "*",
    pin: (version) => `=${version}`,
    registry: (base) => makeCargo([{ name: shared.name, versions }], base),
  },
  nuget: {
    ...shared,
    any: "*",
    pin: (version) => `[${version}]`,
    registry: (base) => makeNuget([{ name: shared.name, versions }], base),
  },
  gem: {
    ...shared,
    any: "",
    pin: (version) => `= ${version}`,
    registry: () => makeGem([{ name: shared.name, versions }]),
  },
  golang: {
    name: "fx.example/Pair",
    old: "v1.0.0",
    young: "v1.1.0",
    any: "",
    pin: (version) => version,
    registry: () =>
      dated(makeGolang([{ name: "fx.example/Pair", versions: { "v1.0.0": {}, "v1.1.0": { publishedAt: YOUNG } } }])),
  },
  maven: {
    name: "ex.fx:pair",
    old: "1.0",
    young: "1.1",
    any: "[1.0,)",
    pin: (version) => version,
    registry: () =>
      dated(
        overlay(
          makeMaven([{ name: "ex.fx:pair", versions: { "1.0": {}, "1.1": { publishedAt: YOUNG } } }]),
          debianMaven,
        ),
      ),
  },
};

/** Last-Modified for what states none: the time of a module, which is its author's word alone, else a day long ago. */
function dated(tree: Tree): Tree {
  return {
    keys: () => tree.keys?.() ?? [],
    get(path) {
      const content = tree.get(path);
      if (content === undefined || typeof content === "function" || content.headers?.["last-modified"]) return content;
      const time = path.endsWith(".info") ? (JSON.parse(content.body as string) as { Time: string }).Time : PUBLISHED;
      return { ...content, headers: { ...content.headers, "last-modified": new Date(time).toUTCString() } };
    },
  };
}
