import { SaxesParser } from "saxes";
import { BadRequest } from "../../../lib/errors.ts";
import { KNOWN } from "./document.ts";

/** An element as it begins: names without prefix. */
export interface Element {
  /** Namespace URI; empty for none. */
  uri: string;
  local: string;
  /** By local name. */
  attributes: Readonly<Record<string, string>>;
}

/** Is told of the elements of a document. */
export interface ElementReader {
  open(element: Element, place: string): void;
  /** May come in parts. */
  text(text: string): void;
  close(): void;
  end(): void;
}

/** More than in JSON: in RDF/XML a package is nested four elements deep in the one that depends on it, and so on. */
const DEEPEST = 500;
/** Characters of one tag, text or comment: longer ones are refused before they are held in memory. */
const LONGEST = 1024 * 1024;

/**
 * Reads XML 1.0 with namespaces as it comes; memory does not grow with the document. The root element chooses who is told.
 * A document type declaration is refused: no SBOM needs one, and entities are declared there. Throws BadRequest with line
 * and column.
 */
export class XmlReader {
  readonly #parser = new SaxesParser({ xmlns: true });
  #reader: ElementReader | undefined;
  #depth = 0;
  /** Characters that were read, and where the last tag was among them. */
  #read = 0;
  #known = 0;

  constructor(readerFor: (root: Element) => ElementReader) {
    const parser = this.#parser;
    // Where the parser was faulty once, what it tells is no longer meant by the document.
    parser.on("error", (error) => {
      throw new BadRequest(`is not well-formed XML: ${error.message.replace(/^\d+:\d+: /, "").slice(0, 200)}`);
    });
    parser.on("doctype", () => this.#refuse("has a document type declaration (<!DOCTYPE …>): remove it"));
    parser.on("xmldecl", ({ encoding }) => {
      if (encoding && !/^(utf-?8|us-ascii)$/i.test(encoding))
        this.#refuse(`is declared as ${encoding.slice(0, 40)}: convert it to UTF-8`);
    });
    parser.on("opentag", ({ uri, local, attributes }) => {
      this.#known = this.#read;
      if (++this.#depth > DEEPEST) this.#refuse(`elements are nested more than ${DEEPEST} levels deep`);
      const element = {
        uri,
        local,
        attributes: Object.fromEntries(
          Object.values(attributes).map((attribute) => [attribute.local, attribute.value]),
        ),
      };
      this.#reader ??= readerFor(element);
      this.#reader.open(element, `line ${parser.line}`);
    });
    parser.on("closetag", () => {
      this.#known = this.#read;
      this.#depth--;
      this.#reader!.close();
    });
    parser.on("text", (text) => this.#reader?.text(text));
    parser.on("cdata", (text) => this.#reader?.text(text));
  }

  write(text: string): void {
    this.#read += text.length;
    this.#guarded(() => this.#parser.write(text));
    if (this.#read - this.#known > LONGEST + text.length)
      this.#refuse(`more than ${LONGEST} characters without a whole tag: what is so long holds no SBOM`);
  }

  end(): void {
    this.#guarded(() => this.#parser.close());
    if (!this.#reader) throw new BadRequest(`has no element; ${KNOWN}`);
    this.#reader.end();
  }

  #guarded(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      if (error.message.startsWith("line ")) throw error;
      throw new BadRequest(`line ${this.#parser.line}, column ${this.#parser.column}: ${error.message}`);
    }
  }

  #refuse(problem: string): never {
    throw new BadRequest(`line ${this.#parser.line}: ${problem}`);
  }
}
