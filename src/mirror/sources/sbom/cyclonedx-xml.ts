import { Collector } from "./collector.ts";
import { checkCyclonedx, cyclonedxFields } from "./cyclonedx.ts";
import type { Findings } from "./findings.ts";
import type { Element, ElementReader } from "./xml.ts";

const NAMESPACE = "http://cyclonedx.org/schema/bom/";

export function isCyclonedx({ uri, local }: Element): boolean {
  return local === "bom" && uri.startsWith(NAMESPACE);
}

/** Reads CycloneDX in XML: the same fields as in JSON, as attributes and elements. Elements of other namespaces are passed over. */
export class CyclonedxXmlReader implements ElementReader {
  readonly #collector: Collector;
  readonly #namespace: string;
  /** What is open, and how it is told to the collector. */
  readonly #open: ("object" | "list" | "text")[] = [];
  #passed = 0;
  #text = "";

  constructor(root: Element, findings: Findings) {
    checkCyclonedx(root.uri.slice(NAMESPACE.length).replace(/\/$/, ""));
    this.#namespace = root.uri;
    this.#collector = new Collector({ fields: cyclonedxFields(findings) });
  }

  open(element: Element): void {
    const parent = this.#open.at(-1);
    if (this.#passed > 0 || parent === "text" || element.uri !== this.#namespace) {
      this.#passed++;
      return;
    }
    if (parent === "object") this.#collector.key(element.local);
    const { expected } = this.#collector;
    if (expected === undefined) this.#passed++;
    else if (typeof expected === "string") this.#begin("text");
    else if ("list" in expected) {
      this.#begin("list");
      this.#collector.open("list");
    } else this.#beginObject(element);
  }

  text(text: string): void {
    if (this.#passed === 0) this.#text += text;
  }

  close(): void {
    if (this.#passed > 0) {
      this.#passed--;
      return;
    }
    const kind = this.#open.pop();
    const text = this.#text.trim();
    this.#text = "";
    const field = this.#collector.shape?.text;
    if (kind === "text") this.#collector.value(text);
    else {
      if (kind === "object" && field !== undefined) this.#tell(field, text);
      this.#collector.close();
    }
  }

  end(): void {
    // The parser saw to it that every element was closed.
  }

  #beginObject({ attributes }: Element): void {
    this.#begin("object");
    this.#collector.open("object");
    for (const [name, value] of Object.entries(attributes)) this.#tell(name, value);
  }

  #begin(kind: "object" | "list" | "text"): void {
    this.#open.push(kind);
    this.#text = "";
  }

  #tell(name: string, value: string): void {
    this.#collector.key(name);
    // An attribute may have the name of a list: `<bom version="1">` is none, but nothing forbids `components="x"`.
    if (this.#collector.expected) this.#collector.value(value);
  }
}
