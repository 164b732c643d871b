import type { z } from "zod";
import { BadRequest } from "../../../src/lib/errors.ts";
import { clip } from "./elsewhere.ts";
import { shaped } from "./shape.ts";

/** Levels of objects and lists within each other. */
const DEEPEST = 500;
const CHARACTERS = String.raw`[^"\\\u0000-\u001f]*`;
const STRING = String.raw`"${CHARACTERS}(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})${CHARACTERS})*"`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
const TOKEN = new RegExp(String.raw`[ \t\r\n]*((${STRING})|${NUMBER}|true|false|null|[{}[\],:])?`, "y");

/**
 * A JSON document (RFC 8259) of a known shape. Throws BadRequest with the line for what JSON.parse refuses without one, and
 * for what it takes silently, a key that an object has twice; or with the path of what has another shape.
 * `trailingCommas`: one may stand after the last member of an object or a list.
 */
export function readJson<T>(text: string, schema: z.ZodType<T>, { trailingCommas = false } = {}): T {
  return shaped(new Reader(text, trailingCommas).document(), schema);
}

class Reader {
  readonly #text: string;
  readonly #trailingCommas: boolean;
  #at = 0;

  constructor(text: string, trailingCommas: boolean) {
    this.#text = text;
    this.#trailingCommas = trailingCommas;
  }

  document(): unknown {
    const value = this.#value(this.#next(), 0);
    if (this.#next() !== "") throw this.#error("expected nothing more");
    return value;
  }

  /** Empty where there is none. */
  #next(): string {
    TOKEN.lastIndex = this.#at;
    const token = TOKEN.exec(this.#text)?.[1] ?? "";
    this.#at = TOKEN.lastIndex;
    if (token === "" && this.#at < this.#text.length) throw this.#error("expected JSON");
    return token;
  }

  #value(token: string, depth: number): unknown {
    if (depth > DEEPEST) throw this.#error(`it is nested deeper than ${DEEPEST} levels`);
    if (token === "{") return this.#object(depth);
    if (token === "[") return this.#list(depth);
    if (token === "" || /^[}\],:]$/.test(token)) throw this.#error("expected a value", token);
    return JSON.parse(token);
  }

  #object(depth: number): unknown {
    // Without a prototype, `__proto__` is a key like others.
    const object = Object.create(null) as Record<string, unknown>;
    for (let key = this.#next(), mayEnd = true; !(mayEnd && key === "}"); key = this.#next()) {
      mayEnd = this.#trailingCommas;
      if (!key.startsWith('"')) throw this.#error("expected a key", key);
      const name = JSON.parse(key) as string;
      if (name in object) throw this.#error(`the key ${clip(key)} is there twice`);
      this.#expect(":");
      object[name] = this.#value(this.#next(), depth + 1);
      if (this.#expect(",", "}") === "}") break;
    }
    return object;
  }

  #list(depth: number): unknown {
    const list: unknown[] = [];
    for (let token = this.#next(), mayEnd = true; !(mayEnd && token === "]"); token = this.#next()) {
      mayEnd = this.#trailingCommas;
      list.push(this.#value(token, depth + 1));
      if (this.#expect(",", "]") === "]") break;
    }
    return list;
  }

  #expect(...signs: string[]): string {
    const token = this.#next();
    if (!signs.includes(token)) throw this.#error(`expected ${signs.join(" or ")}`, token);
    return token;
  }

  #error(reason: string, token?: string): BadRequest {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    const found = token === undefined ? "" : `, found ${token === "" ? "the end" : clip(token)}`;
    return new BadRequest(`line ${line}: this is no JSON: ${reason}${found}`);
  }
}
