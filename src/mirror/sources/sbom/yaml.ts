import { BadRequest, messageOf } from "../../../lib/errors.ts";
import { formatSize } from "../../../lib/sizes.ts";
import { parseYaml, yamlPlace } from "../../../lib/yaml.ts";
import type { Collector, Scalar } from "./collector.ts";

/** YAML is held in memory whole: there is no streaming reader of it that is well kept. */
const LONGEST = 20_000_000;

/** Reads a YAML document, once it has all of it. Anchors are refused: no tool writes them, and they can name each other. */
export class YamlReader {
  readonly #collector: Collector;
  readonly #parts: string[] = [];
  readonly #seen = new Set<object>();
  #length = 0;

  constructor(collector: Collector) {
    this.#collector = collector;
  }

  write(text: string): void {
    this.#length += text.length;
    if (this.#length > LONGEST)
      throw new BadRequest(`is YAML of more than ${formatSize(LONGEST)}, the most that is read; convert it to JSON`);
    this.#parts.push(text);
  }

  end(): void {
    const text = this.#parts.join("");
    if (!text.endsWith("\n"))
      throw new BadRequest(
        `line ${text.split("\n").length}: the YAML ends within this line: it is cut off, or lacks its last line break`,
      );
    this.#tell(parsed(text));
  }

  #tell(value: unknown): void {
    if (typeof value !== "object" || value === null) {
      this.#collector.value(value as Scalar);
      return;
    }
    if (this.#seen.has(value))
      throw new BadRequest(`${this.#collector.place()} is an alias of YAML, which is not read`);
    this.#seen.add(value);
    this.#collector.open(Array.isArray(value) ? "list" : "object");
    for (const [key, child] of Object.entries(value)) {
      if (!Array.isArray(value)) this.#collector.key(key);
      this.#tell(child);
    }
    this.#collector.close();
  }
}

function parsed(text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    const place = yamlPlace(text);
    throw new BadRequest(`${place ? `line ${place.line}: ` : ""}is not YAML: ${messageOf(error).slice(0, 200)}`);
  }
}
