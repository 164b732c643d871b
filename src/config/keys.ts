/** What the schema says of its keys, for those who need them as a list: flags, environment, documentation, suggestions. */
import { z } from "zod";

declare module "zod" {
  interface GlobalMeta {
    /** The flag, without dashes. Default: the setting has none. */
    flag?: string;
    /** The environment variable. Default: `PROXY_` and the path, in capitals. */
    env?: string;
    /** Why the setting has no effect. Default: it has one. */
    ignored?: string;
    /** How an entry of a map is written in the documentation. Default: `<name>`. */
    entry?: string;
    /** Its values are never shown. */
    secret?: boolean;
  }
}

/** Of environment variables. */
export const PREFIX = "PROXY_";

export interface Key {
  /** `storage.max_size`; below a map `mounts.<name>.ecosystem`. */
  path: string;
  schema: z.ZodType;
  meta: z.GlobalMeta;
  /** As one would write it; absent where the setting has no default, or an empty list or map. */
  fallback?: string | number | boolean;
  /** Absent for maps and what is below them: only a file can state those. */
  env?: string;
}

/** Every key, in the order of the schema; a map itself comes before the keys of its entries. */
export function keysOf(schema: z.ZodType, path = "", settable = true): Key[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([name, child]) =>
      keysOf(child, path ? `${path}.${name}` : name, settable),
    );
  }
  const meta = schema.meta() ?? {};
  const isMap = inner instanceof z.ZodRecord;
  const fallback = schema instanceof z.ZodPrefault ? schema.def.defaultValue : undefined;
  const key: Key = {
    path,
    schema,
    meta,
    ...(isScalar(fallback) && { fallback }),
    ...(settable && !isMap && { env: meta.env ?? `${PREFIX}${path.replaceAll(".", "_").toUpperCase()}` }),
  };
  if (!isMap) return [key];
  const entry = unwrap(inner.valueType as z.ZodType);
  const shapes =
    entry instanceof z.ZodDiscriminatedUnion
      ? (entry.options as z.ZodType[])
      : entry instanceof z.ZodObject
        ? [entry]
        : [];
  const below = shapes.flatMap((shape) => keysOf(shape, `${path}.${meta.entry ?? "<name>"}`, false));
  return [key, ...new Map(below.map((child) => [child.path, child])).values()];
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return unwrap(schema.def.innerType as z.ZodType);
  if (schema instanceof z.ZodPipe) {
    const { in: first, out } = schema.def;
    return unwrap((first instanceof z.ZodTransform ? out : first) as z.ZodType);
  }
  return schema;
}

/** Whether a key is meant by a path of real names: `mounts.<name>.ca` by `mounts.npm-internal.ca`. */
export function matches({ path }: Pick<Key, "path">, names: readonly string[]): boolean {
  const parts = path === "" ? [] : path.split(".");
  return parts.length === names.length && parts.every((part, i) => part.startsWith("<") || part === names[i]);
}
