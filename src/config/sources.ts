/** Brings file, environment and flags into one tree of raw values, and remembers where each came from. */

import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { parseYaml, yamlPlace } from "../lib/yaml.ts";
import { type Key, PREFIX } from "./keys.ts";
import { nearest } from "./nearest.ts";

export interface Tree {
  [key: string]: unknown;
}

export interface Sources {
  /** By key path: `{ "log.level": "debug" }`. */
  flags?: Readonly<Record<string, string | boolean>>;
  env?: Readonly<Record<string, string | undefined>>;
  /** Path of a .yaml, .yml, .json or .toml file. */
  file?: string | undefined;
}

export interface Collected {
  tree: Tree;
  /** Key path → `environment variable PROXY_LISTEN`, `flag --listen`; what is not in it came from the file. */
  origins: Map<string, string>;
}

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  ".yaml": parseYaml,
  ".yml": parseYaml,
  ".json": JSON.parse,
  ".toml": Bun.TOML.parse,
};

/** What Kubernetes and Docker's links tell of a service named `proxy`. */
const SERVICE =
  /^PROXY_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?|NAME|ENV_\w+)$/;

/** Flags win over environment, environment over file. What is empty (`""`, null) counts as not set. Throws Error for the file. */
export function collect({ flags = {}, env = {}, file }: Sources, keys: readonly Key[]): Collected {
  const tree = file === undefined ? {} : readTree(file);
  for (const { path } of keys) dropEmpty(tree, path.split("."));
  const origins = new Map<string, string>();
  const apply = (values: ReadonlyMap<string, unknown>, origin: (key: Key) => string) => {
    const set = new Map(Array.from(values).filter(([, value]) => value !== undefined && value !== ""));
    // A path that is set closer to the user is not to lose against a URL from further away.
    if (set.has("storage.path")) remove(tree, ["storage", "url"]);
    for (const key of keys) {
      if (!set.has(key.path)) continue;
      place(tree, key.path.split("."), set.get(key.path));
      origins.set(key.path, origin(key));
    }
  };
  apply(
    new Map(keys.map(({ path, env: name }) => [path, name && env[name]])),
    (key) => `environment variable ${key.env}`,
  );
  apply(new Map(Object.entries(flags)), ({ path, meta }) => `flag --${meta.flag ?? path.replaceAll(/[._]/g, "-")}`);
  return { tree, origins };
}

/**
 * Variables of our prefix that are no settings: misspelt ones, and those of other versions and programs, which would protect nobody.
 * Kubernetes makes variables of a service's name, `PROXY_PORT_80_TCP`; those are nobody's settings.
 */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>, keys: readonly Key[]): string[] {
  const known = new Set(keys.flatMap(({ env: name }) => name?.slice(PREFIX.length) ?? []));
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith(PREFIX) || SERVICE.test(name) || !env[name]) return [];
    const rest = name.slice(PREFIX.length);
    if (known.has(rest)) return [];
    const meant = nearest(rest, known);
    return [
      `environment variable ${name} is not known and has no effect${meant ? `; did you mean ${PREFIX}${meant}?` : ""}`,
    ];
  });
}

function readTree(file: string): Tree {
  const parse = PARSERS[extname(file).toLowerCase()];
  if (!parse) throw new Error(`${file}: expected a file named .yaml, .yml, .json or .toml`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`);
  }
  let tree: unknown;
  try {
    tree = text.trim() === "" ? {} : (parse(text) ?? {});
  } catch (error) {
    throw new Error(`${file}: ${placed(text, error as Error)}`);
  }
  if (!isTree(tree)) throw new Error(`${file}: expected keys and values, found ${JSON.stringify(tree)?.slice(0, 60)}`);
  return tree;
}

/** With the place, which Bun does not tell; of JSON too, which is YAML. */
function placed(text: string, error: Error): string {
  if (error.message.startsWith("TOML")) return error.message;
  const place = yamlPlace(text);
  return place ? `${error.message} (line ${place.line}, column ${place.column}: ${place.reason})` : error.message;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function dropEmpty(tree: Tree, [name, ...rest]: readonly string[]): void {
  if (name === undefined) return;
  const value = Object.hasOwn(tree, name) ? tree[name] : undefined;
  if (value === null || (value === "" && rest.length === 0)) delete tree[name];
  else if (isTree(value)) dropEmpty(value, rest);
}

function remove(tree: Tree, [section, name]: readonly [string, string]): void {
  const value = tree[section];
  if (isTree(value)) delete value[name];
}

/** What stands in the way of a section is left to the schema to refuse. */
function place(tree: Tree, [name, ...rest]: readonly string[], value: unknown): void {
  if (name === undefined) return;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  tree[name] ??= {};
  if (isTree(tree[name])) place(tree[name], rest, value);
}
