import { expect, test } from "bun:test";
import { readSbom } from "../../../src/mirror/sources/sbom/sbom.ts";
import { FORMATS } from "../../support/lockfile-readings.ts";
import { chunked, FIXTURES, fixture, readings, refusal } from "./readings.ts";

const cdx = (rest: string) => `{"bomFormat":"CycloneDX","specVersion":"1.6",${rest}}`;
const xml = (rest: string, prolog = "") => `${prolog}<bom xmlns="http://cyclonedx.org/schema/bom/1.6">${rest}</bom>`;
const tags = (rest: string) => `SPDXVersion: SPDX-2.3\n${rest}`;
const KNOWN = "read here: CycloneDX 1.0–1.7 (JSON, XML), SPDX 2.2 and 2.3";

const TABLE: readonly (readonly [string, string | Uint8Array, string])[] = [
  ["an empty file", "", "bom: is empty; read here"],
  ["white space", " \n\n ", "bom: is empty"],
  ["another text", "hello world", `bom: is no SBOM: it begins with "hello world"; ${KNOWN}`],
  ["another JSON", '{"name":"x","version":"1"}', "no SBOM: neither bomFormat, spdxVersion nor @context is stated"],
  ["a JSON list", "[{}]", "the document is a list, expected an object"],
  ["another XML", "<project xmlns='urn:x'/>", 'is XML of another kind, <project> in "urn:x"'],
  ["another YAML", "name: x\nversion: y\n", "no SBOM: neither bomFormat"],
  ["two formats at once", cdx('"spdxVersion":"SPDX-2.3"'), "is CycloneDX and SPDX 2 at once"],
  ["another bomFormat", '{"bomFormat":"Other","specVersion":"1.6"}', 'bomFormat is "Other"'],
  ["gzip", Bun.gzipSync("{}"), "bom: is compressed with gzip: give it uncompressed"],
  ["zip", Buffer.from("504b030414000000", "hex"), "bom: is a zip file: give what is in it"],
  ["UTF-16 with a mark", Buffer.from("\ufeff{}", "utf16le"), "bom: is UTF-16: convert it to UTF-8"],
  ["UTF-16 without a mark", Buffer.from('{"a":1}', "utf16le"), "seems to be UTF-16"],
  ["Latin-1", Buffer.from('{"a":"caf\u00e9"}', "latin1"), "bom: byte 9 is not UTF-8"],
  ["a cut character", Buffer.from('{"a":"é').subarray(0, 7), "bom: byte 6 is not UTF-8"],
  ["NUL", '{"a":"\0"}', "bom: byte 6 is NUL"],
  [
    "a later CycloneDX",
    '{"bomFormat":"CycloneDX","specVersion":"1.9"}',
    "is CycloneDX 1.9; read here: CycloneDX 1.0, 1.1",
  ],
  ["CycloneDX without version", '{"bomFormat":"CycloneDX"}', "does not state its specVersion"],
  ["a later CycloneDX in XML", "<bom xmlns='http://cyclonedx.org/schema/bom/2.0'/>", "is CycloneDX 2.0; read here"],
  ["a later SPDX", '{"spdxVersion":"SPDX-4.0"}', "is SPDX-4.0; read here: SPDX-2.2, SPDX-2.3 and SPDX 3.0"],
  ["a later SPDX in tags", "SPDXVersion: SPDX-2.1\n", "is SPDX-2.1; read here"],
  [
    "a later JSON-LD",
    '{"@context":"https://spdx.org/rdf/4.0.0/spdx-context.jsonld","@graph":[]}',
    "has the context https://spdx",
  ],
  ["a graph without context", '{"@graph":[]}', "has no @context"],
  [
    "RDF without version",
    "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
    "does not state its spdxVersion",
  ],
  ["an object for a list", cdx('"components":{"a":{"b":1}}'), "components is an object, expected a list of objects"],
  ["a string for a list", cdx('"components":"x"'), "components is a string, expected a list of objects"],
  ["a string for a component", cdx('"components":[{},"x"]'), "components[1] is a string, expected an object"],
  ["a number for a PURL", cdx('"components":[{"purl":1}]'), "components[0].purl is a number, expected a string"],
  ["a list for an object", cdx('"metadata":[]'), "metadata is a list, expected an object"],
  [
    "a name stated twice",
    cdx('"components":[{"purl":"pkg:npm/a","purl":"pkg:npm/b"}]'),
    "components[0].purl is stated twice",
  ],
  ["a list stated twice", cdx('"components":[],"components":[]'), "components is stated twice"],
  ["JSON with a comma too many", cdx('"components":[{},]'), 'bom: is not JSON: found "]", expected value'],
  ["JSON with more after its end", `${cdx('"a":1')} {}`, "is not JSON"],
  ["JSON with comments", "{// no\n}", "bom: is not JSON"],
  ["deep JSON", cdx(`"a":${"[".repeat(100_000)}`), "nested more than 200 levels deep"],
  ["deep components", cdx(`"components":${'[{"components":'.repeat(1000)}`), "nested more than 200 levels deep"],
  ["deep XML", xml("<a>".repeat(2000)), "elements are nested more than 500 levels deep"],
  ["deep components in XML", xml("<components><component>".repeat(300)), "nested more than 200 levels deep"],
  ["a cut YAML", "spdxVersion: SPDX-2.3\npackages: [", "line 2: the YAML ends within this line"],
  ["a wrong YAML", "spdxVersion: SPDX-2.3\npackages:\n- name: a\n- }\n", "bom: line 4: is not YAML: "],
  ["deep YAML", `spdxVersion: SPDX-2.3\npackages: ${"[".repeat(100_000)}\n`, "bom: "],
  [
    "a huge string",
    cdx(`"components":[{"purl":"${"a".repeat(1_100_000)}"}]`),
    "components[0].purl has 1100000 characters",
  ],
  ["a huge string without end", cdx(`"a":"${"a".repeat(5_000_000)}`), "bytes without end"],
  ["a huge text in XML", xml(`<a>${"a".repeat(2_000_000)}</a>`), "more than 1048576 characters without a whole tag"],
  ["a huge line", tags("a".repeat(2_000_000)), "line 2: longer than 1048576 characters"],
  ["a document type", xml("", "<!DOCTYPE bom [<!ENTITY a 'b'>]>"), "line 1: has a document type declaration"],
  ["an entity not declared", xml("<components>&bomb;</components>"), "is not well-formed XML"],
  ["another encoding", xml("", '<?xml version="1.0" encoding="ISO-8859-1"?>'), "is declared as ISO-8859-1: convert it"],
  ["elements crossed", xml("<a><b></a></b>"), "is not well-formed XML: unexpected close tag"],
  ["components twice in XML", xml("<components/><components/>"), "components is stated twice"],
  ["an alias in YAML", "spdxVersion: SPDX-2.3\na: &a [1]\npackages: *a\n", "is an alias of YAML"],
  ["tags without a colon", tags("PackageName lodash\n"), 'line 2: expected "Tag: value", found "PackageName lodash"'],
  ["an open <text>", tags("DocumentComment: <text>so\non\n"), "line 2: <text> is never closed"],
  [
    "a package cut off",
    tags("PackageName: a\nSPDXID: SPDXRef-a\n"),
    "line 2: package a has no PackageDownloadLocation",
  ],
  ["a last line cut off", tags("PackageName: a"), "line 2: the file ends within this line"],
  ["a reference of two words", tags("PackageName: a\nExternalRef: PACKAGE-MANAGER purl\n"), "line 3: expected"],
  [
    "nodes apart in RDF",
    `<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://spdx.org/rdf/terms#">
<Package><externalRef r:nodeID="A0"/></Package></r:RDF>`,
    "line 2: nodes apart (rdf:nodeID, rdf:type) are not read",
  ],
  [
    "a malformed hash",
    cdx('"components":[{"purl":"pkg:npm/a@1","hashes":[{"alg":"SHA-1","content":"xyz"}]}]'),
    'bom: components[0]: "xyz" is not a SHA-1 hash: expected 40 hex digits',
  ],
];

