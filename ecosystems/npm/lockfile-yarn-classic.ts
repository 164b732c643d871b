import type { Entry } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip, elsewhere } from "../shared/lockfiles/elsewhere.ts";
import { isTarballOfRegistry, kindOf, npmEntry, splitDescriptor } from "./lockfile-entry.ts";

interface Locked {
  place: string;
  /** What is asked for: `a@^1.0.0`, `b@npm:a@^1.2.0`. */
  patterns: string[];
  fields: Map<string, string>;
  dependencies: string[];
}

const HEADER = /^# yarn lockfile v(\d+)\r?$/m;
/** A text in quotes or without them, or a sign. */
const TOKEN = /[ \t]*(?:("[^"\\]*(?:\\.[^"\\]*)*")|([^\s",:]+)|([,:]))/y;

/**
 * yarn.lock of Yarn 1; its writer is Yarn's `lockfile/stringify.js`: below what is asked for, lines of two levels; texts in
 * quotes where they need them.
 */
export const yarnClassic = {
  recognizes: (text: string): boolean => HEADER.test(text),
  *read(text: string): Iterable<Entry> {
    const [, version] = HEADER.exec(text) ?? [];
    if (version !== undefined && version !== "1")
      throw new BadRequest(`it is of version ${version}; read here: 1, and 4 to 10 of later Yarns`);
    if (!text.endsWith("\n")) throw new BadRequest("the text ends within a line, so it must be cut off");
    const all = lockedOf(text);
    if (all.length === 0 && !version) throw new BadRequest("line 1: this is no yarn.lock: it has no entries");
    // Not what they ask for, which a project may override, but their names are there, in order; or before the last one, members
    // of the workspace are not.
    const names = new Set(all.flatMap(({ patterns }) => patterns).map((pattern) => splitDescriptor(pattern)?.[0]));
    const last = all.at(-1)?.patterns[0] ?? "";
    for (const { dependencies, place } of all) {
      const missing = dependencies.find((name) => name > last && !names.has(name));
      if (missing)
        throw new BadRequest(`${place}: its dependency ${missing} is not in the file, which must be cut off`);
    }
    for (const each of all) yield entryOf(each);
  },
};

function lockedOf(text: string): Locked[] {
  const all: Locked[] = [];
  const patterns = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const place = `line ${index + 1}`;
    const level = /^ */.exec(line)![0].length / 2;
    const tokens = tokensOf(line, place);
    const last = all.at(-1);
    if (level === 0) all.push({ place, patterns: asked(tokens, patterns, place), fields: new Map(), dependencies: [] });
    else if (last && level === 1 && tokens.length === 2) setField(last, tokens, place);
    else if (last && level === 2 && tokens.length === 2) last.dependencies.push(tokens[0]!);
    else throw new BadRequest(`${place}: expected a key and a value below what is asked for, found "${clip(line)}"`);
  }
  return all;
}

function tokensOf(line: string, place: string): string[] {
  const tokens: string[] = [];
  const end = line.trimEnd().length;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    const [, quoted, bare, sign] = TOKEN.exec(line) ?? [];
    const token = quoted === undefined ? (bare ?? sign) : unquoted(quoted);
    if (token === undefined) throw new BadRequest(`${place}: expected a text, found "${clip(line.slice(at))}"`);
    tokens.push(token);
  }
  return tokens;
}

/** `undefined` for what is no text in JSON. */
function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** `a@^1.0.0, "a@>=1 <2":`. */
function asked(tokens: readonly string[], known: Set<string>, place: string): string[] {
  const patterns = tokens.filter((_, index) => index % 2 === 0);
  const signs = tokens.filter((_, index) => index % 2 === 1);
  if (signs.length !== patterns.length || signs.some((sign, at) => sign !== (at === signs.length - 1 ? ":" : ",")))
    throw new BadRequest(`${place}: expected what is asked for, such as a@^1.0.0, and a colon`);
  for (const pattern of patterns) {
    if (known.has(pattern)) throw new BadRequest(`${place}: ${clip(pattern)} is there twice`);
    known.add(pattern);
  }
  return patterns;
}

function setField({ fields }: Locked, [key = "", value = ""]: readonly string[], place: string): void {
  if (fields.has(key)) throw new BadRequest(`${place}: the key ${clip(key)} is there twice`);
  fields.set(key, value);
}

/** `a/node_modules/b@^1` → `b@^1`: other managers, which Yarn imports from, name what is within another package so. */
function unnested(pattern: string): string {
  let rest = pattern;
  for (let found = /^@?[^@]*\/node_modules\//.exec(rest); found; found = /^@?[^@]*\/node_modules\//.exec(rest))
    rest = rest.slice(found[0].length);
  return rest;
}

function entryOf({ place, patterns, fields }: Locked): Entry {
  const version = fields.get("version");
  if (!version) throw new BadRequest(`${place}: expected a version of ${clip(patterns[0]!)}, which must be cut off`);
  const asks = patterns.map((pattern) => {
    const [asked = pattern, wanted = ""] = splitDescriptor(unnested(pattern)) ?? [];
    const alias = wanted.startsWith("npm:") ? splitDescriptor(wanted.slice("npm:".length)) : undefined;
    const [name, range] = alias ?? [asked, wanted];
    return { name, range, isAlias: alias !== undefined };
  });
  const resolved = fields.get("resolved") ?? "";
  // What is asked for may be overridden by what is from elsewhere or by an alias, which is then asked for as well.
  const elsewhereAsked = asks.find(({ range }) => kindOf(range));
  if (elsewhereAsked && !isTarballOfRegistry(resolved)) {
    const { name, range } = elsewhereAsked;
    return elsewhere(`${name}@${version}`, kindOf(range)!, resolved || range, place);
  }
  const { name } = asks.find(({ isAlias }) => isAlias) ?? asks[0]!;
  // Before Yarn 1.10, the hash was but in the address.
  const [, sha1] = /#([\da-f]{40})$/.exec(resolved) ?? [];
  const integrity = fields.get("integrity") ?? (sha1 && `sha1-${Buffer.from(sha1, "hex").toString("base64")}`);
  return npmEntry({ name, version, resolved: resolved.replace(/#.*$/s, ""), integrity }, place);
}
