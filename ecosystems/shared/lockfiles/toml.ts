import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { BadRequest, messageOf } from "../../../src/lib/errors.ts";
import { shaped } from "./shape.ts";

/** A TOML 1.0 document of a known shape; throws BadRequest with the line, or with the path of what has another shape. */
export function readToml<T>(text: string, schema: z.ZodType<T>): T {
  let tree: unknown;
  try {
    tree = parse(text, { integersAsBigInt: "asNeeded" });
  } catch (error) {
    const [reason] = messageOf(error).replace("Invalid TOML document: ", "").split("\n", 1);
    throw new BadRequest(`${error instanceof TomlError ? `line ${error.line}: ` : ""}this is no TOML: ${reason}`);
  }
  return shaped(tree, schema);
}
