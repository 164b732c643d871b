/**
 * What the API takes never stops the server: of 64 KB, which are read on its thread, every reader is done in moments, whatever the
 * bytes are. Long runs, deep nesting, many lines, aliases that lead back to themselves.
 */
import { describe, expect, test } from "bun:test";
import { parsePurl } from "../../src/contract/purl.ts";
import { INLINE } from "../../src/http/api/mirror-request.ts";
import { readImages } from "../../src/mirror/sources/images.ts";
import { readLockfile } from "../../src/mirror/sources/lockfiles.ts";
import { readSbom } from "../../src/mirror/sources/sbom/sbom.ts";
import { failure } from "../support/engine.ts";
import { FORMATS } from "../support/lockfile-readings.ts";

/** Milliseconds of processor time. What is not linear takes minutes. */
const MOMENTS = 1_000;

const UNITS = [
  ...Array.from("\n \t[]{}\"'\\#/@%<;=,-_1aé\0|"),
  ...'\r\n\f \n\fa.\fa \fa:\n\f- \f-\n\f #\f${a-\f((\f//\f@a\f==\fa==1 \\\n\f--hash=sha256:aa \f  a b:\n\f"a":\f{"a":\f[{\f<a>'.split(
    "\f",
  ),
  ..."<!--\f&a \f*a \fa: &a [*a]\n\f%20\fa@\f?a=b&\fGEM\n\f[[package]]\n\fname = [\frequire (\n\fh1:".split("\f"),
  ..."a:b:jar:1:compile\n\f0.\f>=1 \f||\fkind:\n\fapiVersion\n".split("\f"),
];
const LOCKFILES: Record<string, string> = {
  "package-lock.json": '{"lockfileVersion":3,"packages":',
  "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
  "yarn.lock": "# yarn lockfile v1\n\n",
  "bun.lock": '{"lockfileVersion":1,"packages":',
  "requirements.txt": "a==1 ",
  "poetry.lock": "[[package]]\n",
  "uv.lock": "version = 1\n[[package]]\nname = ",
  "pdm.lock": "[metadata]\n",
  "Pipfile.lock": "{",
  "pylock.toml": 'lock-version = "1.0"\n',
  "Cargo.lock": "version = 4\n",
  "Gemfile.lock": "GEM\n  remote: https://gems.example/\n  specs:\n    ",
  "go.mod": "module a\n\nrequire (\n",
  "go.sum": "a v1.0.0 ",
  "dependencies.txt": "[INFO] The following files have been resolved:\n[INFO]    ",
  "gradle.lockfile": "# This is a Gradle generated file\n",
  "packages.lock.json": "{",
  "Chart.lock": "dependencies:\n",
};
const SBOMS = [
  "",
  '{"bomFormat":"CycloneDX","specVersion":"1.5","components":',
  "SPDXVersion: SPDX-2.3\n",
  '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>',
  "spdxVersion: SPDX-2.3\npackages:\n",
];

const filled = (head: string, unit: string) =>
  `${head + unit.repeat(Math.ceil((INLINE - head.length) / unit.length))}\n!`;
const bytes = (text: string) => new TextEncoder().encode(text);

async function spentOn(read: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await failure(Promise.try(read));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const drained = (found: Iterable<unknown>) => void [...found];

const readers: [string, readonly string[], (text: string) => unknown][] = [
  ...Object.entries(LOCKFILES).map(
    ([name, head]) =>
      [
        name,
        ["", head],
        (text: string) => drained(readLockfile(name, bytes(text), FORMATS)),
      ] as (typeof readers)[number],
  ),
  ["images", ["", "kind: Pod\n", "services:\n  a: { image: "], (text) => drained(readImages("images", bytes(text)))],
  ["a package URL", ["", "pkg:npm/", "pkg:npm/a@", "pkg:npm/a?"], (text) => parsePurl(text)],
  ["an SBOM", SBOMS, (text) => Array.fromAsync(readSbom("sbom", streamed(bytes(text))))],
];

async function* streamed(all: Uint8Array): AsyncGenerator<Uint8Array> {
  yield all;
}

describe("64 KB of anything", () => {
  test.each(readers)(
    "%s",
    async (_, heads, read) => {
      for (const head of heads)
        for (const unit of UNITS) {
          const spent = await spentOn(() => read(filled(head, unit)));
          expect([head, unit, spent < MOMENTS ? "soon" : spent]).toEqual([head, unit, "soon"]);
        }
    },
    120_000,
  );
});

const bombs: [string, string, RegExp][] = [
  ["an alias that leads back to itself", "kind: Pod\na: &a [*a]\n", /expected at most 100 levels/],
  [
    "aliases that stand for more than is written",
    `kind: Pod\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}*a${n}]`).join("\n")}\n`,
    /Excessive aliasing|expected at most 100 levels and 1000000 values/,
  ],
  ["a long reference", `${"a/".repeat(10_000)}b\n`, /expected at most 1000/],
];
test.each(bombs)("of images: %s", async (_, text, message) => {
  const error = await failure(Promise.try(() => drained(readImages("images", bytes(text)))));
  expect((error as Error).message).toMatch(message);
});
