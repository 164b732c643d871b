/**
 * YAML as everything here reads it. Bun's reader is many times faster than js-yaml, and does not say where a text is wrong; js-yaml
 * does, and can leave scalars as they are written.
 */
import { FAILSAFE_SCHEMA, loadAll, YAMLException } from "js-yaml";

/** Where a text is no YAML, counted from 1, and why. */
export interface YamlPlace {
  line: number;
  column: number;
  reason: string;
}

/** The value of a text, or the list of its documents where it has several. Throws Bun's error; `yamlPlace` finds the place. */
export function parseYaml(text: string): unknown {
  return Bun.YAML.parse(text);
}

/** The place of the first mistake in a text; `undefined` where js-yaml finds none. */
export function yamlPlace(text: string): YamlPlace | undefined {
  try {
    loadAll(text, { schema: FAILSAFE_SCHEMA });
    return undefined;
  } catch (error) {
    if (!(error instanceof YAMLException) || !error.mark) return undefined;
    const { mark, reason } = error;
    return { line: mark.line + 1, column: mark.column + 1, reason };
  }
}

/**
 * The documents of a text, their scalars as they are written (so that `1.10` is not a number). Aliases, tags, keys that are there
 * twice and more levels than `maxDepth` are refused. Throws Error, with the line where there is one.
 */
export function parseYamlAsText(text: string, maxDepth: number): unknown[] {
  try {
    return loadAll(text, { schema: FAILSAFE_SCHEMA, maxAliases: 0, maxDepth });
  } catch (error) {
    // What it throws of its own has the line; the rest is of memory and stack.
    const { reason = "", mark } = error instanceof YAMLException ? error : {};
    const place = mark ? `line ${mark.line + 1}: ` : "";
    throw new Error(`${place}this is no YAML: ${reason || (error as Error).message}`);
  }
}
