/** Minimal version selection, compared with what the go command did with the same graphs. */
import { expect, test } from "bun:test";
import { golang } from "../../ecosystems/golang.ts";
import type { Release } from "../../src/contract/ecosystem.ts";
import { type Node, type SelectOptions, select } from "../../src/mirror/plan/graph.ts";
import { GO_GRAPHS, readGraph } from "../support/go-graphs.ts";

/** To what `go build` takes of all packages of the root: it does without modules that only the root's own tests need. */
const MOST = 1.25;

const spell = ({ name, version }: Release) => `${name}@${version}`;
const spelled = (releases: readonly Release[]) => releases.map(spell).sort();
const read = (text: string): Release => ({ name: text.split(" ")[0]!, version: text.split(" ")[1]! });

async function selection(graph: ReadonlyMap<string, Node>, root: Release, all = false) {
  const read: string[] = [];
  const load: SelectOptions["load"] = async (release) => {
    read.push(spell(release));
    return graph.get(spell(release)) ?? { requires: [], requiresAll: false };
  };
  const { selected, loaded } = await select(root, { versions: golang.versions, load, all });
  return { selected: spelled(selected), loaded: spelled(loaded), read: read.sort() };
}

test.each(GO_GRAPHS)(
  "of %s the modules that the go command lists, and the go.mod files that it loads",
  async (name) => {
    const { root, selected, modules: all } = await readGraph(name);
    const modules = all.filter(({ isLoaded }) => isLoaded);
    const graph = new Map(
      modules.map((each) => [spell(each), { requires: each.requires, requiresAll: each.go >= 17 }] as const),
    );
    const found = await selection(graph, root);
    expect(found.selected).toEqual(spelled(selected));
    // Of modules of which it needs no package, the go command reads nothing.
    expect(found.read.filter((each) => !graph.has(each) && !found.selected.includes(each))).toEqual([]);
    expect(modules.map(spell).filter((each) => !found.read.includes(each))).toEqual([]);
    // All of them is what `go mod download all` takes. Before pruning nothing but source code tells which of them are built.
    const sizes = selected.map((each) => modules.find((one) => spell(one) === spell(each))?.size ?? 0);
    const bytes = (some: readonly number[]) => some.reduce((sum, size) => sum + Math.abs(size), 0);
    if (bytes(sizes.filter((size) => size > 0)) > 1_000_000)
      expect(bytes(sizes) / bytes(sizes.filter((size) => size > 0))).toBeLessThanOrEqual(MOST);
  },
);

/** `a 1: b 2, c 1` requires these, and does not say that it is all; with `all` it does. */
const cases: Record<string, [graph: string[], selected: string[], loaded: string[]]> = {
  "the highest minimum, not the newest": [
    ["r 1: a 1, b 1", "a 1: c 1", "b 1: c 3"],
    ["a@1", "b@1", "c@3", "r@1"],
    ["c@1"],
  ],
  "what only an older version requires counts too": [
    ["r 1: a 1, b 1", "b 1: a 2", "a 1: d 1", "a 2:"],
    ["a@2", "b@1", "d@1", "r@1"],
    ["a@1"],
  ],
  "a cycle": [["r 1: a 1", "a 1: r 1, b 1", "b 1: a 2", "a 2: r 1"], ["a@2", "b@1", "r@1"], ["a@1"]],
  "below one that names all that it needs nothing is read": [
    ["r 1 all: a 1, b 1", "a 1 all: b 1, t 1", "b 1 all: t 2", "t 2 all: u 1"],
    ["a@1", "b@1", "r@1"],
    [],
  ],
  "but for one below it that does not": [
    ["r 1 all: a 1, b 1", "a 1: b 1, t 1", "t 1 all: u 1", "u 1: b 2", "b 1 all:", "b 2 all: v 1"],
    ["a@1", "b@2", "r@1", "v@1"],
    ["b@1", "t@1", "u@1"],
  ],
  "a root that names direct requirements only, and says that it is all": [
    ["r 1 all: a 1, b 1", "a 1 all: c 1", "b 1 all: c 2", "c 2 all: d 1"],
    ["a@1", "b@1", "c@2", "d@1", "r@1"],
    [],
  ],
  "a root that does not name what it needs after all": [
    ["r 1 all: a 1, b 1", "a 1 all: b 2", "b 1 all:", "b 2 all: c 1, e 1", "c 1 all: d 1, e 1"],
    ["a@1", "b@2", "c@1", "e@1", "r@1"],
    ["b@1"],
  ],
};

test.each(Object.entries(cases))("%s", async (_, [lines, selected, loaded]) => {
  const graph = new Map(
    lines.map((line) => {
      const [head = "", requires = ""] = line.split(":");
      const node = { requires: requires.split(",").flatMap((each) => (each.trim() ? read(each.trim()) : [])) };
      return [spell(read(head)), { ...node, requiresAll: head.endsWith(" all") }] as const;
    }),
  );
  const found = await selection(graph, read("r 1"));
  expect(found.selected).toEqual(selected);
  expect(found.loaded.filter((each) => !selected.includes(each))).toEqual(loaded);
});

test("all packages of the graph, for tests of those that are required", async () => {
  const graph = new Map([
    ["r@1", { requires: [read("a 1"), read("b 1")], requiresAll: true }],
    ["a@1", { requires: [read("b 1"), read("t 1")], requiresAll: true }],
    ["t@1", { requires: [read("u 1")], requiresAll: true }],
  ]);
  const all = ["a@1", "b@1", "r@1", "t@1"];
  const found = await selection(graph, read("r 1"), true);
  expect(found).toEqual({ selected: all, loaded: [], read: all });
});
