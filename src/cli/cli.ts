/**
 * The frame of the command line: finds the command, checks its flags, gives it its configuration, and turns what it throws
 * into a message and an exit code. cac holds the commands and writes their help.
 */
import { type CAC, type Command as CacCommand, cac } from "cac";
import { keysOf } from "../config/keys.ts";
import { loadConfig } from "../config/load.ts";
import { nearest } from "../config/nearest.ts";
import type { Plugins, WantedPlugin } from "../config/plugin-source.ts";
import { wantedPlugins } from "../config/plugins.ts";
import { ConfigError } from "../config/problems.ts";
import { settingsSchema } from "../config/schema.ts";
import { BadRequest, DigestMismatch, faultOf, messageOf, NotFound, UpstreamFailed, Withheld } from "../lib/errors.ts";
import { configureLog, log } from "../lib/log.ts";
import { VERSION } from "../lib/version.ts";
import { type Arguments, nameOf, readArgv, UsageError } from "./argv.ts";
import type { Command, Option, Setup } from "./command.ts";
import { arranged, familyOf, showFamily } from "./help.ts";

export interface Program {
  /** Ids of the ecosystems that the executable knows by itself. */
  ecosystems: readonly string[];
  /** All ecosystems, with those of plugin files. */
  loadPlugins(wanted: readonly WantedPlugin[]): Promise<Plugins>;
  env: Readonly<Record<string, string | undefined>>;
}

const DEFAULT_COMMAND = "serve";

/**
 * Runs the command that `argv` (without interpreter and script) names; `serve` where it names none.
 * The exit code: the command's own; 2 where the command line or the configuration makes no sense; 1 where it failed.
 */
export async function run(argv: readonly string[], commands: readonly Command[], program: Program): Promise<number> {
  try {
    return await dispatch(argv, commands, program);
  } catch (error) {
    if (error instanceof UsageError)
      console.error(
        `proxy: ${error.message}\nproxy help${error.command ? ` ${error.command}` : ""} tells what there is.`,
      );
    else if (error instanceof ConfigError || error instanceof BadRequest) console.error(`proxy: ${error.message}`);
    else if (isExplained(error)) console.error(`proxy: ${messageOf(error)}`);
    else console.error("proxy:", error);
    return error instanceof UsageError || error instanceof ConfigError || error instanceof BadRequest ? 2 : 1;
  }
}

/** What the network, the disk or policy brought about, and not a mistake of the program: where it was thrown tells nobody anything. */
function isExplained(error: unknown): boolean {
  if (error instanceof NotFound || error instanceof Withheld || error instanceof UpstreamFailed) return true;
  return error instanceof DigestMismatch || faultOf(error) !== undefined;
}

async function dispatch(argv: readonly string[], commands: readonly Command[], program: Program): Promise<number> {
  const common = configOptions(program.ecosystems);
  const every = [...commands.flatMap(({ options = [] }) => options), ...common];
  const { words, flags } = readArgv(argv, every);
  const asksHelp = words[0] === "help" ? words.shift() !== undefined : flags.has("help");
  flags.delete("help");
  if (flags.delete("version") || flags.delete("V")) words.splice(0, words.length, "version");
  const named = commands.findLast(({ name }) => name === words.slice(0, name.split(" ").length).join(" "));
  helping(named, () => requireKnown(flags, every, "there is"));
  let asked: Command | undefined;
  const shown = common.filter((option) => option.describe !== "");
  const cli = cac("proxy")
    .version(VERSION)
    .help((sections) => arranged(sections, { command: asked, commands, common: shown }));
  for (const option of shown) cli.option(option.flag, option.describe);
  const defined = new Map(commands.map((command) => [command, define(cli, command)]));
  cli.command("help [command]", "What there is, or what a command takes");

  if (asksHelp && (words[0] ?? "help") === "help") return show(cli.globalCommand);
  const family = familyOf(words[0] ?? "", commands);
  if (asksHelp && words.length === 1 && family.length > 0 && !commands.some(({ name }) => name === words[0])) {
    showFamily(cli, family);
    return 0;
  }
  const command = takeCommand(words, commands);
  const definition = defined.get(command)!;
  asked = command;
  if (asksHelp) return show(definition);
  const options = [...(command.options ?? []), ...common];
  helping(command, () => {
    requireKnown(flags, options, `${command.name} has`);
    requireValues(flags, command);
    requireWords(cli, definition, words);
  });
  const defaults = options.flatMap((option) =>
    option.default === undefined ? [] : [[nameOf(option.flag), option.default] as const],
  );
  return command.action({
    args: words,
    flags: Object.fromEntries([...defaults, ...flags]),
    load: () => load(flags, options, program),
  });
}

/** What it throws names the help of the command. */
function helping(command: Command | undefined, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof UsageError && command) error.command = command.name;
    throw error;
  }
}

