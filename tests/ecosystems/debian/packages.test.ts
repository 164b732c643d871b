import { describe, expect, test } from "bun:test";
import { binariesOf, kindOf, sourcesOf } from "../../../ecosystems/debian/packages.ts";
import { clearTextOf, readRelease, saysTheSame } from "../../../ecosystems/debian/release.ts";
import { fieldsOf, paragraphsOf } from "../../../ecosystems/shared/deb822.ts";

const fixture = (name: string) => Bun.file(`${import.meta.dir}/../../fixtures/debian/${name}`);
const [packages, sources] = await Promise.all(["Packages", "Sources"].map((name) => fixture(name).bytes()));
const signed = await fixture("InRelease").text();
const bytes = (text: string) => new TextEncoder().encode(text);

describe("control files", () => {
  test("fields of several lines", () => {
    expect(fieldsOf("A: 1\nB:\n x\n .\n y\nC-d: e: f\n")).toEqual({ A: "1", B: "\nx\n.\ny", "C-d": "e: f" });
  });
  test("paragraphs, with whatever is between them", () => {
    const all = [...paragraphsOf(bytes("A: 1\n\n\nB: 2\n\nC: 3\n"))];
    expect(all).toEqual([{ A: "1" }, { B: "2" }, { C: "3" }]);
    expect([...paragraphsOf(new Uint8Array())]).toEqual([]);
  });
  test("those that have a text, in order, each once; the first and the last too", () => {
    const text = bytes("P: a\nQ: 1\n\nP: b\n\nP: a\nP: a\n\nP: c\n");
    expect([...paragraphsOf(text, ["\nP: a\n"])].map(({ Q }) => Q)).toEqual(["1", undefined]);
    expect([...paragraphsOf(text, ["\nP: c\n"])]).toEqual([{ P: "c" }]);
    expect([...paragraphsOf(text, ["\nP: d\n"])]).toEqual([]);
  });
  test("one that is cut off is refused", () => {
    expect(() => [...paragraphsOf(bytes("A: 1\nB: 2"))]).toThrow("its last line is not whole");
  });
});

describe("packages", () => {
  test("all, and only those of a name and what stands in for it", () => {
    const names = (only?: string) => Array.from(binariesOf(packages!, only).releases, ({ name }) => name);
    expect(names()).toEqual(["hello", "libstdc++6", "postfix"]);
    expect(names("hello")).toEqual(["hello"]);
    expect(names("mail-transport-agent")).toEqual(["postfix"]);
    expect(names("hello-virtual")).toEqual(["postfix"]);
    expect(names("default")).toEqual([]);
  });
  test("files, requirements with alternatives, what is taken along, what is provided", () => {
    const [, library, mta] = [...binariesOf(packages!).releases];
    expect(library?.files).toEqual([
      {
        path: "/pool/main/g/gcc-14/libstdc++6_14.2.0-19_amd64.deb",
        digest: "sha256:2c1a2b3f1d0f5c0b6f4f7d5f7d1c3b2a0f9e8d7c6b5a49382716051423324151",
        size: 715_652,
        qualifiers: { arch: "amd64" },
      },
    ]);
    expect(library?.requires).toEqual([
      { name: "dpkg", range: ">= 1.17" },
      { name: "gcc-14-base", range: "= 14.2.0-19" },
      { name: "libc6", range: ">= 2.38" },
      { name: "default-mta", range: "", anyOf: [{ name: "mail-transport-agent", range: "" }] },
      { name: "fonts-x", range: "", weak: true },
    ]);
    // Of all architectures: none chooses it.
    expect(mta?.files?.[0]?.qualifiers).toBeUndefined();
    expect(mta?.provides).toEqual([
      { name: "default-mta" },
      { name: "mail-transport-agent", version: "3.9" },
      { name: "hello-virtual" },
    ]);
  });
  test("of sources all files, by the strongest digests", () => {
    const [hello] = [...sourcesOf(sources!).releases];
    expect(hello?.files?.map(({ path, size }) => [path, size])).toEqual([
      ["/pool/main/h/hello/hello_2.10-5.dsc", 1183],
      ["/pool/main/h/hello/hello_2.10.orig.tar.gz", 725_946],
      ["/pool/main/h/hello/hello_2.10.orig.tar.gz.asc", 819],
      ["/pool/main/h/hello/hello_2.10-5.debian.tar.xz", 12_688],
    ]);
  });
  test("what has no name is told by what it says", () => {
    const sums = `${"ab".repeat(32)}  ./netboot/mini.iso\n`;
    const index = "SHA256-Current: x 1\nSHA256-Download:\n";
    const all = [packages!, sources!, bytes(sums), bytes(index), bytes("Package: x\nDescription-en: y\n"), bytes("")];
    expect(all.map(kindOf)).toEqual(["Packages", "Sources", "SHA256SUMS", "Index", undefined, undefined]);
  });
  test("a paragraph without a digest is refused", () => {
    expect(() => [...binariesOf(bytes("Package: x\nVersion: 1\nFilename: x.deb\n")).releases]).toThrow(
      "names no package",
    );
  });
});

