/** Plugin files as they are on disk: found, read once, and named by what they hash to. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import type { PluginSource } from "../config/plugin-source.ts";
import { hash } from "../contract/digest.ts";
import { messageOf } from "../lib/errors.ts";

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

/** The plugin files of a path: itself, though it be missing, or those directly in a folder, by name. */
export function pluginFiles(path: string): string[] {
  const whole = resolve(path);
  if (!statSync(whole, { throwIfNoEntry: false })?.isDirectory()) return [whole];
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
  if (!existsSync(file)) throw new Unreadable([`${file}: does not exist; expected a file with code`]);
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
