/** Graphs of real modules, as the go command 1.26 loaded them: names, versions and sizes, without anything that stands in them. */
import { join } from "node:path";
import type { Release } from "../../src/contract/ecosystem.ts";
import { padded } from "./archives/files.ts";
import { zip } from "./archives/zip.ts";
import { escaped } from "./registries/golang.ts";
import { binary, type Content, json, text } from "./tree.ts";

/** Path and version; of those that are selected, or read by the go command to build all packages of the root, also the `go` directive
 * (1.N), the bytes of the zip (negative where `go build` did without it; 0: not known), and what it requires, as places in the list. The first is the root. */
type Row =
  | [path: string, version: string]
  | [path: string, version: string, go: number, size: number, requires: number[]];

export interface GoGraph {
  root: Release;
  /** `go list -m all` of a project that requires the root. */
  selected: Release[];
  modules: (Release & { isLoaded: boolean; go: number; size: number; requires: Release[] })[];
}

export const GO_GRAPHS = ["hugo", "kubectl", "cobra"] as const;

export async function readGraph(name: (typeof GO_GRAPHS)[number]): Promise<GoGraph> {
  const file = Bun.file(join(import.meta.dir, `../fixtures/golang/graphs/${name}.json`));
  const { modules, selected } = (await file.json()) as { modules: Row[]; selected: number[] };
  const at = (place: number): Release => ({ name: modules[place]![0], version: modules[place]![1] });
  return {
    root: at(0),
    selected: selected.map(at),
    modules: modules.map(([name, version, go, size = 0, requires = []]) => ({
      name,
      version,
      isLoaded: go !== undefined,
      go: go ?? 17,
      size,
      requires: requires.map(at),
    })),
  };
}

/** What a module proxy has of a graph. The root's package imports that of each module that is built, and zips have a
 * hundredth of their size. */
export function makeGraph({ root, modules, selected }: GoGraph): Map<string, Content> {
  const tree = new Map<string, Content>();
  const sizes = new Map(modules.map(({ name, version, size }) => [`${name}@${version}`, size]));
  const isRecorded =
    selected.filter((each) => sizes.get(`${each.name}@${each.version}`)! > 0).length > selected.length / 2;
  const built = selected.filter(({ name, version }) => !isRecorded || sizes.get(`${name}@${version}`)! > 0);
  const names = built.map((each) => each.name).filter((name) => name !== root.name);
  /** What is internal is imported by a neighbour, which may. */
  const importer = (name: string) => {
    const [place = "", rest] = name.split(/\binternal\b/);
    return rest === undefined ? root.name : names.find((each) => each.startsWith(place) && each !== name);
  };
  const importsOf = (by: string) => names.filter((name) => importer(name) === by).map((name) => `import _ "${name}"\n`);
  for (const { name, version, go, size, requires } of modules) {
    const file = `/${escaped(name)}/@v/${escaped(version)}`;
    const block = requires.map((each) => `\t${each.name} ${each.version}\n`).join("");
    const goMod = `module ${name}\n\ngo 1.${go}\n\nrequire (\n${block})\n`;
    const top = `${name}@${version}`;
    const source = `package p\n\n${importsOf(name).join("")}`;
    const files = { [`${top}/go.mod`]: goMod, [`${top}/p.go`]: source };
    tree.set(`${file}.mod`, text(goMod));
    tree.set(`${file}.info`, json({ Version: version, Time: "2020-01-01T00:00:00Z" }));
    tree.set(
      `${file}.zip`,
      binary(zip(padded(files, `${top}/filler.bin`, Math.round(Math.abs(size) / 100))), "application/zip"),
    );
    tree.set(`/${escaped(name)}/@v/list`, text(""));
  }
  for (const { name, version } of selected) tree.set(`/${escaped(name)}/@v/list`, text(`${version}\n`));
  return tree;
}
