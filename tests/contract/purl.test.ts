import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatPurl, keyOf, type Purl, parsePurl } from "../../src/contract/purl.ts";
import { BadRequest } from "../../src/lib/errors.ts";

describe("reading", () => {
  const cases: [text: string, purl: Purl][] = [
    ["pkg:npm/is@1.0.0", { type: "npm", name: "is", version: "1.0.0" }],
    ["pkg:npm/%40acme/is@1.0.0", { type: "npm", name: "@acme/is", version: "1.0.0" }],
    ["pkg:npm/@acme/is@1.0.0", { type: "npm", name: "@acme/is", version: "1.0.0" }],
    ["pkg:npm/@acme/is", { type: "npm", name: "@acme/is" }],
    ["pkg:npm/JSONStream@1.3.5", { type: "npm", name: "JSONStream", version: "1.3.5" }],
    ["  pkg:npm/is@^1.0.0\n", { type: "npm", name: "is", version: "^1.0.0" }],
    ["pkg:cargo/core@1.0.0+build", { type: "cargo", name: "core", version: "1.0.0+build" }],
    ["pkg:pypi/acme-tool@1%212.0", { type: "pypi", name: "acme-tool", version: "1!2.0" }],
    [
      "pkg:maven/org.acme/lib@1.0?classifier=sources&type=jar",
      { type: "maven", name: "org.acme/lib", version: "1.0", qualifiers: { classifier: "sources", type: "jar" } },
    ],
    ["pkg:golang/go.example/Acme/lib@v1.0.0", { type: "golang", name: "go.example/Acme/lib", version: "v1.0.0" }],
    [
      "pkg:golang/go.example/lib@v2.0.0%2Bincompatible",
      { type: "golang", name: "go.example/lib", version: "v2.0.0+incompatible" },
    ],
    ["pkg:golang/go.example/lib@v1", { type: "golang", name: "go.example/lib", version: "v1" }],
    [
      "pkg:golang/go.example/lib@v1?a=b#sub",
      { type: "golang", name: "go.example/lib", version: "v1", qualifiers: { a: "b" } },
    ],
    ["pkg:deb/debian/nginx@1:1.18", { type: "deb", name: "debian/nginx", version: "1:1.18" }],
  ];
  test.each(cases)("%p", (text, purl) => expect(parsePurl(text)).toEqual(purl));
  test.each([
    "",
    "pkg:",
    "pkg:npm",
    "pkg:npm/",
    "npm/is",
    "is@1.0.0",
    "pkg:maven/lib@1",
    "pkg:npm/%zz",
    "pkg:npm/@1.0.0",
    "pkg:npm/%40acme/@1.0.0",
    "pkg:pypi/@1.0",
    "pkg:cargo/@1.0.0?a=b",
    "pkg:golang/a.example/@v1.0.0#sub",
    "pkg:golang/a/b@%zz",
    "pkg:gem/jruby-launcher@1.1.2?Platform=java",
    "pkg:npm/a@1?a=b&Arch=x#sub",
  ])("%p is refused, by name and with what is expected", (text) => {
    expect(() => parsePurl(text)).toThrow(BadRequest);
    expect(() => parsePurl(text)).toThrow(`"${text}" is not a package URL: `);
    expect(() => parsePurl(text)).toThrow("Expected pkg:TYPE/NAME[@VERSION].");
  });
  test("whatever the text, nothing but BadRequest is thrown", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((text) => `pkg:golang/a/b@v${text}`),
        ),
        (text) => {
          try {
            expect(parsePurl(text).name).not.toBe("");
          } catch (error) {
            expect(error).toBeInstanceOf(BadRequest);
          }
        },
      ),
    );
  });
});

describe("writing", () => {
  test.each([
    [{ name: "@acme/is", version: "1.0.0" }, "npm", "pkg:npm/%40acme/is@1.0.0"],
    [{ name: "core", version: "1.0.0+build" }, "cargo", "pkg:cargo/core@1.0.0+build"],
    [{ name: "go.example/Acme/lib" }, "golang", "pkg:golang/go.example/Acme/lib"],
    [{ name: "acme-tool", version: "1!2.0" }, "pypi", "pkg:pypi/acme-tool@1!2.0"],
    [{ name: "org.acme/lib", version: "1", qualifiers: { type: "jar" } }, "maven", "pkg:maven/org.acme/lib@1?type=jar"],
  ])("%p of %s", (pkg, id, text) => expect(formatPurl({ id }, pkg)).toBe(text));
  test("the type is not always the plugin's name", () =>
    expect(formatPurl({ id: "debian", purlType: "deb" }, { name: "debian/nginx" })).toBe("pkg:deb/debian/nginx"));
  test("what is written is read again, whatever the names", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9][\w.~%+!-]{0,8}[\w%+!]$/);
    const names = { npm: word.map((name) => `@${name}/${name}`), golang: word.map((name) => `go.example/${name}`) };
    for (const [id, name] of Object.entries(names)) {
      const version = fc.oneof(
        word,
        fc.string({ minLength: 1 }).filter((text) => text.trim() === text),
      );
      fc.assert(
        fc.property(name, version, fc.stringMatching(/^\w[\w .:/+&=-]{0,8}\w$/), (name, version, arch) => {
          const purl = { name, version, qualifiers: { arch } };
          expect(parsePurl(formatPurl({ id }, purl))).toEqual({ type: id, ...purl });
        }),
      );
    }
  });
});

test("the key of a release holds its name and version", () =>
  expect(keyOf({ name: "@acme/is", version: "1.0.0" })).toBe("@acme/is@1.0.0"));

test.each(["express", "@scope/name", "express@4.0.0"])("%s: the likely package URL is named", (text) =>
  expect(() => parsePurl(text)).toThrow(`did you mean pkg:npm/${text}?`),
);

test("a qualifier key in capitals is refused with the key that is meant; values and subpaths may have them", () => {
  expect(() => parsePurl("pkg:gem/a@1?Platform=java")).toThrow(
    "its qualifier Platform is not in lowercase, as keys must be: write platform",
  );
  expect(parsePurl("pkg:gem/a@1?platform=Java&x=A=B#Sub?Dir=1").qualifiers).toEqual({ platform: "Java", x: "A=B" });
});
