/** Writes Ruby's Marshal format 4.8 (https://docs.ruby-lang.org/en/3.4/marshal_rdoc.html), as far as lists of gems need it. */

/** An array, or what is one without being all there at once. */
export type MarshalledList = Iterable<Marshalled> & { readonly length: number };
/** `is`: an object of that class, made of what its `marshal_load` takes. */
export type Marshalled = string | MarshalledList | { is: string; of: Marshalled };

const VERSION = [4, 8];
/** In an instance variable of a string: true where it is UTF-8. */
const ENCODING = "E";
const [ARRAY, OBJECT, STRING, WITH_VARIABLES, SYMBOL, LINK, TRUE] = Array.from('[U"I:;T', (type) => type.charCodeAt(0));

export function marshal(value: Marshalled): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.bytes(VERSION);
  writer.value(value);
  return writer.taken();
}

class Writer {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #size = 0;
  /** A symbol is written once, and then named by the place that it had among all. */
  readonly #symbols = new Map<string, number>();

  value(value: Marshalled): void {
    if (typeof value === "string") {
      this.bytes([WITH_VARIABLES!, STRING!]);
      this.#text(value);
      this.#integer(1);
      this.#symbol(ENCODING);
      this.bytes([TRUE!]);
    } else if ("is" in value) {
      this.bytes([OBJECT!]);
      this.#symbol(value.is);
      this.value(value.of);
    } else {
      this.bytes([ARRAY!]);
      this.#integer(value.length);
      for (const each of value) this.value(each);
    }
  }

  bytes(bytes: readonly number[]): void {
    this.#makeRoom(bytes.length);
    for (const byte of bytes) this.#buffer[this.#size++] = byte;
  }

  taken(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset, this.#size);
  }

  #symbol(name: string): void {
    const known = this.#symbols.get(name);
    this.bytes([known === undefined ? SYMBOL! : LINK!]);
    if (known !== undefined) return this.#integer(known);
    this.#symbols.set(name, this.#symbols.size);
    this.#text(name);
  }

  #text(text: string): void {
    const length = Buffer.byteLength(text);
    this.#integer(length);
    this.#makeRoom(length);
    this.#size += this.#buffer.write(text, this.#size);
  }

  /** Not negative: one byte where it is small, else how many bytes and these, the lowest first. */
  #integer(value: number): void {
    if (value === 0) return this.bytes([0]);
    if (value < 123) return this.bytes([value + 5]);
    const bytes: number[] = [];
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
    this.bytes([bytes.length, ...bytes]);
  }

  #makeRoom(bytes: number): void {
    if (this.#size + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#size + bytes));
    this.#buffer.copy(larger, 0, 0, this.#size);
    this.#buffer = larger;
  }
}
