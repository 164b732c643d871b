import { FAILSAFE_SCHEMA, loadAll, YAMLException } from "js-yaml";
import { BadRequest, messageOf } from "../../lib/errors.ts";

/** Lockfiles have six levels. */
const DEEPEST = 50;

/**
 * The documents of a YAML text, their scalars as text (so that `1.10` is not a number). Aliases, tags and keys that are there
 * twice are refused: no tool writes them. Throws BadRequest with the line; also for a text that ends within a line, as tools
 * end the last one.
 */
export function readYaml(text: string): unknown[] {
  try {
    const documents = loadAll(text, { schema: FAILSAFE_SCHEMA, maxAliases: 0, maxDepth: DEEPEST });
    if (documents.length > 0 && text.endsWith("\n")) return documents;
  } catch (error) {
    // What it throws of its own has the line; the rest is of memory and stack.
    const { reason = "", mark } = error instanceof YAMLException ? error : {};
    throw new BadRequest(`${mark ? `line ${mark.line + 1}: ` : ""}this is no YAML: ${reason || messageOf(error)}`);
  }
  const line = text.split("\n").length;
  throw new BadRequest(
    `line ${line}: the text ${text === "" ? "is empty" : "ends within a line, so it must be cut off"}`,
  );
}
