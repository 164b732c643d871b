import { expect, test } from "bun:test";
import { goSum as format } from "../../../ecosystems/golang/lockfile-go-sum.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

test("reads what go mod tidy writes", async () => {
  expect(readings(format, await fixture("go.sum"))).toEqual([
    "pkg:golang/github.com/BurntSushi/toml@v1.4.0 2 digests, line 1",
    "pkg:golang/github.com/cpuguy83/go-md2man/v2@v2.0.4?type=mod 1 digests, line 3",
    "pkg:golang/github.com/inconshreveable/mousetrap@v1.1.0 2 digests, line 4",
    "pkg:golang/github.com/russross/blackfriday/v2@v2.1.0?type=mod 1 digests, line 6",
    "pkg:golang/github.com/spf13/cobra@v1.8.1 2 digests, line 7",
    "pkg:golang/github.com/spf13/pflag@v1.0.6 2 digests, line 9",
    "pkg:golang/golang.org/x/mod@v0.42.0 2 digests, line 11",
    "pkg:golang/golang.org/x/sync@v0.24.0 2 digests, line 13",
    "pkg:golang/golang.org/x/text@v0.0.0-20170915032832-14c0d48ead0c 2 digests, line 15",
    "pkg:golang/golang.org/x/tools@v0.52.0 2 digests, line 17",
    "pkg:golang/gopkg.in/check.v1@v0.0.0-20161208181325-20d25e280405?type=mod 1 digests, line 19",
    "pkg:golang/gopkg.in/yaml.v3@v3.0.1?type=mod 1 digests, line 20",
    "pkg:golang/rsc.io/quote@v1.5.2 2 digests, line 21",
    "pkg:golang/rsc.io/sampler@v1.3.0 2 digests, line 23",
  ]);
});

const SUM = `h1:${"A".repeat(43)}=`;
const OTHER = `h1:${"B".repeat(43)}=`;

test("a version has the sums of its zip and its go.mod, in whatever order", () => {
  const lines = [`m.example/A v1.0.0/go.mod ${SUM}`, "", `m.example/A v1.0.0 ${OTHER}`, `m.example/A v1.1.0 h2:future`];
  expect<unknown>(Array.from(format.read(`${lines.join("\r\n")}\r\n`))).toEqual([
    { purl: { type: "golang", name: "m.example/A", version: "v1.0.0" }, place: "line 3", digests: [SUM, OTHER] },
    { purl: { type: "golang", name: "m.example/A", version: "v1.1.0" }, place: "line 4" },
  ]);
});

test("reads an empty file", () => expect(readings(format, "\n")).toEqual([]));

const REFUSED: [text: string, message: string | RegExp][] = [
  [
    `m.example v1.0.0 ${SUM}\nm.example v1.1`,
    'line 2: expected a module, its version and h1:SUM, found "m.example v1.1"',
  ],
  ["m.example v1.0.0 h1:AAAA", 'line 1: "h1:AAAA" is no whole h1 sum of 44 characters'],
  [`m.example v1.0.0 ${SUM} more`, /^line 1: expected/],
  [`m.example latest ${SUM}`, /^line 1: expected/],
  ["{}", /^line 1: expected/],
];

test.each(REFUSED)("refuses %j", (text, message) => expect(refusal(format, text)).toMatch(message));

test("is recognized by its name or its first line", async () => {
  expect(format.recognizes("go.work.sum", "")).toBe(true);
  expect(format.recognizes("sums", await fixture("go.sum"))).toBe(true);
  expect(format.recognizes("sums", "six==1.0")).toBe(false);
});

test("survives any mutation", async () => survivesMutation(format, [await fixture("go.sum")]));
