/** Reads a file of JavaScript or TypeScript as far as to tell its code from its comments, its texts and its patterns. */

/** After one of these a slash begins a pattern; after anything else it divides. */
const BEFORE_PATTERN =
  /(?:^|[([{,;:=!&|?+\-*%~^<>}]|\b(?:return|typeof|case|in|of|new|delete|void|throw|else|do|instanceof|await|yield))$/;

/** The same text, as long and with the same lines, with blanks in the place of all that is no code. */
export function codeIn(text: string): string {
  return new Reader(text).read();
}

class Reader {
  readonly #text: string;
  #at = 0;
  #code = "";
  /** The last of the code that is no blank. */
  #last = "";

  constructor(text: string) {
    this.#text = text;
  }

  /** Up to the end, or to the brace that closes a part of a template. */
  read(isWithin = false): string {
    for (let open = 0; this.#at < this.#text.length; ) {
      const [character = "", next = ""] = [this.#text[this.#at], this.#text[this.#at + 1]];
      if (character === "/" && next === "/") this.#blank(this.#until(/\n/g));
      else if (character === "/" && next === "*") this.#blank(this.#until(/\*\//g, 2) + 2);
      else if (character === '"' || character === "'") this.#string(character);
      else if (character === "`") this.#template();
      else if (character === "/" && BEFORE_PATTERN.test(this.#last)) this.#pattern();
      else {
        if (character === "{") open++;
        if (character === "}" && isWithin && open-- === 0) break;
        this.#take();
      }
    }
    return this.#code;
  }

  #take(): void {
    const character = this.#text[this.#at++]!;
    this.#code += character;
    if (character.trim() === "") return;
    const isWord = /[\w$]/.test(character);
    // A word goes on only where nothing stood between.
    const goesOn = isWord && /[\w$]$/.test(this.#last) && /[\w$]/.test(this.#code.at(-2) ?? "");
    this.#last = goesOn ? `${this.#last}${character}` : character;
  }

  /** Everything before `end` goes; lines stay. */
  #blank(end: number): void {
    this.#code += this.#text.slice(this.#at, end).replace(/[^\n]/g, " ");
    this.#at = Math.min(end, this.#text.length);
  }

  /** Where a pattern is found next, or the end. */
  #until(pattern: RegExp, skip = 0): number {
    pattern.lastIndex = this.#at + skip;
    return pattern.exec(this.#text)?.index ?? this.#text.length;
  }

  #string(quote: string): void {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== quote && this.#text[end] !== "\n")
      end += this.#text[end] === "\\" ? 2 : 1;
    this.#blank(end + 1);
    this.#last = '"';
  }

  #template(): void {
    this.#blank(this.#at + 1);
    while (this.#at < this.#text.length && this.#text[this.#at] !== "`")
      if (this.#text.startsWith("${", this.#at)) {
        this.#blank(this.#at + 2);
        this.#last = "";
        this.read(true);
        this.#blank(this.#at + 1);
      } else this.#blank(this.#at + (this.#text[this.#at] === "\\" ? 2 : 1));
    this.#blank(this.#at + 1);
    this.#last = '"';
  }

  #pattern(): void {
    let end = this.#at + 1;
    for (let isSet = false; end < this.#text.length && this.#text[end] !== "\n"; end++) {
      const character = this.#text[end];
      if (character === "\\") end++;
      else if (character === "[") isSet = true;
      else if (character === "]") isSet = false;
      else if (character === "/" && !isSet) break;
    }
    this.#blank(end + 1);
    this.#last = '"';
  }
}
