/** One small project for each ecosystem: a package and its dependency, in a registry that has little else. */
import type { Client } from "./clients/client.ts";
import { makeCargo } from "./registries/cargo.ts";
import { debianMaven } from "./registries/debian-maven.ts";
import { makeGem } from "./registries/gem.ts";
import { makeGolang } from "./registries/golang.ts";
import { makeMaven } from "./registries/maven.ts";
import { makeNpm } from "./registries/npm.ts";
import { makeNuget } from "./registries/nuget.ts";
import { makePypi } from "./registries/pypi.ts";
import { overlay, type Tree } from "./tree.ts";

export interface SampleProject {
  /** What the project asks for. */
  readonly packages: Readonly<Record<string, string>>;
  /** What stands installed then: version by name. */
  readonly expected: Readonly<Record<string, string>>;
  /** The path of the dependency's file. */
  readonly artifact: RegExp;
  registry(base: string): Tree;
  /** The same package names and versions, but the dependency has other content. */
  readonly forged: Tree;
}

const FORGED = { size: 10 };

export const GO_MODULES = [
  { name: "fx.example/Lower", versions: { "v1.0.0": {} } },
  { name: "fx.example/upper", versions: { "v1.1.0": { dependencies: { "fx.example/Lower": "v1.0.0" } } } },
];

export const projects: Readonly<Record<Client["ecosystem"], SampleProject>> = {
  npm: {
    packages: { "fx-upper": "^1.0.0" },
    expected: { "fx-upper": "1.1.0", "@fx/lower": "1.0.0" },
    forged: makeNpm([{ name: "@fx/lower", versions: { "1.0.0": FORGED } }], ""),
    artifact: /\/@fx\/lower\/-\/lower-1\.0\.0\.tgz$/,
    registry: (base) =>
      makeNpm(
        [
          { name: "@fx/lower", versions: { "1.0.0": {} } },
          { name: "fx-upper", versions: { "1.0.0": {}, "1.1.0": { dependencies: { "@fx/lower": "^1.0.0" } } } },
        ],
        base,
      ),
  },
  pypi: {
    packages: { "fx-upper": ">=1.0" },
    expected: { "fx-upper": "1.1", "fx-lower": "1.0" },
    forged: makePypi([{ name: "fx-lower", versions: { "1.0": FORGED } }], ""),
    artifact: /\/fx_lower-1\.0-py3-none-any\.whl$/,
    registry: (base) =>
      makePypi(
        [
          { name: "fx-lower", versions: { "1.0": { files: ["wheel", "sdist"] } } },
          { name: "Fx.Upper", versions: { "1.0": {}, "1.1": { dependencies: { "fx-lower": ">=1.0" } } } },
        ],
        base,
      ),
  },
  cargo: {
    packages: { "fx-upper": "1" },
    expected: { "fx-upper": "1.1.0", "fx-lower": "1.0.0" },
    forged: makeCargo([{ name: "fx-lower", versions: { "1.0.0": FORGED } }], ""),
    artifact: /\/fx-lower-1\.0\.0\.crate$/,
    registry: (base) =>
      makeCargo(
        [
          { name: "fx-lower", versions: { "1.0.0": {} } },
          { name: "fx-upper", versions: { "1.0.0": {}, "1.1.0": { dependencies: { "fx-lower": "1" } } } },
        ],
        base,
      ),
  },
  gem: {
    packages: { "fx-upper": "~> 1.0" },
    expected: { "fx-upper": "1.1.0", "fx-lower": "1.0.0" },
    forged: makeGem([{ name: "fx-lower", versions: { "1.0.0": FORGED } }]),
    artifact: /\/fx-lower-1\.0\.0\.gem$/,
    registry: () =>
      makeGem([
        { name: "fx-lower", versions: { "1.0.0": {} } },
        { name: "fx-upper", versions: { "1.0.0": {}, "1.1.0": { dependencies: { "fx-lower": "~> 1.0" } } } },
      ]),
  },
  golang: {
    packages: { "fx.example/upper": "" },
    expected: { "fx.example/upper": "v1.1.0", "fx.example/Lower": "v1.0.0" },
    forged: makeGolang([{ name: "fx.example/Lower", versions: { "v1.0.0": FORGED } }]),
    artifact: /\/fx\.example\/!lower\/@v\/v1\.0\.0\.zip$/,
    registry: () => makeGolang(GO_MODULES),
  },
  nuget: {
    packages: { "Fx.Upper": "1.*" },
    expected: { "Fx.Upper": "1.1.0", "Fx.Lower": "1.0.0" },
    forged: makeNuget([{ name: "Fx.Lower", versions: { "1.0.0": FORGED } }], ""),
    artifact: /\/fx\.lower\.1\.0\.0\.nupkg$/,
    registry: (base) =>
      makeNuget(
        [
          { name: "Fx.Lower", versions: { "1.0.0": {}, "1.2.0": {} } },
          { name: "Fx.Upper", versions: { "1.0.0": {}, "1.1.0": { dependencies: { "fx.lower": "1.0" } } } },
        ],
        base,
      ),
  },
  maven: {
    packages: { "ex.fx:upper": "1.1" },
    expected: { "ex.fx:upper": "1.1", "ex.fx:lower": "1.0" },
    forged: makeMaven([{ name: "ex.fx:lower", versions: { "1.0": FORGED } }]),
    artifact: /\/lower-1\.0\.jar$/,
    registry: () =>
      overlay(
        makeMaven([
          { name: "ex.fx:bom", versions: { "1.0": { packaging: "pom", managed: { "ex.fx:lower": "1.0" } } } },
          {
            name: "ex.fx:parent",
            versions: {
              "1.0": {
                packaging: "pom",
                properties: { "bom.version": "1.0" },
                imports: { "ex.fx:bom": "$" + "{bom.version}" },
              },
            },
          },
          { name: "ex.fx:lower", versions: { "1.0": {} } },
          {
            name: "ex.fx:upper",
            versions: { "1.1": { parent: "ex.fx:parent:1.0", dependencies: { "ex.fx:lower": "" } } },
          },
        ]),
        debianMaven,
      ),
  },
};
