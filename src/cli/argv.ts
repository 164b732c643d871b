/**
 * Reads the words of a command line. Flags have one dash or two, as users of Go programs write them. cac's own parser would
 * take `-listen` for six flags and the version `1.10` for the number 1.1.
 */
import type { Option } from "./command.ts";

/** The command line makes no sense; exit code 2. */
export class UsageError extends Error {
  override name = "UsageError" as const;
  /** Whose help tells more. Default: that of all. */
  command?: string;
}

export interface Arguments {
  words: string[];
  /** By name without dashes, in the order given; true for a flag without a value. The last one wins, but of those that may
   * be repeated. */
  flags: Map<string, Value>;
}

/** What a flag was given. */
export type Value = string | boolean | readonly string[];

/** Letters that stand for a flag. */
const LETTERS: Readonly<Record<string, string>> = { h: "help", v: "version" };

/** `options`: those of all commands, which tell whether a flag takes a value (`--a <b>`), may take one behind `=` (`--a [b]`),
 * or takes many (`--a <b...>`). Flags that are in none are kept as given. */
export function readArgv(argv: readonly string[], options: readonly Option[]): Arguments {
  const takes = new Map(options.map(({ flag }) => [nameOf(flag), flag.slice(flag.indexOf(" ") + 1)]));
  const needsValue = (name: string) => takes.get(name)?.startsWith("<") ?? false;
  const words: string[] = [];
  const flags = new Map<string, Value>();
  const set = (name: string, value: string) => {
    const earlier = flags.get(name);
    const repeats = takes.get(name)?.endsWith("...>");
    flags.set(name, repeats ? [...(Array.isArray(earlier) ? (earlier as string[]) : []), value] : value);
  };
  const rest = argv[Symbol.iterator]();
  let only = false;
  let pending: string | undefined;
  for (const word of rest) {
    const found = /^--?(?<name>[a-z][\w-]*)(?:=(?<value>.*))?$/is.exec(word)?.groups;
    if (pending !== undefined) {
      if (word.startsWith("-") && word !== "-")
        throw new UsageError(`--${pending} needs a value; write --${pending}=${word} if this is it`);
      set(pending, word);
      pending = undefined;
    } else if (only || !word.startsWith("-") || word === "-") words.push(word);
    else if (word === "--") only = true;
    else if (!found) throw new UsageError(`"${word}" is not a flag`);
    else {
      const name = LETTERS[found.name!] ?? found.name!;
      if (found.value !== undefined && /^[<[]/.test(takes.get(name) ?? "")) set(name, found.value);
      else if (found.value !== undefined) flags.set(name, truth(name, found.value));
      else if (needsValue(name)) pending = name;
      else flags.set(name, true);
    }
  }
  if (pending !== undefined) throw new UsageError(`--${pending} needs a value`);
  return { words, flags };
}

/** `--popular <n>` → `popular`. */
export function nameOf(flag: string): string {
  return flag.replace(/^-+/, "").split(" ")[0]!;
}

function truth(name: string, value: string): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw new UsageError(`--${name}=${value}: expected --${name}, --${name}=true or --${name}=false`);
}
