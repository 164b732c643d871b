import type { z } from "zod";
import { BadRequest } from "../../../src/lib/errors.ts";

/** A tree as the schema has it; throws BadRequest with the path of the first thing that is otherwise: `package[3].version: …`. */
export function shaped<T>(tree: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const place = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  throw new BadRequest(`${place.replace(/^\./, "") || "the document"}: ${message.replace("Invalid input: ", "")}`);
}

/** Refuses a version of a format that is not known here. `known` holds its first numbers (`1` for 1.0 and 1.1). */
export function expectVersion(what: string, found: string, known: readonly string[]): void {
  const [major = ""] = found.split(".");
  if (!known.includes(major)) throw new BadRequest(`${what} is ${found}; read here: ${known.join(", ")}`);
}
