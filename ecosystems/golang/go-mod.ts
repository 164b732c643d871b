import type { Requirement } from "../../src/contract/ecosystem.ts";

interface GoMod {
  requires: Requirement[];
  /** It names all that the module needs, indirectly too, so that the graph is pruned there: since `go 1.17`. */
  isPruned: boolean;
}

/**
 * What a go.mod requires (https://go.dev/ref/mod#go-mod-file), indirectly too: a minimum each. What it replaces or excludes
 * counts in a main module only. Throws, with the line, where the text is no whole go.mod.
 */
export function readGoMod(text: string): GoMod {
  const requires: Requirement[] = [];
  let isPruned = false;
  let block: string | undefined;
  let module = "";
  for (const [i, line] of text.split("\n").entries()) {
    const bare = line
      .replace(/\/\/.*|["`]/g, "")
      .replace(/[()]/g, " $& ")
      .trim();
    const [verb = "", ...rest] = bare.split(/\s+/);
    if (block !== undefined && verb === ")") {
      block = undefined;
      continue;
    }
    const [directive, operands] = block === undefined ? [verb, rest] : [block, [verb, ...rest]];
    if (block === undefined && operands[0] === "(" && operands.length <= 2) {
      block = operands[1] === ")" ? undefined : directive;
    } else if (directive === "module") {
      module ||= operands[0] ?? "";
    } else if (directive === "go" && block === undefined) {
      const [, major = "", minor = ""] = /^(\d+)(?:\.(\d+))?/.exec(operands[0] ?? "") ?? [];
      isPruned = Number(major) > 1 || (major === "1" && Number(minor) >= 17);
    } else if (directive === "require" && bare) {
      const [name = "", range] = operands;
      if (!range || operands.length > 2)
        throw new Error(`line ${i + 1} requires no module at a version: ${line.slice(0, 80)}`);
      requires.push({ name, range });
    }
  }
  if (block !== undefined) throw new Error(`its ${block} block has no end`);
  if (!module) throw new Error("it names no module");
  return { requires, isPruned };
}
