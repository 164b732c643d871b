import type { Loaded } from "../config/load.ts";
import type { Plugins } from "../config/plugin-source.ts";

/** What a flag was given. */
export type Value = string | boolean | readonly string[];

/** A verb of the command line. */
export interface Command {
  /** `mirror`, `config check`. */
  name: string;
  /** Words after the name, as cac writes them: `<required>`, `[optional]`, `[...many]`. Default: none. */
  args?: string;
  /** One line for people. */
  describe: string;
  /** Flags beside those of the configuration, which every command takes. */
  options?: readonly Option[];
  /** The exit code. What it throws ends the program: 2 for BadRequest and ConfigError, otherwise 1. */
  action(invocation: Invocation): Promise<number>;
}

export interface Option {
  /** `--json`; with a value `--popular <n>`; with one that may be left out `--deps [which]`; repeatable `--sbom <file...>`. */
  flag: string;
  describe: string;
  /** The heading under which `--help` shows it. Default: `Options`. */
  group?: string;
  /** What it is when it is not given. */
  default?: string | boolean;
  /** The configuration key that it sets. */
  config?: string;
}

/** What a command works with: the configuration, and the ecosystems that it may name. */
export type Setup = Loaded & Plugins;

/** What a command was called with. */
export interface Invocation {
  args: readonly string[];
  /** Values of flags that were given or have a default, by name without dashes (`dry-run`): text, texts, or whether it is set. */
  flags: Readonly<Record<string, Value>>;
  /** The configuration of flags, environment and file, and the plugins that it names. Sets up the log and tells it the warnings.
   * Throws ConfigError. */
  load(): Promise<Setup>;
}

/** Flags under one heading. */
export function under(group: string, options: readonly Option[]): Option[] {
  return options.map((option) => ({ ...option, group }));
}
