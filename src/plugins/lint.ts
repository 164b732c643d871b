/**
 * What a plugin must not name: anything by which it could act rather than describe. A lint over the file and those beside it
 * that it imports, which tells honest authors of a mistake. It is no sandbox: code from outside is trusted code.
 */
import { dirname, resolve } from "node:path";
import type { PluginSource } from "../config/plugin-source.ts";
import { codeIn } from "./code.ts";
import { CONTRACT_MODULE, PROVIDED } from "./provided.ts";
import { importsOf } from "./source.ts";

const CLOCK = "a plugin has no clock: what it says depends on the document alone";
const IO = "a plugin does no I/O: it describes, the program acts";
const HIDDEN = "all that a plugin imports is named at the top of its file";

/** What must not stand in the code, and why. */
const NAMES: readonly [RegExp, string][] = [
  [/(?<![.\w])(?:fetch|XMLHttpRequest|WebSocket|EventSource|Worker)\s*\(/g, IO],
  [/(?<![.\w$])(?:Bun|Deno|process|globalThis|navigator)\b(?!\s*[:(])/g, IO],
  [/(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(/g, IO],
  [/\bDate\.now\s*\(|\bnew Date(?:\(\s*\)|(?=\s*[;,)\]]))|(?<![.\w])performance\./g, CLOCK],
  [/\bMath\.random\b|(?<![.\w])crypto\./g, "a plugin has no chance: the same document always says the same"],
  [/(?<![.\w])(?:import|require)\s*\(|\bimport\.meta\b/g, HIDDEN],
  [/(?<![.\w])(?:eval|Function)\s*\(/g, "a plugin makes no code"],
];

/** `FILE:LINE: …`, for each breach. */
export function lint({ texts }: PluginSource): string[] {
  return Object.entries(texts).flatMap(([file, text]) => {
    const code = codeIn(text);
    const named = NAMES.flatMap(([pattern, why]) =>
      Array.from(code.matchAll(pattern), ({ 0: found, index }) => `${at(file, code, index)}: names ${found}: ${why}`),
    );
    return [...importedWrongly(file, text, texts), ...named];
  });
}

function importedWrongly(file: string, text: string, texts: PluginSource["texts"]): string[] {
  const known = Object.keys(PROVIDED);
  return importsOf(file, text)
    .filter((name) => (name.startsWith(".") ? !(resolve(dirname(file), name) in texts) : !known.includes(name)))
    .map((name) => {
      const place = at(file, text, text.search(new RegExp(`["']${RegExp.escape(name)}["']`)));
      return `${place}: imports "${name}"; expected ${CONTRACT_MODULE} or ${known.slice(1).join(", ")}, or a file beside it`;
    });
}

/** `FILE:LINE` of an offset. */
export function at(file: string, text: string, offset: number): string {
  return offset < 0 ? file : `${file}:${text.slice(0, offset).split("\n").length}`;
}
