/** Makes the configuration of flags, environment and file. The only way to get one: nothing else reads settings. */
import { keysOf } from "./keys.ts";
import { cooldownsWithoutEffect, protectingVariables } from "./peer.ts";
import { ConfigError, explain, show } from "./problems.ts";
import { type Config, configSchema } from "./schema.ts";
import { type Collected, collect, isTree, type Sources, unknownVariables } from "./sources.ts";

export interface LoadOptions extends Sources {
  /** Ids of the ecosystems that this executable knows. */
  ecosystems: readonly string[];
}

/** A setting that is not as by default. */
export interface Setting {
  key: string;
  /** As a file would have it, without secrets. */
  value: string;
  /** `environment variable PROXY_LISTEN`, `flag --listen`, or the file. */
  origin: string;
}

export interface Loaded {
  config: Config;
  /** What is set and has no effect, and why. */
  warnings: readonly string[];
  settings: readonly Setting[];
}

/** Throws ConfigError, which lists every problem at once. */
export function loadConfig({ ecosystems, ...sources }: LoadOptions): Loaded {
  const schema = configSchema(ecosystems);
  const keys = keysOf(schema);
  const { env = {}, file = "defaults" } = sources;
  let collected: Collected;
  try {
    collected = collect(sources, keys);
  } catch (error) {
    throw new ConfigError([(error as Error).message]);
  }
  const { tree, origins } = collected;
  const missing = expandCredentials(tree, env);
  const result = schema.safeParse(tree);
  const problems = [
    ...missing,
    ...protectingVariables(env),
    ...(result.error?.issues ?? []).flatMap((issue) => explain(issue, collected, keys, file)),
  ];
  if (!result.success || problems.length > 0) throw new ConfigError(problems);

  const warnings = [
    ...unknownVariables(env, keys),
    ...cooldownsWithoutEffect(result.data.cooldown.ecosystems, ecosystems, file),
  ];
  const settings: Setting[] = [];
  for (const { path, meta, schema: part } of keys) {
    const value = path.split(".").reduce<unknown>((inner, name) => (isTree(inner) ? inner[name] : undefined), tree);
    if (value === undefined) continue;
    const origin = origins.get(path) ?? file;
    if (meta.ignored) warnings.push(`${path} (${origin}) has no effect: ${meta.ignored}`);
    else if (!Bun.deepEquals(part.parse(value), part.parse(undefined)))
      settings.push({ key: path, value: meta.secret ? "(set)" : show(value), origin });
  }
  return { config: result.data, warnings, settings };
}

/** Puts environment variables in the place of `${NAME}` in credentials; says which are missing. */
function expandCredentials(tree: Record<string, unknown>, env: Readonly<Record<string, string | undefined>>): string[] {
  const scopes = isTree(tree["upstream"]) ? tree["upstream"]["auth"] : undefined;
  if (!isTree(scopes)) return [];
  const missing: string[] = [];
  for (const [scope, fields] of Object.entries(scopes)) {
    if (!isTree(fields)) continue;
    for (const [field, value] of Object.entries(fields)) {
      if (typeof value !== "string") continue;
      fields[field] = value.replace(/\$\{(\w+)\}/g, (_, name: string) => {
        if (!env[name]) missing.push(`upstream.auth.${scope}.${field}: the environment variable ${name} is not set`);
        return env[name] ?? "";
      });
    }
  }
  return missing;
}
