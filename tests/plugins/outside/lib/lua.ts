/** Lua files that hold data: assignments of strings, numbers, booleans and tables to names. No code is run. */

export type Value = string | number | boolean | Table;
/** A table; items of a list have the keys 1, 2, … */
export type Table = Map<string | number, Value>;

const TOKEN =
  /\s+|--\[\[[\s\S]*?\]\]|--[^\n]*|(?<long>\[\[[\s\S]*?\]\])|(?<quoted>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')|(?<number>-?\d[\w.]*)|(?<name>[A-Za-z_]\w*)|(?<mark>[{}[\]=,;])/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** The names that a file assigns. Throws for anything else than such assignments, and for a file that is cut off. */
export function readLua(text: string): Map<string, Value> {
  const tokens = tokensOf(text);
  const found = new Map<string, Value>();
  while (tokens.peek() !== undefined) {
    const name = tokens.take();
    tokens.expect("=");
    found.set(name, readValue(tokens));
    if (tokens.peek() === ";") tokens.take();
  }
  return found;
}

/** The same as Lua. */
export function writeLua(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  return `{${Array.from(value, ([key, each]) => `[${writeLua(key)}]=${writeLua(each)}`).join(",\n")}}`;
}

interface Tokens {
  peek(): string | undefined;
  take(): string;
  expect(mark: string): void;
}

function tokensOf(text: string): Tokens {
  const all: string[] = [];
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw new Error(`no data in Lua: ${JSON.stringify(text.slice(at, at + 40))}`);
    if (match.groups && Object.values(match.groups).some((part) => part !== undefined)) all.push(match[0]);
  }
  let next = 0;
  const take = () => {
    const found = all[next++];
    if (found === undefined) throw new Error("the file is cut off");
    return found;
  };
  const expect = (mark: string) => {
    const found = take();
    if (found !== mark) throw new Error(`expected ${mark}, found ${found.slice(0, 40)}`);
  };
  return { peek: () => all[next], take, expect };
}

function readValue(tokens: Tokens): Value {
  const found = tokens.take();
  if (found === "{") return tableOf(tokens);
  if (found.startsWith("[[")) return found.slice(2, -2).replace(/^\n/, "");
  if (/^["']/.test(found)) return found.slice(1, -1).replace(/\\([\s\S])/g, (_, char: string) => ESCAPES[char] ?? char);
  if (/^-?\d/.test(found)) return Number(found);
  if (found === "true" || found === "false") return found === "true";
  throw new Error(`expected a value, found ${found.slice(0, 40)}`);
}

function tableOf(tokens: Tokens): Table {
  const table: Table = new Map();
  let item = 1;
  while (tokens.peek() !== "}") {
    const first = tokens.peek() ?? "";
    if (first === "[") {
      tokens.take();
      const key = readValue(tokens);
      tokens.expect("]");
      tokens.expect("=");
      if (typeof key === "string" || typeof key === "number") table.set(key, readValue(tokens));
    } else if (/^[A-Za-z_]/.test(first) && first !== "true" && first !== "false") {
      tokens.take();
      tokens.expect("=");
      table.set(first, readValue(tokens));
    } else table.set(item++, readValue(tokens));
    if (tokens.peek() === "," || tokens.peek() === ";") tokens.take();
    else if (tokens.peek() !== "}") throw new Error(`expected } or a comma, found ${tokens.peek() ?? "the end"}`);
  }
  tokens.take();
  return table;
}
