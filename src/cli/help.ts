/** What `--help` prints: cac's text, with the flags of a command under headings, apart from those that all commands take. */
import { cac } from "cac";
import { VERSION } from "../lib/version.ts";
import type { Command, Option } from "./command.ts";

interface Section {
  title?: string;
  body: string;
}

/** What help is asked about: a command, or a name that several begin with (`token`), which is described by theirs. */
type Topic = Pick<Command, "name" | "args" | "describe" | "options">;

/** Those whose name begins with this one's word: `jobs show` of `jobs`. */
export function familyOf(name: string, commands: readonly Command[]): Command[] {
  return commands.filter((command) => command.name.startsWith(`${name} `));
}

/** Prints the help of one topic, or of all. `common`: the flags that each command takes. The exit code. */
export function showHelp(topic: Topic | undefined, commands: readonly Command[], common: readonly Option[]): number {
  // What has no effect is taken, and not shown.
  const shown = common.filter(({ describe }) => describe !== "");
  const cli = cac("proxy")
    .version(VERSION)
    .help((sections) => arranged(sections, topic, topic ? familyOf(topic.name, commands) : [], shown.length));
  for (const { flag, describe } of shown) cli.option(flag, describe);
  const help = { name: "help", args: "[command]", describe: "What there is, or what a command takes" };
  for (const { name, args = "", describe } of topic ? [] : [...commands, help])
    cli.command(`${name} ${args}`.trim(), describe);
  const definition = topic ? cli.command(`${topic.name} ${topic.args ?? ""}`.trim()) : cli.globalCommand;
  for (const option of topic?.options ?? []) {
    definition.option(option.flag, option.describe);
    // cac takes `--no-x` for something that is on by default, and would say so.
    definition.options.at(-1)!.config = { default: option.default };
  }
  definition.outputHelp();
  return 0;
}

/** cac's sections as they are to be read. `common`: how many flags all commands take, the last in cac's text. */
function arranged(
  sections: readonly Section[],
  topic: Topic | undefined,
  family: readonly Command[],
  common: number,
): Section[] {
  if (topic?.describe === "")
    return [...sections.slice(0, 1), listed(family), { body: "proxy help COMMAND tells more." }];
  return sections.flatMap((section) => {
    if (section.title?.startsWith("For more info"))
      return [{ body: "proxy help COMMAND tells what a command takes. All settings: docs/configuration.md." }];
    if (section.title === "Usage" && topic)
      return [section, { body: topic.describe }, ...(family.length > 0 ? [listed(family)] : [])];
    return section.title === "Options" ? inGroups(section.body.split("\n"), topic?.options ?? [], common) : [section];
  });
}

function listed(family: readonly Command[]): Section {
  const names = family.map(({ name, args = "" }) => `${name} ${args}`.trim());
  const width = Math.max(...names.map(({ length }) => length));
  const lines = family.map(({ describe }, i) => `  ${names[i]!.padEnd(width)}  ${describe}`);
  return { title: "Commands", body: lines.join("\n") };
}

/** cac prints a line for each flag: the command's, then those of all. */
function inGroups(lines: readonly string[], options: readonly Option[], common: number): Section[] {
  const groups = new Map<string, string[]>();
  const usual = lines.length - common;
  for (const [i, line] of lines.entries()) {
    const group = i >= usual ? "Settings" : (options[i]?.group ?? "Options");
    groups.set(group, [...(groups.get(group) ?? []), spelled(line)]);
  }
  return [...groups].map(([title, body]) => ({ title, body: body.join("\n") }));
}

/** A value that may be left out stands behind `=`, or it would be the next word. */
function spelled(line: string): string {
  return line.trimEnd().replace(/^( +--[\w-]+) \[(?=\w+\] )/, "$1[=");
}
