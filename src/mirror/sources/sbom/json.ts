import { Tokenizer, TokenizerError, TokenType } from "@streamparser/json";
import { BadRequest } from "../../../lib/errors.ts";
import type { Collector, Scalar } from "./collector.ts";

/** Bytes of one token: longer strings are refused before they are held in memory. */
const LONGEST = 2 * 1024 * 1024;

type Expected = "value" | "value or ]" | "name" | "name or }" | ":" | ", or ]" | ", or }" | "nothing more";

/**
 * Reads JSON (RFC 8259) as it comes; memory does not grow with the document. The tokenizer knows the words, this class
 * the grammar. Throws BadRequest with the offset of the byte.
 */
export class JsonReader {
  readonly #tokenizer = new Tokenizer({ stringBufferSize: 64 * 1024 });
  readonly #collector: Collector;
  /** What is open, outermost first: whether it is an object. */
  readonly #open: boolean[] = [];
  #expected: Expected = "value";
  #offset = 0;
  #read = 0;

  constructor(collector: Collector) {
    this.#collector = collector;
    this.#tokenizer.onToken = ({ token, value, offset }) => {
      this.#offset = offset;
      this.#take(token, value);
    };
  }

  write(text: string): void {
    this.#guarded(() => this.#tokenizer.write(text));
    this.#read += Buffer.byteLength(text);
    if (this.#read - this.#offset > LONGEST)
      throw new BadRequest(
        `byte ${this.#offset}: more than ${LONGEST} bytes without end: a string, or only white space`,
      );
  }

  end(): void {
    if (this.#expected === "nothing more") return;
    throw new BadRequest(
      `the JSON ends at byte ${this.#read}, in the midst of ${this.#collector.place()}: the file is cut off`,
    );
  }

  #guarded(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (error instanceof TokenizerError) throw new BadRequest(`is not JSON: ${error.message.slice(0, 200)}`);
      if (error instanceof BadRequest) throw new BadRequest(`${error.message} (byte ${this.#offset})`);
      throw error;
    }
  }

  #take(token: TokenType, value: Scalar): void {
    const expected = this.#expected;
    const isValue = expected === "value" || expected === "value or ]";
    if (token === TokenType.STRING && (expected === "name" || expected === "name or }")) {
      this.#collector.key(value as string);
      this.#expected = ":";
    } else if (token === TokenType.COLON && expected === ":") this.#expected = "value";
    else if (token === TokenType.COMMA && expected === ", or ]") this.#expected = "value";
    else if (token === TokenType.COMMA && expected === ", or }") this.#expected = "name";
    else if (token === TokenType.LEFT_BRACE && isValue) this.#begin(true);
    else if (token === TokenType.LEFT_BRACKET && isValue) this.#begin(false);
    else if (token === TokenType.RIGHT_BRACE && (expected === ", or }" || expected === "name or }")) this.#finish();
    else if (token === TokenType.RIGHT_BRACKET && (expected === ", or ]" || expected === "value or ]")) this.#finish();
    else if (token >= TokenType.TRUE && isValue) {
      this.#collector.value(value);
      this.#after();
    } else throw new BadRequest(`is not JSON: found ${JSON.stringify(value).slice(0, 40)}, expected ${expected}`);
  }

  #begin(isObject: boolean): void {
    this.#collector.open(isObject ? "object" : "list");
    this.#open.push(isObject);
    this.#expected = isObject ? "name or }" : "value or ]";
  }

  #finish(): void {
    this.#open.pop();
    this.#collector.close();
    this.#after();
  }

  #after(): void {
    const inObject = this.#open.at(-1);
    this.#expected = inObject === undefined ? "nothing more" : inObject ? ", or }" : ", or ]";
  }
}
