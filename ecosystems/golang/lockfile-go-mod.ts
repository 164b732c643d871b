import type { Entry, Lockfile } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip } from "../shared/lockfiles/elsewhere.ts";
import { type Directive, directivesOf, MODULE } from "./go-directive.ts";

/** What the go command takes as it is: everything else is a branch or a commit, which `go mod tidy` makes a version. */
const VERSION = /^v\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;
const IGNORED = new Set(["module", "go", "toolchain", "retract", "tool", "ignore", "godebug"]);

interface Replacement {
  name: string;
  /** Absent where it is a folder. */
  version?: string;
}

/** https://go.dev/ref/mod#go-mod-file: what it requires, directly or not; the sums of these are in go.sum. */
export const goMod: Lockfile = {
  id: "go-mod",
  title: "go.mod",
  recognizes: (name, text) => name === "go.mod" || /^module[ \t]+[\w."`]/m.test(text),
  *read(text) {
    const directives = [...directivesOf(text)];
    const of = (verb: string) => directives.filter((each) => each.verb === verb);
    const unknown = directives.find(({ verb }) => !IGNORED.has(verb) && !/^(?:require|replace|exclude)$/.test(verb));
    if (unknown) throw new BadRequest(`${unknown.place}: go.mod files have no directive "${clip(unknown.verb)}"`);
    if (of("module").length === 0) throw new BadRequest("this is no whole go.mod: it has no module directive");
    const replaced = new Map<string, Replacement>();
    for (const directive of of("replace")) {
      const [old, by] = replacementOf(directive);
      replaced.set(old, by);
      if (by.version) yield entryOf(by.name, by.version, directive.place);
    }
    const excluded = new Set(of("exclude").map((directive) => moduleOf(directive).join("@")));
    for (const directive of of("require")) {
      const [name, version] = moduleOf(directive);
      const by = replaced.get(`${name}@${version}`) ?? replaced.get(name);
      const { place } = directive;
      const what = `${name}@${version}`;
      if (by)
        yield {
          what,
          reason: `is replaced by ${by.version ? `${by.name}@${by.version}` : `the folder ${by.name}`}`,
          place,
          // The module that replaces it is named too; a folder is on this machine.
          isOwn: true,
        };
      else if (excluded.has(what)) yield { what, reason: "is excluded by this file", place, isOwn: true };
      else yield entryOf(name, version, place);
    }
  },
};

function moduleOf({ verb, words, place }: Directive): [name: string, version: string] {
  const [name, version, ...more] = words;
  if (!name || !version || more.length > 0)
    throw new BadRequest(`${place}: ${verb} takes a module and its version, found "${clip(words.join(" "))}"`);
  return [name, version];
}

/** `old [version] => folder` or `old [version] => module version`. */
function replacementOf({ words, place }: Directive): [old: string, by: Replacement] {
  const arrow = words.indexOf("=>");
  const [name, version, ...more] = words.slice(arrow + 1);
  const isFolder = /^(?:\.{1,2}(?:[/\\]|$)|\/|[A-Za-z]:[/\\])/.test(name ?? "");
  if (arrow < 1 || arrow > 2 || !name || more.length > 0 || isFolder === (version !== undefined))
    throw new BadRequest(
      `${place}: expected OLD [VERSION] => NEW VERSION, or => FOLDER, found "${clip(words.join(" "))}"`,
    );
  return [words.slice(0, arrow).join("@"), { name, ...(version && { version }) }];
}

function entryOf(name: string, version: string, place: string): Entry {
  if (!MODULE.test(name)) throw new BadRequest(`${place}: "${clip(name)}" is no module path`);
  if (VERSION.test(version)) return { purl: { type: "golang", name, version }, place };
  return { what: `${name}@${version}`, reason: "states no version: run go mod tidy", place };
}
