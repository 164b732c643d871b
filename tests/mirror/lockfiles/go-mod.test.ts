import { expect, test } from "bun:test";
import { goMod as format } from "../../../ecosystems/golang/lockfile-go-mod.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what go mod tidy writes", async () => {
  expect(readings(format, await fixture("go.mod"))).toEqual([
    "pkg:golang/github.com/spf13/pflag@v1.0.6, line 9",
    "pkg:golang/github.com/BurntSushi/toml@v1.4.0, line 18",
    "- github.com/pkg/errors@v0.0.0-00010101000000-000000000000: is replaced by the folder ./fork, line 19",
    "pkg:golang/github.com/spf13/cobra@v1.8.1, line 20",
    "pkg:golang/rsc.io/quote@v1.5.2, line 21",
    "pkg:golang/github.com/inconshreveable/mousetrap@v1.1.0, line 25",
    "- github.com/spf13/pflag@v1.0.5: is replaced by github.com/spf13/pflag@v1.0.6, line 26",
    "pkg:golang/golang.org/x/text@v0.0.0-20170915032832-14c0d48ead0c, line 27",
    "pkg:golang/golang.org/x/tools@v0.52.0, line 28",
    "pkg:golang/rsc.io/sampler@v1.3.0, line 29",
  ]);
});

const ALL = `// Deprecated: use v2
module "m.example/app" // the path

go 1.24
toolchain go1.24.1
godebug (
	default=go1.21
	panicnil=1
)
require m.example/A v1.2.3 // indirect
require (
	"m.example/b" v0.0.0-20170915032832-14c0d48ead0c
	\`m.example/c\` v2.0.0+incompatible // why
	m.example/d v1.0.0-rc.1
	m.example/e main
	m.example/f v1.0.0
	m.example/f v1.1.0
	m.example/g v1.0.0
	m.example/h v1.0.0

)
replace m.example/f v1.0.0 => fork.example/f v1.0.1
replace (
	m.example/g => ../g
	m.example/unused => "fork.example/unused" v0.1.0
)
exclude m.example/h v1.0.0
retract v1.0.0
retract [v1.0.0, v1.9.9] // broken
retract (
	v0.1.0
	[v0.2.0,v0.3.0]
)
tool golang.example/x/tool
ignore ./testdata
`;

test("understands every directive, in lines and blocks", () => {
  expect(readings(format, ALL)).toEqual([
    "pkg:golang/fork.example/f@v1.0.1, line 22",
    "pkg:golang/fork.example/unused@v0.1.0, line 25",
    "pkg:golang/m.example/A@v1.2.3, line 10",
    "pkg:golang/m.example/b@v0.0.0-20170915032832-14c0d48ead0c, line 12",
    "pkg:golang/m.example/c@v2.0.0+incompatible, line 13",
    "pkg:golang/m.example/d@v1.0.0-rc.1, line 14",
    "- m.example/e@main: states no version: run go mod tidy, line 15",
    "- m.example/f@v1.0.0: is replaced by fork.example/f@v1.0.1, line 16",
    "pkg:golang/m.example/f@v1.1.0, line 17",
    "- m.example/g@v1.0.0: is replaced by the folder ../g, line 18",
    "- m.example/h@v1.0.0: is excluded by this file, line 19",
  ]);
});

const M = "module m.example\n";
const REFUSED: [text: string, message: string | RegExp][] = [
  ["", "this is no whole go.mod: it has no module directive"],
  [`${M}require (\n\tm.example/a v1.0.0\n`, 'line 2: the block "require (" is not closed'],
  [`${M})`, 'line 2: unexpected ")"'],
  [`${M}require m.example/a`, 'line 2: require takes a module and its version, found "m.example/a"'],
  [`${M}require m.example/a v1.0.0 v2.0.0`, /^line 2: require takes/],
  [`${M}exclude m.example/a`, /^line 2: exclude takes/],
  [`${M}replace m.example/a v1.0.0 m.example/b v1.0.0`, /^line 2: expected OLD \[VERSION\] => NEW VERSION/],
  [`${M}replace m.example/a => m.example/b`, /^line 2: expected OLD/],
  [`${M}replace m.example/a => ./b v1.0.0`, /^line 2: expected OLD/],
  [`${M}requires m.example/a v1.0.0`, 'line 2: go.mod files have no directive "requires"'],
  [`${M}require m.example/ä v1.0.0`, 'line 2: "m.example/ä" is no module path'],
  [`${M}require "m.example/a v1.0.0`, /^line 2: .* is not closed$/],
];

test.each(REFUSED)("refuses %j", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its name or its module directive", () => {
  expect(format.recognizes("go.mod", "")).toBe(true);
  expect(format.recognizes("app.mod", M)).toBe(true);
  expect(format.recognizes("app.lock", 'modules = ["a"]')).toBe(false);
});

test("survives any mutation", async () => survivesMutation(format, [await fixture("go.mod"), ALL]));
