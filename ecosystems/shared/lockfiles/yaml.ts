import { BadRequest, messageOf } from "../../../src/lib/errors.ts";
import { parseYamlAsText } from "../../../src/lib/yaml.ts";

/** Lockfiles have six levels. */
const DEEPEST = 50;

/**
 * The documents of a YAML text, their scalars as text (so that `1.10` is not a number). Aliases, tags and keys that are there
 * twice are refused: no tool writes them. Throws BadRequest with the line; also for a text that ends within a line, as tools
 * end the last one.
 */
export function readYaml(text: string): unknown[] {
  let documents: unknown[];
  try {
    documents = parseYamlAsText(text, DEEPEST);
  } catch (error) {
    throw new BadRequest(messageOf(error));
  }
  if (documents.length > 0 && text.endsWith("\n")) return documents;
  const line = text.split("\n").length;
  throw new BadRequest(
    `line ${line}: the text ${text === "" ? "is empty" : "ends within a line, so it must be cut off"}`,
  );
}
