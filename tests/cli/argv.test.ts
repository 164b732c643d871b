import { expect, test } from "bun:test";
import { readArgv, UsageError } from "#src/cli/argv.ts";
import type { Value } from "#src/cli/command.ts";

const options = [
  { flag: "--listen <value>", describe: "" },
  { flag: "--popular <n>", describe: "" },
  { flag: "--dry-run", describe: "" },
  { flag: "--sbom <file...>", describe: "" },
  { flag: "--deps [which]", describe: "" },
];

const understood: [string[], words: string[], flags: Record<string, Value>][] = [
  [[], [], {}],
  [["mirror", "a", "b"], ["mirror", "a", "b"], {}],
  [["-listen", ":8080"], [], { listen: ":8080" }],
  [["--listen=:8080", "x"], ["x"], { listen: ":8080" }],
  [["-listen=a=b"], [], { listen: "a=b" }],
  [["--listen="], [], { listen: "" }],
  [["--popular", "1.10"], [], { popular: "1.10" }],
  [["--popular", "1", "--popular", "2"], [], { popular: "2" }],
  [["--dry-run", "x"], ["x"], { "dry-run": true }],
  [["--dry-run=false"], [], { "dry-run": false }],
  [["-h"], [], { help: true }],
  [["--listen", "-"], [], { listen: "-" }],
  [["-", "--", "--dry-run"], ["-", "--dry-run"], {}],
  [["--sbom", "a", "--sbom=b", "c"], ["c"], { sbom: ["a", "b"] }],
  [["--sbom", "-"], [], { sbom: ["-"] }],
  [["--deps", "all"], ["all"], { deps: true }],
  [["--deps=all"], [], { deps: "all" }],
  [["--unheard-of"], [], { "unheard-of": true }],
];
test.each(understood)("%j", (argv, words, flags) => {
  const read = readArgv(argv, options);
  expect([read.words, Object.fromEntries(read.flags)]).toEqual([words, flags]);
});

const refused: [string[], string][] = [
  [["--listen"], "--listen needs a value"],
  [["--listen", "--dry-run"], "--listen needs a value; write --listen=--dry-run if this is it"],
  [["--dry-run=perhaps"], "--dry-run=perhaps: expected --dry-run, --dry-run=true or --dry-run=false"],
  [["---"], '"---" is not a flag'],
];
test.each(refused)("%j", (argv, message) => expect(() => readArgv(argv, options)).toThrow(new UsageError(message)));