/** The flags that every command takes: the file, and the keys that have one. */
function configOptions(ecosystems: readonly string[]): Option[] {
  const keys = keysOf(settingsSchema(ecosystems)).filter(({ meta }) => meta.flag);
  return [
    { flag: "--config <file>", describe: "Configuration: a .yaml, .json or .toml file" },
    ...keys.map(({ path, meta, fallback }) => ({
      flag: `--${meta.flag}${typeof fallback === "boolean" ? "" : " <value>"}`,
      // What has no effect is taken, and not shown.
      describe: meta.ignored
        ? ""
        : [
            meta.description?.replaceAll("`", ""),
            ...(fallback === undefined ? [] : [`(default: ${String(fallback)})`]),
          ].join(" "),
      config: path,
    })),
  ];
}

function define(cli: CAC, { name, args = "", describe, options = [] }: Command): CacCommand {
  const command = cli.command(`${name} ${args}`.trim(), describe);
  for (const option of options) {
    command.option(option.flag, option.describe);
    // cac takes `--no-x` for something that is on by default, and would say so.
    command.options.at(-1)!.config = { default: option.default };
  }
  return command;
}

function show(command: CacCommand): number {
  command.outputHelp();
  return 0;
}

/** Takes the name off the words; names may have two words. Throws UsageError for one that is none. */
function takeCommand(words: string[], commands: readonly Command[]): Command {
  const name = words[0] ?? DEFAULT_COMMAND;
  const named = (wanted: string) => commands.find((command) => command.name === wanted);
  const found = named(`${name} ${words[1]}`) ?? named(name);
  const family = familyOf(name, commands);
  // One of a family's names is meant, where the command itself takes no words.
  if (found && !(family.length > 0 && found.name === name && !found.args && words.length > 1)) {
    words.splice(0, found.name.split(" ").length);
    return found;
  }
  if (family.length > 0) {
    const names = family.map((command) => command.name);
    const wrong = words.slice(0, 2).join(" ");
    const meant = nearest(wrong, names);
    throw new UsageError(
      `there is no command "${wrong}"; ${meant ? `did you mean ${meant}?` : `there is ${names.join(", ")}`}`,
    );
  }
  const names = [...new Set([...commands.map((command) => command.name.split(" ")[0]!), "help"])];
  const meant = nearest(name, names);
  throw new UsageError(
    `there is no command "${name}"; ${meant ? `did you mean ${meant}?` : `there is ${names.join(", ")}`}`,
  );
}

function requireKnown(flags: Arguments["flags"], options: readonly Option[], whoHas: string): void {
  const names = options.map(({ flag }) => nameOf(flag));
  for (const name of flags.keys()) {
    if (names.includes(name)) continue;
    const meant = nearest(name, [...names, "help"]);
    throw new UsageError(`${whoHas} no flag --${name}${meant ? `; did you mean --${meant}?` : ""}`);
  }
}

/** An empty value is that of a variable which is not set; what it was to leave out would be fetched. */
function requireValues(flags: Arguments["flags"], { options = [] }: Command): void {
  for (const name of options.map(({ flag }) => nameOf(flag)))
    if ([flags.get(name)].flat().some((value) => typeof value === "string" && value.trim() === ""))
      throw new UsageError(`--${name} is empty; say what it is to be, or leave it out`);
}

/** As many words as the command takes; cac counts them. */
function requireWords(cli: CAC, definition: CacCommand, words: readonly string[]): void {
  cli.args = words;
  try {
    definition.checkRequiredArgs();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { args } = definition;
  if (!args.some(({ variadic }) => variadic) && words.length > args.length)
    throw new UsageError(
      `${definition.name} takes ${args.length === 0 ? "no words" : definition.rawName.slice(definition.name.length + 1)}; found also ${words.slice(args.length).join(" ")}`,
    );
}

async function load(given: Arguments["flags"], options: readonly Option[], program: Program): Promise<Setup> {
  const flags: Record<string, string | boolean> = {};
  for (const { flag, config } of options) {
    const value = given.get(nameOf(flag));
    if (config !== undefined && value !== undefined) flags[config] = value as string | boolean;
  }
  const file = given.get("config");
  const sources = { flags, env: program.env, file: typeof file === "string" ? file : undefined };
  const wanted = attempted(() => wantedPlugins(sources));
  const plugins = await program.loadPlugins(wanted.plugins);
  const problems = plugins.refused.flatMap(({ reasons }) => reasons);
  if (wanted.isStrict && problems.length > 0) throw new ConfigError(problems);
  // What the configuration says of a refused one is left out with it.
  const ids = [...plugins.ecosystems, ...plugins.refused].map(({ id }) => id);
  const loaded = loadConfig({ ...sources, ecosystems: ids });
  configureLog(loaded.config.log.level, loaded.config.log.format);
  for (const warning of loaded.warnings) log.warn("configuration", { warning });
  for (const reason of problems) log.error("a plugin is refused", { reason });
  for (const { id, file: path, sha256 } of plugins.sources) log.info("plugin", { id, file: path, sha256 });
  return { ...loaded, ...plugins };
}

function attempted<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError([messageOf(error)]);
  }
}
