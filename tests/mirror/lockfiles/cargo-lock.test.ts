import { expect, test } from "bun:test";
import { cargoLock as format } from "../../../ecosystems/cargo/lockfile-cargo.ts";
import { isItem } from "../../../src/contract/lockfile.ts";
import { fixture, readings, refusal, survivesMutation } from "../../support/lockfile-readings.ts";

const VERSIONS = ["cargo-1.lock", "cargo-2.lock", "cargo-3.lock", "cargo-4.lock"];

test.each(VERSIONS)("reads %s: releases with digests, a repository and folders", async (name) => {
  const text = await fixture(name);
  expect(readings(format, text)).toEqual([
    "- app@1.0.0: is a member of the workspace or a folder on this machine, package[0]",
    "- gitcrate@0.4.0: is from a repository of source code: https://git.example/gitcrate?tag=v1#f79d22b19e4e744d844022096ad8fa98291d03e7, package[1]",
    "pkg:cargo/itoa@0.4.8 1 digests, package[2]",
    "pkg:cargo/itoa@1.0.19 1 digests, package[3]",
    "- localcrate@0.4.0: is a member of the workspace or a folder on this machine, package[4]",
    "pkg:cargo/log@0.4.35 1 digests, package[5]",
    "- member@0.4.0: is a member of the workspace or a folder on this machine, package[6]",
    "pkg:cargo/semver@1.0.28 1 digests, package[7]",
  ]);
  const [first] = Array.from(format.read(text)).filter(isItem);
  expect(first?.digests).toEqual(["sha256:b71991ff56294aa922b450139ee08b3bfc70982c6b2c7562771375cf73542dd4"]);
});

function lock(...packages: string[]): string {
  return ["version = 4", ...packages.map((each) => `[[package]]\n${each}`)].join("\n\n");
}
const crate = (name: string, ...lines: string[]) => [`name = "${name}"`, 'version = "1.0.0"', ...lines].join("\n");
const from = (name: string, source: string) => crate(name, `source = "${source}"`);

test("packages of several registries are read alike", () => {
  const text = lock(
    from("a", "registry+https://private.example/index"),
    from("b", "registry+https://registry.example/index"),
    from("c", "sparse+https://registry.example/index/"),
    from("d", "local-registry+file:///crates"),
    from("e", "future+x"),
  );
  expect(readings(format, text)).toEqual([
    "pkg:cargo/a@1.0.0, package[0]",
    "pkg:cargo/b@1.0.0, package[1]",
    "pkg:cargo/c@1.0.0, package[2]",
    "- d@1.0.0: is a folder: local-registry+file:///crates, package[3]",
    "- e@1.0.0: is from a place of a kind that is not known here: future+x, package[4]",
  ]);
});

test("reads the root of the oldest lockfiles", () => {
  const text = `[root]\nname = "app"\nversion = "0.1.0"\ndependencies = ["a 1.0.0 (registry+https://registry.example/index)"]\n\n[[package]]\n${from("a", "registry+https://registry.example/index")}\n`;
  expect(readings(format, text)).toEqual([
    "pkg:cargo/a@1.0.0, package[0]",
    "- app@0.1.0: is a member of the workspace or a folder on this machine, root",
  ]);
});

const REGISTRY = 'source = "registry+https://registry.example/index"';
const REFUSED: [text: string, message: string | RegExp][] = [
  ["", "it has no packages, so it is no Cargo.lock or cut off"],
  ["version = 5", "version is 5; read here: 1, 2, 3, 4"],
  ["version = 4\n[[package", /^line 2: this is no TOML/],
  ["version = 4\nversion = 4\n", /^line 2: this is no TOML/],
  [lock('name = "a"'), "package[0].version: expected string, received undefined"],
  [lock(crate("a b", REGISTRY)), 'package[0]: "a b" is no name of a crate'],
  [lock('name = "a"\nversion = "^1"\nsource = "registry+x"'), 'package[0]: "^1" is no version of a crate'],
  [lock(crate("a", REGISTRY, 'checksum = "ab"')), 'package[0]: expected 64 hexadecimal digits of sha256, found "ab"'],
  [
    lock(crate("a", 'dependencies = ["b 1.0.0"]')),
    "package[0]: its dependency b 1.0.0 is not in the file, which must be cut off",
  ],
];

test.each(REFUSED)("refuses %#", (text, message) => expect(refusal(format, text)).toMatch(message));

test("does not take a file that ends between packages for a whole one", async () => {
  const text = await fixture("cargo-4.lock");
  expect(refusal(format, text.slice(0, text.indexOf('[[package]]\nname = "semver"')))).toMatch(
    /its dependency semver is not in/,
  );
});

test("is recognized by its comment or its packages' sources", async () => {
  expect(format.recognizes("saved.toml", (await fixture("cargo-4.lock")).replaceAll(/^#.*\n/gm, ""))).toBe(true);
  expect(format.recognizes("saved.toml", await fixture("uv.lock"))).toBe(false);
});

test("survives any mutation", async () => survivesMutation(format, await Promise.all(VERSIONS.map(fixture))));
