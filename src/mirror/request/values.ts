/** Kinds of values in a mirror request. Each takes the typed value of a JSON document, and its text in a flag, a form or a file. */
import { z } from "zod";
import { messageOf } from "../../lib/errors.ts";
import { parseSize, SIZE } from "../../lib/units.ts";

/** A text that `parse` reads. `parse` returns `undefined` for a text that is something else, or throws a better reason. */
export function read<T>(expected: string, parse: (text: string) => T | undefined) {
  return z.string({ error: `expected ${expected}` }).transform((raw, context): T => {
    try {
      const value = parse(raw);
      if (value !== undefined) return value;
      context.addIssue({ code: "custom", message: `expected ${expected}` });
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
    }
    return z.NEVER;
  });
}

/** One line of text that is not empty. */
export const text = (expected: string) =>
  z.string({ error: `expected ${expected}` }).refine((raw) => /^[^\x00-\x1f\x7f]+$/.test(raw), {
    error: `expected ${expected}`,
  });

export const bool = () =>
  z.preprocess(
    (raw) => (raw === "true" ? true : raw === "false" ? false : raw),
    z.boolean({ error: "expected true or false" }),
  );

const COUNT = "expected a whole number, at least 1";

/** A whole number, at least 1. */
export const count = () =>
  z.preprocess(
    (raw) => (typeof raw === "string" && /^\d{1,9}$/.test(raw) ? Number(raw) : raw),
    z.int({ error: COUNT }).min(1, { error: COUNT }),
  );

/** Bytes. */
export const size = () =>
  z.union([z.number(), z.string()], { error: `expected ${SIZE}` }).transform((raw, context) => {
    const bytes = parseSize(String(raw));
    if (bytes === undefined) context.addIssue({ code: "custom", message: `expected ${SIZE}` });
    return bytes ?? 0;
  });

/** Lists are empty where they are not given. */
export const many = <T extends z.ZodType>(item: T) => z.array(item, { error: "expected a list" }).prefault([]);

/** Whether a field of the request is true or false. */
export function isBool(schema: z.ZodType): boolean {
  return innermost(schema) instanceof z.ZodBoolean;
}

/** The schema of the items of a list; `undefined` for fields that are no lists. */
export function itemOf(schema: z.ZodType): z.ZodType | undefined {
  const inner = innermost(schema);
  return inner instanceof z.ZodArray ? (inner.element as z.ZodType) : undefined;
}

function innermost(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return innermost(schema.def.innerType as z.ZodType);
  return schema instanceof z.ZodPipe && schema.def.in instanceof z.ZodTransform
    ? innermost(schema.def.out as z.ZodType)
    : schema;
}