describe("release files", () => {
  test("date, and digests by name, the strongest first", () => {
    const { date, files, fields } = readRelease(signed);
    expect([date, fields["Codename"], files.length]).toEqual([Date.UTC(2025, 8, 6, 9, 10, 18), "trixie", 11]);
    expect(files.find(({ name }) => name.endsWith("amd64/Packages.xz"))).toEqual({
      name: "main/binary-amd64/Packages.xz",
      size: 9_714_592,
      digests: [
        "sha256:8c7a2b3f1d0f5c0b6f4f7d5f7d1c3b2a0f9e8d7c6b5a49382716051423324152",
        "md5:4aef9e3b2bcfa290c7c4c57d96614792",
      ],
    });
  });
  test("names that lead elsewhere are left out", () => {
    const hex = "ab".repeat(32);
    expect(
      readRelease(`SHA256:\n ${hex} 1 ../x\n ${hex} 1 /y\n ${hex} 1 a/./b\n ${hex} 1 z\n`).files.map(
        ({ name }) => name,
      ),
    ).toEqual(["z"]);
  });
  test("a signed one says the same as the plain one, and not as another", () => {
    const plain = clearTextOf(signed);
    expect(plain).toStartWith("Origin: Debian\n");
    expect(saysTheSame(signed, plain)).toBe(true);
    expect(saysTheSame(signed, plain.replace("13.1", "13.2"))).toBe(false);
    const escaped = signed.replace("Origin: Debian", "- -Origin: Debian");
    expect(clearTextOf(escaped)).toStartWith("-Origin: Debian\n");
  });
  test.each([["<html>\n"], [""], ["Origin: x\n"], [signed.slice(0, -20)], [signed.slice(0, 400)]])(
    "%# is none",
    (text) => expect(() => readRelease(text)).toThrow(),
  );
});

const INDEX = `Package: hello
Version: 2.10-5
Architecture: amd64
Provides: greeting (= 2)
Depends: libc6 (>= 2.36)
Filename: pool/hello.deb
Size: 5
MD5sum: ${"0".repeat(32)}
`;
const SOURCES = `Package: hello
Version: 2.10-5
Directory: pool
Checksums-Sha256:
 ${"0".repeat(64)} 5 hello.dsc
`;
const RELEASE = `Date: Thu, 01 Jan 2026 00:00:00 UTC
Acquire-By-Hash: yes
No-Support-for-Architecture-all: Packages
MD5Sum:
 ${"0".repeat(32)} 5 main/binary-amd64/Packages
SHA256:
 ${"0".repeat(64)} 5 main/binary-amd64/Packages
`;
/** The names of the fields, and the space before their values. */
const respelled = (text: string, spell: (name: string) => string, gap = " ") =>
  text.replaceAll(/^([\w-]+): ?/gm, (_, name: string) => `${spell(name)}:${gap}`);
const plain = <T>(all: Iterable<T & { requires?: unknown }>) =>
  Array.from(all, (each) => ({ ...each, requires: each.requires }));

test.each([
  ["in capitals", (name: string) => name.toUpperCase(), " "],
  ["in small letters", (name: string) => name.toLowerCase(), " "],
  ["without a space", (name: string) => name, ""],
  ["in small letters without a space", (name: string) => name.toLowerCase(), ""],
] as const)("fields are the same %s", (_, spell, gap) => {
  const other = (text: string) => bytes(respelled(text, spell, gap));
  for (const name of [undefined, "hello", "greeting"]) {
    const found = plain(binariesOf(other(`${INDEX}\n`), name).releases);
    expect(found).toEqual(plain(binariesOf(bytes(`${INDEX}\n`), name).releases));
    expect(found.length).toBe(1);
  }
  for (const name of [undefined, "hello"])
    expect(plain(sourcesOf(other(SOURCES), name).releases)).toEqual(plain(sourcesOf(bytes(SOURCES), name).releases));
  expect([INDEX, SOURCES].map((text) => kindOf(other(text)))).toEqual(["Packages", "Sources"]);
  expect(readRelease(new TextDecoder().decode(other(RELEASE)))).toEqual(readRelease(RELEASE));
});