test.each(TABLE)("refuses %s", async (_what, content, message) => {
  expect(await refusal(content, 64 * 1024)).toContain(message);
});

test("tells a place of what is nested deeply by where it begins and ends", async () => {
  const message = await refusal(cdx(`"components":${'[{"components":'.repeat(1000)}`));
  expect(message).toMatch(/^bom: components\[0\]\.components.{30,60} … .{30,60}\] is nested more than 200 levels/);
});

test("tells that what has the name of a lockfile was given as an SBOM", async () => {
  const lock = chunked('{"name":"x","lockfileVersion":3,"packages":{}}');
  const reading = Array.fromAsync(readSbom("package-lock.json", lock, { lockfiles: FORMATS }));
  expect(reading).rejects.toThrow("package-lock.json: it has the name of a lockfile, and was given as an SBOM");
});

test("tells of all malformed package URLs together, up to fifty", async () => {
  const components = Array.from({ length: 60 }, (_, index) => ({ purl: `nonsense-${index}` }));
  const message = await refusal(cdx(`"components":${JSON.stringify([{ purl: "pkg:npm/a@1.0.0" }, ...components])}`));
  expect(message).toStartWith('bom: components[1]: "nonsense-0" is not a package URL');
  expect(message.split("\n")).toHaveLength(51);
  expect(message).toEndWith("bom: and 10 more");
});

test("a reading that is not strict tells of what is malformed, and reads the rest", async () => {
  const hash = [{ alg: "SHA-1", content: "xyz" }];
  const components = [
    { purl: "pkg:npm/a@1.0.0" },
    { purl: "nonsense" },
    { purl: "pkg:npm/@1.0.0" },
    { purl: "pkg:npm/b@1", hashes: hash },
  ];
  expect(await readings(cdx(`"components":${JSON.stringify(components)}`))).toEqual([
    "pkg:npm/a@1.0.0, components[0]",
    expect.stringMatching(
      /^- nonsense: is left out, since it is malformed: "nonsense" is not a package URL.*, components\[1\]$/,
    ) as string,
    expect.stringMatching(/^- pkg:npm\/@1\.0\.0: is left out, .*the name is missing.*, components\[2\]$/) as string,
    '- pkg:npm/b@1: is left out, since it is malformed: "xyz" is not a SHA-1 hash: expected 40 hex digits, components[3]',
  ]);
});

test.each(FIXTURES)("refuses %s wherever it is cut", async (name) => {
  const text = (await fixture(name)).trimEnd();
  const isByLine = /\.(spdx|yaml)$/.test(name);
  const step = Math.ceil(text.length / 300);
  for (let length = 1; length < text.length; length += step) {
    const cut = text.slice(0, length);
    // Formats of lines have no end mark: between two lines, a cut cannot be told.
    if (isByLine && /\s$/.test(cut)) continue;
    expect(`${length}: ${await refusal(cut)}`).not.toStartWith(`${length}: read:`);
  }
});
