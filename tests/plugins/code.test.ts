import { expect, test } from "bun:test";
import { codeIn } from "../../src/plugins/code.ts";

/** `§` stands for the dollar of a template. */
const read: readonly [text: string, code: string][] = [
  ['const a = "process"; // Bun', "const a =          ;       "],
  ["x('it\\'s fetch(1)')", "x(                )"],
  ["/* Bun\nDeno */process", "      \n       process"],
  ["`process §{process + `a§{Bun}`} fetch(`;", "           process +     Bun           ;"],
  ["a = /process[/]\\//g.test(b) / c / Bun;", "a =               g.test(b) / c / Bun;"],
  ["return /Bun/; x = y / Bun / z", "return      ; x = y / Bun / z"],
  ['const re = [/`/, /"/]; Bun', "const re = [   ,    ]; Bun"],
  ["`§{{ a: 1 }.a}` + Bun", "   { a: 1 }.a   + Bun"],
  ['"unclosed\nBun', "         \nBun"],
];

test.each(read)("%p", (text, code) => expect(codeIn(text.replaceAll("§", "$"))).toBe(code));

test("of whatever text, it is as long, with the same lines", () => {
  for (const text of ["`", "`${", "/", "/[", '"\\', "/*", "a/**/b", "`${`${"]) {
    expect(codeIn(text).length).toBe(text.length);
    expect(codeIn(`${text}\n`).split("\n").length).toBe(2);
  }
});
