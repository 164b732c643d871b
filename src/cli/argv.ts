/**
 * Reads the words of a command line. Flags have one dash or two, as users of Go programs write them. cac's own parser would
 * take `-listen` for six flags and the version `1.10` for the number 1.1.
 */
import { parseArgs } from "node:util";
import type { Option, Value } from "./command.ts";

/** The command line makes no sense; exit code 2. */
export class UsageError extends Error {
  override name = "UsageError" as const;
}

export interface Arguments {
  words: string[];
  /** By name without dashes, in the order given; true for a flag without a value. The last one wins, but of those that may
   * be repeated. */
  flags: Map<string, Value>;
}

/** Letters that stand for a flag. */
const LETTERS: Readonly<Record<string, string>> = { "-h": "--help", "-v": "--version", "-V": "--version" };

/** `options`: those of all commands, which tell whether a flag takes a value (`--a <b>`), may take one behind `=` (`--a [b]`),
 * or takes many (`--a <b...>`). Flags that are in none are kept as given. */
export function readArgv(argv: readonly string[], options: readonly Option[]): Arguments {
  const takes = new Map(options.map(({ flag }) => [nameOf(flag), flag.slice(flag.indexOf(" ") + 1)]));
  const types = Array.from(takes, ([name, value]) => [name, { type: value.startsWith("<") ? "string" : "boolean" }]);
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const args = [...argv.slice(0, end).map(twoDashes), ...argv.slice(end)];
  const config = { args, strict: false, tokens: true, options: Object.fromEntries(types) as Types } as const;
  const words: string[] = [];
  const flags = new Map<string, Value>();
  for (const token of parseArgs(config).tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, value, inlineValue } = token;
    const kind = takes.get(name) ?? "";
    if (!/^[a-z][\w-]*$/i.test(name)) throw new UsageError(`"${argv[token.index]}" is not a flag`);
    if (value === undefined && kind.startsWith("<")) throw new UsageError(`--${name} needs a value`);
    if (value === undefined) flags.set(name, true);
    else if (!inlineValue && value.startsWith("-") && value !== "-")
      throw new UsageError(`--${name} needs a value; write --${name}=${argv[token.index + 1]} if this is it`);
    else if (kind.endsWith("...>")) flags.set(name, [flags.get(name) ?? [], value].flat() as string[]);
    else flags.set(name, /^[<[]/.test(kind) ? value : truth(name, value));
  }
  return { words, flags };
}

type Types = Record<string, { type: "string" | "boolean" }>;

/** `-listen` → `--listen`; a lone dash is a word. */
function twoDashes(word: string): string {
  return LETTERS[word] ?? word.replace(/^-(?=[^-])/, "--");
}

/** `--popular <n>` → `popular`. */
export function nameOf(flag: string): string {
  return flag.replace(/^-+/, "").split(" ")[0]!;
}

function truth(name: string, value: string): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw new UsageError(`--${name}=${value}: expected --${name}, --${name}=true or --${name}=false`);
}
