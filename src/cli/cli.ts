/**
 * The frame of the command line: finds the command, checks its flags, gives it its configuration, and turns what it throws
 * into a message and an exit code.
 */
import { cac } from "cac";
import { keysOf } from "../config/keys.ts";
import { loadConfig } from "../config/load.ts";
import { nearest } from "../config/nearest.ts";
import type { Plugins, WantedPlugin } from "../config/plugin-source.ts";
import { wantedPlugins } from "../config/plugins.ts";
import { ConfigError } from "../config/problems.ts";
import { settingsSchema } from "../config/schema.ts";
import { BadRequest, DigestMismatch, faultOf, messageOf, NotFound, UpstreamFailed, Withheld } from "../lib/errors.ts";
import { configureLog, log } from "../lib/log.ts";
import { type Arguments, nameOf, readArgv, UsageError } from "./argv.ts";
import type { Command, Option, Setup } from "./command.ts";
import { familyOf, showHelp } from "./help.ts";

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
  const line: Line = { commands };
  try {
    return await dispatch(argv, line, program);
  } catch (error) {
    const help = ["proxy help", line.command?.name].filter(Boolean).join(" ");
    if (error instanceof UsageError) console.error(`proxy: ${error.message}\n${help} tells what there is.`);
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

/** A command line on its way: the command whose help tells more, once it is known. */
interface Line {
  commands: readonly Command[];
  command?: Command | undefined;
}

async function dispatch(argv: readonly string[], line: Line, program: Program): Promise<number> {
  const { commands } = line;
  const common = configOptions(program.ecosystems);
  const every = [...commands.flatMap(({ options = [] }) => options), ...common];
  const { words, flags } = readArgv(argv, every);
  const asksHelp = words[0] === "help" ? words.shift() !== undefined : flags.has("help");
  flags.delete("help");
  if (flags.delete("version")) words.splice(0, words.length, "version");
  line.command = named(words, commands);
  requireKnown(flags, every, "there is");
  if (asksHelp && (words[0] ?? "help") === "help") return showHelp(undefined, commands, common);
  if (asksHelp && words.length === 1 && !line.command && familyOf(words[0]!, commands).length > 0)
    return showHelp({ name: words[0]!, describe: "" }, commands, common);
  const command = takeCommand(words, commands);
  if (asksHelp) return showHelp(command, commands, common);
  line.command = command;
  const options = [...(command.options ?? []), ...common];
  requireKnown(flags, options, `${command.name} has`);
  requireValues(flags, command);
  requireWords(words, command);
  const defaults = options.flatMap((option) =>
    option.default === undefined ? [] : [[nameOf(option.flag), option.default] as const],
  );
  return command.action({
    args: words,
    flags: Object.fromEntries([...defaults, ...flags]),
    load: () => load(flags, options, program),
  });
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

/** The command that words begin with: of `jobs` and `jobs show` the longer name. */
function named(words: readonly string[], commands: readonly Command[]): Command | undefined {
  const fitting = commands.filter(({ name }) => name === words.slice(0, name.split(" ").length).join(" "));
  return fitting.sort((a, b) => b.name.length - a.name.length)[0];
}

/** Takes the name of a command off the words. Throws UsageError for one that is none. */
function takeCommand(words: string[], commands: readonly Command[]): Command {
  const said = words.length === 0 ? [DEFAULT_COMMAND] : words;
  const found = named(said, commands);
  const family = familyOf(said[0]!, commands);
  // One of a family's names is meant, where the command itself takes no words.
  const isCutShort = family.length > 0 && found?.name === said[0] && !found?.args && said.length > 1;
  if (found && !isCutShort) {
    words.splice(0, found.name.split(" ").length);
    return found;
  }
  const wrong = said.slice(0, family.length > 0 ? 2 : 1).join(" ");
  const names = family.length > 0 ? family.map(({ name }) => name) : topLevel(commands);
  const meant = nearest(wrong, names);
  throw new UsageError(
    `there is no command "${wrong}"; ${meant ? `did you mean ${meant}?` : `there is ${names.join(", ")}`}`,
  );
}

function topLevel(commands: readonly Command[]): string[] {
  return [...new Set([...commands.map(({ name }) => name.split(" ")[0]!), "help"])];
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
function requireWords(words: readonly string[], { name, args = "" }: Command): void {
  const cli = cac();
  const definition = cli.command(`${name} ${args}`.trim());
  cli.args = words;
  try {
    definition.checkRequiredArgs();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const most = definition.args.some(({ variadic }) => variadic) ? words.length : definition.args.length;
  if (words.length > most)
    throw new UsageError(`${name} takes ${args || "no words"}; found also ${words.slice(most).join(" ")}`);
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
