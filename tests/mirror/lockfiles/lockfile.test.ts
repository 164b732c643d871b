import { expect, test } from "bun:test";
import { isItem } from "../../../src/contract/lockfile.ts";
import { readLockfile } from "../../../src/mirror/sources/lockfiles.ts";
import { FORMATS, fixture } from "../../support/lockfile-readings.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const names = (name: string, of: Uint8Array) =>
  Array.from(readLockfile(name, of, FORMATS), (entry) => (isItem(entry) ? entry.purl.name : entry.what));

const KNOWN: [fixture: string, named: string][] = [
  ["uv.lock", "pypi"],
  ["poetry-1.1.lock", "pypi"],
  ["poetry-2.1.lock", "pypi"],
  ["pdm-4.1.lock", "pypi"],
  ["pdm-4.5.lock", "pypi"],
  ["pylock.pdm.toml", "pypi"],
  ["Pipfile.lock", "pypi"],
  ["package-lock-v1.json", "npm"],
  ["package-lock-v2.json", "npm"],
  ["package-lock-v3.json", "npm"],
  ["pnpm-lock-5.4.yaml", "npm"],
  ["pnpm-lock-9.0-two-documents.yaml", "npm"],
  ["yarn-classic.lock", "npm"],
  ["yarn-berry-6.lock", "npm"],
  ["bun-2.lock", "npm"],
  ["cargo-1.lock", "cargo"],
  ["cargo-4.lock", "cargo"],
  ["gemfile-2.3.lock", "gem"],
  ["gemfile-2.6.lock", "gem"],
  ["go.sum", "golang"],
  ["go.mod", "golang"],
  ["maven-list.log", "maven"],
  ["maven-tree-file.txt", "maven"],
  ["requirements-uv.txt", "pypi"],
  ["packages.lock.json", "nuget"],
  ["Chart.lock", "helm,oci"],
];

test.each(KNOWN)("knows %s by its content", async (name, type) => {
  const entries = [...readLockfile("folder/saved.txt", bytes(await fixture(name)), FORMATS)];
  const types = new Set(entries.flatMap((entry) => (isItem(entry) ? [entry.purl.type] : [])));
  expect([...types].join()).toBe(type);
});

test("a name counts more than the content", () => {
  expect(() => names("C:\\app\\poetry.lock", bytes("six==1.16.0"))).toThrow(
    /^C:\\app\\poetry\.lock: line 1: this is no TOML/,
  );
});

test("places tell the file", () => {
  const [entry] = readLockfile("app/requirements.txt", bytes("six==1.16.0"), FORMATS);
  expect(entry?.place).toBe("app/requirements.txt: line 1");
});

test("says which formats are known", () => {
  expect(() => names("notes.md", bytes("# Notes"))).toThrow(/^notes\.md is no lockfile .*poetry\.lock \(1, 2\), /);
});

test.each([
  ["bom.json", '{"bomFormat":"CycloneDX","specVersion":"1.6"}'],
  ["bom.xml", '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>'],
  ["x.spdx", "SPDXVersion: SPDX-2.3\n"],
  ["x.yaml", "spdxVersion: SPDX-2.3\n"],
])("tells that %s is an SBOM", (name, text) => {
  expect(() => names(name, bytes(text))).toThrow(`${name} is an SBOM, and was given as a lockfile`);
});

test("reads text with a byte order mark", () => {
  expect(names("requirements.txt", bytes("\ufeffsix==1.16.0"))).toEqual(["six"]);
  const utf16 = Buffer.from("\ufeffsix==1.16.0\r\nten==2\r\n", "utf16le");
  expect(names("requirements.txt", utf16)).toEqual(["six", "ten"]);
  expect(names("requirements.txt", Buffer.from(utf16).swap16())).toEqual(["six", "ten"]);
});

test("refuses what no tool writes", () => {
  expect(() => names("go.sum", bytes("a\nb\0"))).toThrow("go.sum: line 2: this is NUL, which text does not hold");
  expect(() => names("yarn.lock", bytes("a:\n<<<<<<< HEAD\n"))).toThrow(
    "yarn.lock: line 2: this is a conflict that git could not merge; settle it first",
  );
});

test("tells where bytes are no text", () => {
  expect(() => names("requirements.txt", Uint8Array.of(0x61, 0x0a, 0xff))).toThrow(
    "requirements.txt: line 2: this is no UTF-8 text",
  );
  expect(() => names("go.sum", Uint8Array.of(0xff, 0xfe, 0x00))).toThrow("go.sum: line 1: this is no UTF-16LE text");
});
