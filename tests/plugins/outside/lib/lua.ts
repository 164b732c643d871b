/** Data in Lua, as manifests and rockspecs hold it: names that are given values. Nothing is run; `..` and earlier names are understood. */

export type Lua = string | number | boolean | undefined | LuaTable;
/** Items without a key have 1, 2, … */
export type LuaTable = Map<string | number, Lua>;

const SPACE = /(?:\s+|--\[\[[^\]]*(?:\](?!\])[^\]]*)*\]\]|--(?!\[\[)[^\n]*)*/y;
const TOKEN =
  /\[\[[^\]]*(?:\](?!\])[^\]]*)*\]\]|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|[A-Za-z_]\w*|-?\d[\w.]*|\.\.|[{}[\]=,;]/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" };

/** The global names and their values. Throws where the text is cut off, or does more than to state data. */
export function readLua(text: string): LuaTable {
  const tokens = tokensOf(text.replace(/^#[^\n]*/, ""));
  const globals: LuaTable = new Map();
  const locals: LuaTable = new Map();
  let at = 0;

  while (at < tokens.length) {
    if (took(";")) continue;
    const scope = took("local") ? locals : globals;
    const name = next();
    if (!isName(name)) throw new Error(`found ${name} where Lua data has a name`);
    expect("=");
    scope.set(name, value());
  }
  return globals;

  function value(): Lua {
    let found = single();
    while (took("..")) found = `${textOf(found)}${textOf(single())}`;
    return found;
  }

  function single(): Lua {
    const token = next();
    if (token === "{") return table();
    if (token === "true" || token === "false") return token === "true";
    if (token === "nil") return undefined;
    if (/^["']/.test(token)) return unquoted(token.slice(1, -1));
    if (token.startsWith("[[")) return token.slice(2, -2).replace(/^\r?\n/, "");
    if (/^-?\d/.test(token)) return Number(token);
    if (locals.has(token)) return locals.get(token);
    if (globals.has(token)) return globals.get(token);
    throw new Error(`found ${token} where Lua data has a value`);
  }

  function table(): LuaTable {
    const entries: LuaTable = new Map();
    for (let item = 1; !took("}"); ) {
      const [head, follower] = [tokens[at] ?? "", tokens[at + 1]];
      if (took("[")) {
        const key = single();
        if (typeof key !== "string" && typeof key !== "number")
          throw new Error("a key of a Lua table is neither text nor a number");
        expect("]");
        expect("=");
        entries.set(key, value());
      } else if (isName(head) && follower === "=") {
        at += 2;
        entries.set(head, value());
      } else entries.set(item++, value());
      if (tokens[at] !== "}" && !took(",")) expect(";");
    }
    return entries;
  }

  function next(): string {
    const token = tokens[at++];
    if (token === undefined) throw new Error("Lua data is cut off");
    return token;
  }
  function took(token: string): boolean {
    if (tokens[at] !== token) return false;
    at++;
    return true;
  }
  function expect(token: string): void {
    const found = next();
    if (found !== token) throw new Error(`found ${found} where Lua data has ${token}`);
  }
}

/** A value as a Lua expression, indented as LuaRocks does it. */
export function writeLua(value: Lua, indent = ""): string {
  if (!(value instanceof Map)) return typeof value === "string" ? quoted(value) : String(value ?? "nil");
  if (value.size === 0) return "{}";
  const inner = `${indent}   `;
  const entries = [...value].map(([key, held]) => {
    const name = typeof key === "number" ? "" : isName(key) ? `${key} = ` : `[${quoted(key)}] = `;
    return `${inner}${name}${writeLua(held, inner)}`;
  });
  return `{\n${entries.join(",\n")}\n${indent}}`;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; ; ) {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)?.[0].length ?? 0;
    if (at === text.length) return tokens;
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) throw new Error(`no Lua data: ${JSON.stringify(text.slice(at, at + 30))}`);
    tokens.push(token);
    at += token.length;
  }
}

const KEYWORDS = new Set([
  "and",
  "break",
  "do",
  "else",
  "elseif",
  "end",
  "false",
  "for",
  "function",
  "if",
  "in",
  "local",
]);
for (const word of ["nil", "not", "or", "repeat", "return", "then", "true", "until", "while", "goto"])
  KEYWORDS.add(word);

function isName(token: string): boolean {
  return /^[A-Za-z_]\w*$/.test(token) && !KEYWORDS.has(token);
}

function textOf(value: Lua): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new Error("only texts and numbers are joined in Lua data");
}

function unquoted(text: string): string {
  return text.replace(/\\(\d{1,3}|[\s\S])/g, (_, what: string) =>
    /^\d/.test(what) ? String.fromCharCode(Number(what)) : (ESCAPES[what] ?? what),
  );
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"\n\r\0]/g, (char) => (char === "\\" || char === '"' ? `\\${char}` : `\\${char.charCodeAt(0)}`))}"`;
}
