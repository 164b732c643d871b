/** What `--help` prints: cac's text, with the flags of a command under headings, apart from those that all commands take. */
import type { CAC } from "cac";
import type { Command, Option } from "./command.ts";

interface Section {
  title?: string;
  body: string;
}

/** `command`: the one that is asked about, or all of them; `common`: the flags that each takes, last in cac's text. */
export interface Asked {
  command?: Command | undefined;
  commands: readonly Command[];
  common: readonly Option[];
}

/** Those whose name begins with this one's word: `jobs show` of `jobs`. */
export function familyOf(name: string, commands: readonly Command[]): Command[] {
  return commands.filter((command) => command.name.startsWith(`${name} `));
}

/** cac's sections as they are to be read. */
export function arranged(sections: readonly Section[], { command, commands, common }: Asked): Section[] {
  const family = command ? familyOf(command.name, commands) : [];
  return sections.flatMap((section) => {
    if (section.title?.startsWith("For more info"))
      return [{ body: "proxy help COMMAND tells what a command takes. All settings: docs/configuration.md." }];
    if (section.title === "Usage" && command)
      return [section, { body: command.describe }, ...(family.length > 0 ? [listed(family)] : [])];
    return section.title === "Options" ? inGroups(section.body.split("\n"), command?.options ?? [], common) : [section];
  });
}

/** Prints the commands of a family that has no command of its own name: `token`. */
export function showFamily(cli: CAC, family: readonly Command[]): void {
  const { title, body } = listed(family);
  console.info(`proxy/${cli.globalCommand.versionNumber}\n\n${title}:\n${body}\n\nproxy help COMMAND tells more.`);
}

function listed(family: readonly Command[]): Section {
  const names = family.map(({ name, args = "" }) => `${name} ${args}`.trim());
  const width = Math.max(...names.map(({ length }) => length));
  const lines = family.map(({ describe }, i) => `  ${names[i]!.padEnd(width)}  ${describe}`);
  return { title: "Commands", body: lines.join("\n") };
}

/** cac prints a line for each flag: the command's, then those of all. */
function inGroups(lines: readonly string[], options: readonly Option[], common: readonly Option[]): Section[] {
  const groups = new Map<string, string[]>();
  const usual = lines.length - common.length;
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
