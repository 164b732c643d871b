import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readGoMod } from "../../../ecosystems/golang/go-mod.ts";

// As the module proxy serves that of cobra v1.8.1.
const COBRA = `module github.com/spf13/cobra

go 1.15

require (
	github.com/cpuguy83/go-md2man/v2 v2.0.4
	github.com/inconshreveable/mousetrap v1.1.0
	github.com/spf13/pflag v1.0.5
	gopkg.in/yaml.v3 v3.0.1
)
`;

test("a minimum for each module", () => {
  expect(readGoMod(COBRA).requires).toEqual([
    { name: "github.com/cpuguy83/go-md2man/v2", range: "v2.0.4" },
    { name: "github.com/inconshreveable/mousetrap", range: "v1.1.0" },
    { name: "github.com/spf13/pflag", range: "v1.0.5" },
    { name: "gopkg.in/yaml.v3", range: "v3.0.1" },
  ]);
});

test("indirect ones too, in blocks and alone, but nothing that other directives name", () => {
  const text = `module "m.example/a" // Deprecated: (see b)
require m.example/b v1.0.0 // indirect
require ()
exclude m.example/x v1.0.0
exclude (
	m.example/y v1.0.0
)
replace m.example/b => m.example/z v1.0.0
tool m.example/tool
require (

	// m.example/comment v1.0.0
	"m.example/c" v2.0.0+incompatible // indirect
	m.example/d v0.0.0-20190101000000-0123456789ab
)
`;
  expect(readGoMod(text.replaceAll("\n", "\r\n")).requires).toEqual([
    { name: "m.example/b", range: "v1.0.0" },
    { name: "m.example/c", range: "v2.0.0+incompatible" },
    { name: "m.example/d", range: "v0.0.0-20190101000000-0123456789ab" },
  ]);
});

test.each([
  ["", false],
  ["go 1.16", false],
  ["go 1.9", false],
  ["go 1.17", true],
  ["go 1.21rc2", true],
  ["go 1.100.1 // later", true],
  ["go 2", true],
  ["require (\n\tgo v1.18.0\n)", false],
])("whether it names all that it needs: %p", (line, expected) => {
  expect(readGoMod(`module m.example/a\n${line}\n`).isPruned).toBe(expected);
});

describe("what is no whole go.mod is refused", () => {
  test.each([
    ["", "names no module"],
    ["module\n", "names no module"],
    ["<html>\n</html>", "names no module"],
    ["module a\nrequire (\n\tb v1.0.0\n", "require block has no end"],
    ["module a\nrequire b", "line 2"],
    ["module a\nrequire (\n\tb\n)", "line 3"],
  ])("%p", (text, reason) => expect(() => readGoMod(text)).toThrow(reason));
  test("any text is read or refused, soon", () => {
    const word = fc.constantFrom(
      "module a",
      "require (",
      "require b v1",
      ")",
      "b v1",
      "//",
      "(",
      '"',
      "\n",
      "\t",
      "exclude (",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string())), (words) => {
        try {
          for (const { name, range } of readGoMod(words.join("\n")).requires) expect(name && range).not.toBe("");
        } catch (error) {
          expect((error as Error).message).not.toBe("");
        }
      }),
    );
    const started = performance.now();
    for (const unit of ["a(\n", "require (\n", "/", '"', " ", "("])
      expect(() => readGoMod(unit.repeat(200_000))).toThrow();
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
