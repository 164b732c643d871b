/** Plugin files as they are on disk: found, read once, and named by what they hash to. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { hash } from "../digest.ts";
import { messageOf } from "../errors.ts";

/** A plugin as it was read. Structured-cloneable: every thread runs these bytes, whatever the disk says later. */
export interface PluginSource {
  /** Its absolute path. */
  file: string;
  /** File name and id. */
  id: string;
  /** Of the file; where it imports others beside it, of what `sha256sum` prints of all of them, the file itself first. */
  sha256: string;
  /** Absolute path → text: the file, and those beside it that it imports. */
  texts: Readonly<Record<string, string>>;
}

/** A file that was not made part of the program. */
export interface Refusal {
  file: string;
  /** File name without its ending: the id that it would have had. */
  id: string;
  /** `/etc/proxy/acme.ts:3: …`, one for each thing that is wrong. */
  reasons: readonly string[];
}

/** A file that is no code; `reasons` as those of a Refusal. */
export class Unreadable extends Error {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(reasons.join("; "));
    this.reasons = reasons;
  }
}

/** Code, and not what describes code. */
const IS_PLUGIN = /^[^._].*(?<!\.(?:d|test|config))\.[jt]s$/;

/** The plugin files of a path: itself, or those directly in a folder, by name. Throws Error where there is neither. */
export function pluginFiles(path: string): string[] {
  const whole = resolve(path);
  if (!existsSync(whole)) throw new Error(`${path} does not exist; expected a plugin file or a folder of them`);
  if (!statSync(whole).isDirectory()) return [whole];
  const names = readdirSync(whole).filter((name) => IS_PLUGIN.test(name));
  return names.sort().map((name) => join(whole, name));
}

export function idOf(file: string): string {
  return basename(file, extname(file));
}

/** Throws Unreadable where a file of it is not there, or is no code. */
export function readPlugin(path: string): PluginSource {
  const file = resolve(path);
  const texts: Record<string, string> = {};
  gather(file, texts);
  const digests = Object.entries(texts).map(([name, text]) => [name, hash("sha256", text)] as const);
  const lines = digests.map(([name, digest]) => `${digest}  ${relative(dirname(file), name)}\n`);
  const sha256 = digests.length === 1 ? digests[0]![1] : hash("sha256", lines.join(""));
  return { file, id: idOf(file), sha256, texts };
}

function gather(file: string, texts: Record<string, string>): void {
  if (file in texts) return;
  const text = readText(file);
  texts[file] = text;
  for (const path of importsOf(file, text)) if (path.startsWith(".")) gather(resolve(dirname(file), path), texts);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Unreadable([`${file}: cannot be read: ${messageOf(error)}`]);
  }
}

/** What a file imports when it runs: names of modules, and paths relative to it. Throws Unreadable for a syntax error. */
export function importsOf(file: string, text: string): string[] {
  try {
    return new Bun.Transpiler({ loader: loaderOf(file) }).scanImports(text).map(({ path }) => path);
  } catch (error) {
    const all = error instanceof AggregateError ? (error.errors as BuildMessage[]) : [error as BuildMessage];
    throw new Unreadable(all.map((each) => `${file}${placeOf(each)}: ${messageOf(each)}`));
  }
}

function placeOf({ position }: BuildMessage): string {
  return position ? `:${position.line}:${position.column}` : "";
}

export function loaderOf(file: string): "ts" | "js" {
  return file.endsWith(".js") ? "js" : "ts";
}
