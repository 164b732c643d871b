import { expect, test } from "bun:test";
import { entriesOf, FIXTURES, fixture, readings } from "./readings.ts";

const LODASH = "pkg:npm/lodash@4.17.21 sha512:abababab";
const REQUESTS = "pkg:pypi/requests@2.31.0 sha256:01234567";
// What SBOM tools call the SHA-256 of a Go module is its h1 sum.
const TEXT = "pkg:golang/golang.org/x/text@v0.3.7 sha256:01234567 h1:ASNFZ4mr";
const DESCRIBED = "- acme-app@1.2.0: is what the document describes";
const VENDORED = "- vendored@1.0: has no package URL";

const CYCLONEDX = [
  `${DESCRIBED}, metadata.component`,
  `${LODASH}, components[0]`,
  "pkg:npm/semver@6.3.1, components[1].components[0]",
  "pkg:npm/%40babel/core@7.24.0 sha1:da39a3ee, components[1]",
  `${REQUESTS}, components[2]`,
  "pkg:golang/golang.org/x/text@v0.3.7, components[3]",
  "- debian@12: has no package URL, components[4]",
  "pkg:maven/com.google.guava/guava@33.0.0-jre, components[5]",
];

const SPDX_JSON = [
  `${LODASH}, packages[0]`,
  `${REQUESTS} sha1:da39a3ee, packages[1]`,
  `${TEXT}, packages[2]`,
  `${VENDORED}, packages[3]`,
  `${DESCRIBED}, packages[4]`,
];

const SPDX_YAML = [
  `${DESCRIBED}, packages[0]`,
  `${LODASH}, packages[1]`,
  `${REQUESTS} sha1:da39a3ee, packages[2]`,
  `${TEXT}, packages[3]`,
  `${VENDORED}, packages[4]`,
];

const TAG_VALUE = [
  `${DESCRIBED}, line 16`,
  `${LODASH}, line 30`,
  `${REQUESTS} sha1:da39a3ee, line 45`,
  `${TEXT}, line 61`,
  `${VENDORED}, line 76`,
];

// Packages within the relationships of others end before these.
const RDF = [
  `${LODASH}, line 29`,
  `${REQUESTS} sha1:da39a3ee, line 61`,
  `${DESCRIBED}, line 7`,
  `${TEXT}, line 98`,
  `${VENDORED}, line 123`,
];

const SPDX_3 = [`${DESCRIBED}, @graph[3]`, `${LODASH}, @graph[4]`, `${REQUESTS}, @graph[5]`, `${VENDORED}, @graph[6]`];

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  // 1.0 had neither metadata nor references, 1.1 no metadata.
  "cyclonedx-1.0.xml": CYCLONEDX.slice(1, -1),
  "cyclonedx-1.1.xml": CYCLONEDX.slice(1),
  ...Object.fromEntries(
    ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"].flatMap((version) => [
      [`cyclonedx-${version}.json`, CYCLONEDX],
      [`cyclonedx-${version}.xml`, CYCLONEDX],
    ]),
  ),
  ...Object.fromEntries(
    ["2.2", "2.3"].flatMap((version) => [
      [`spdx-${version}.json`, SPDX_JSON],
      [`spdx-${version}.yaml`, SPDX_YAML],
      [`spdx-${version}.spdx`, TAG_VALUE],
      [`spdx-${version}.rdf`, RDF],
    ]),
  ),
  "spdx-3.0.0.json": SPDX_3,
  "spdx-3.0.1.json": SPDX_3,
};

test("every fixture has expectations", () => {
  expect(Object.keys(EXPECTED).toSorted()).toEqual([...FIXTURES]);
});

test.each(FIXTURES)("reads %s, however it is cut into chunks", async (name) => {
  const text = await fixture(name);
  const expected = [...EXPECTED[name]!];
  expect(await readings(text, 100_000)).toEqual(expected);
  expect(await readings(text, 7)).toEqual(expected);
  // A byte order mark and white space before it; XML with a declaration must begin with that.
  expect(await readings(`\ufeff${text}`, 1)).toEqual(expected);
  if (name.endsWith(".json")) expect(await readings(`\n\t ${text}\n`)).toEqual(expected);
  // Windows' line ends.
  expect(await readings(text.replaceAll("\n", "\r\n"))).toEqual(expected);
});

test("reads names in any order, and the export of a dependency graph", async () => {
  const component = { purl: "pkg:npm/a@1.0.0", name: "a", version: 7 };
  expect(
    await readings(JSON.stringify({ components: [component], specVersion: "1.5", bomFormat: "CycloneDX" })),
  ).toEqual(["pkg:npm/a@1.0.0, components[0]"]);
  const purl = { referenceType: "purl", referenceLocator: "pkg:npm/a@1.0.0" };
  const sbom = { packages: [{ name: "a", externalRefs: [purl, purl] }], spdxVersion: "SPDX-2.3" };
  expect(await readings(JSON.stringify({ sbom }))).toEqual(["pkg:npm/a@1.0.0, sbom.packages[0]"]);
});

test("takes no root from a document that describes all its packages", async () => {
  const packages = ["a", "b"].map((name) => ({
    SPDXID: `SPDXRef-${name}`,
    name,
    externalRefs: [{ referenceType: "purl", referenceLocator: `pkg:npm/${name}@1.0.0` }],
  }));
  const documentDescribes = ["SPDXRef-a", "SPDXRef-b"];
  expect(await readings(JSON.stringify({ documentDescribes, packages, spdxVersion: "SPDX-2.3" }))).toEqual([
    "pkg:npm/a@1.0.0, packages[0]",
    "pkg:npm/b@1.0.0, packages[1]",
  ]);
});

const SPDX = { spdxVersion: "SPDX-2.3", SPDXID: "SPDXRef-DOCUMENT", name: "x" };
const ROOT = {
  SPDXID: "SPDXRef-a",
  name: "a",
  versionInfo: "1.0.0",
  downloadLocation: "NOASSERTION",
  externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: "pkg:npm/a@1.0.0" }],
};
const relationships = [
  { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: "SPDXRef-a" },
];
const DESCRIBED_BY = [
  { spdxElementId: "SPDXRef-a", relationshipType: "DESCRIBED_BY", relatedSpdxElement: "SPDXRef-DOCUMENT" },
];
const TAGS =
  "PackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1.0.0\nPackageDownloadLocation: NONE\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1.0.0\n";
const RELATION = "Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a\n";
const rdf = (
  before: string,
  after: string,
) => `<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://spdx.org/rdf/terms#">
<SpdxDocument r:about="x#SPDXRef-DOCUMENT"><specVersion>SPDX-2.3</specVersion>${before}
<relationship><Relationship><relationshipType r:resource="http://spdx.org/rdf/terms#relationshipType_other"/><relatedSpdxElement>
<Package r:about="x#SPDXRef-a"><name>a</name><versionInfo>1.0.0</versionInfo><externalRef><ExternalRef>
<referenceType r:resource="http://spdx.org/rdf/references/purl"/><referenceLocator>pkg:npm/a@1.0.0</referenceLocator>
</ExternalRef></externalRef></Package></relatedSpdxElement></Relationship></relationship>${after}</SpdxDocument></r:RDF>`;
const DESCRIBES = `<relationship><Relationship><relationshipType r:resource="http://spdx.org/rdf/terms#relationshipType_describes"/><relatedSpdxElement r:resource="x#SPDXRef-a"/></Relationship></relationship>`;

test.each([
  ["JSON, before", JSON.stringify({ ...SPDX, documentDescribes: ["SPDXRef-a"], packages: [ROOT] })],
  ["JSON, after", JSON.stringify({ ...SPDX, packages: [ROOT], documentDescribes: ["SPDXRef-a"] })],
  ["JSON, relationships before", JSON.stringify({ ...SPDX, relationships, packages: [ROOT] })],
  ["JSON, relationships after", JSON.stringify({ ...SPDX, packages: [ROOT], relationships })],
  ["JSON, the other way", JSON.stringify({ ...SPDX, packages: [ROOT], relationships: DESCRIBED_BY })],
  ["YAML, after", `${Bun.YAML.stringify({ ...SPDX, packages: [ROOT], documentDescribes: ["SPDXRef-a"] }, null, 2)}\n`],
  ["tag-value, before", `SPDXVersion: SPDX-2.3\n${RELATION}${TAGS}`],
  ["tag-value, after", `SPDXVersion: SPDX-2.3\n${TAGS}${RELATION}`],
  ["RDF, before", rdf(DESCRIBES, "")],
  ["RDF, after", rdf("", DESCRIBES)],
])("the root is the same, wherever the document names it: %s", async (_, text) => {
  expect((await readings(text)).map((line) => line.replace(/, [^,]*$/, ""))).toEqual([
    "- a@1.0.0: is what the document describes",
  ]);
});

test("however many packages wait for the end, they come in their order", async () => {
  const packages = Array.from({ length: 12_000 }, (_, i) => ({
    ...ROOT,
    SPDXID: `SPDXRef-${i}`,
    name: `p${i} "é\n`,
    externalRefs: [{ referenceType: "purl", referenceLocator: `pkg:npm/p${i}@1.0.0` }],
  }));
  const text = JSON.stringify({ ...SPDX, packages, documentDescribes: ["SPDXRef-11000"] });
  const found = await readings(text, 64 * 1024);
  expect(found.map((line) => /(?:^- |\/)p(\d+)/.exec(line)?.[1])).toEqual(packages.map((_, i) => String(i)));
  expect(found.filter((line) => line.startsWith("- "))).toHaveLength(1);
});

const downloaded = (downloadLocation: string) => [
  JSON.stringify({ ...SPDX, packages: [{ ...ROOT, downloadLocation }] }),
  `SPDXVersion: SPDX-2.3\n${TAGS.replace("NONE", downloadLocation)}`,
  rdf("", "").replace("<versionInfo>", `<downloadLocation>${downloadLocation}</downloadLocation><versionInfo>`),
  rdf("", "").replace("<versionInfo>", `<downloadLocation r:resource="${downloadLocation}"/><versionInfo>`),
  JSON.stringify({
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
      {
        type: "software_Package",
        spdxId: "x",
        name: "a",
        software_packageUrl: "pkg:npm/a@1.0.0",
        software_downloadLocation: downloadLocation,
      },
    ],
  }),
  JSON.stringify({
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    components: [
      {
        purl: "pkg:npm/a@1.0.0",
        externalReferences: [
          { type: "website", url: "https://x.example/a.tgz" },
          { type: "distribution", url: downloadLocation },
        ],
      },
    ],
  }),
  `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component><purl>pkg:npm/a@1.0.0</purl><externalReferences><reference type="distribution"><url>${downloadLocation}</url></reference></externalReferences></component></components></bom>`,
];

test.each([
  ["https://npm.acme.example/a/-/a-1.0.0.tgz", { kind: "file", address: "https://npm.acme.example/a/-/a-1.0.0.tgz" }],
  ["registry+https://index.example/x", { kind: "registry", address: "registry+https://index.example/x" }],
  ["https://a.example/about", { kind: "hint", address: "https://a.example/about" }],
  ["https://git.example/a/archive/v1.tar.gz", { kind: "hint", address: "https://git.example/a/archive/v1.tar.gz" }],
  ["NOASSERTION", undefined],
  ["git+https://git.example/a.git", undefined],
] as const)("tells where it can be downloaded in every format: %s", async (address, from) => {
  for (const text of downloaded(address)) {
    const [entry] = await entriesOf(text);
    expect(entry && "purl" in entry ? entry.from : entry).toEqual(from);
  }
});

test("passes over what other namespaces and other fields hold", async () => {
  const xml = `<b:bom xmlns:b="http://cyclonedx.org/schema/bom/1.4" xmlns:v="urn:other"><v:components><v:component/></v:components>
    <b:services><b:service><b:name>s</b:name></b:service></b:services>
    <b:components><b:component type="library"><v:purl>pkg:npm/no@1</v:purl><b:name>a &amp; b</b:name>
    <b:pedigree><b:ancestors><b:component><b:purl>pkg:npm/no@2</b:purl></b:component></b:ancestors></b:pedigree>
    <b:purl>pkg:npm/a@<!-- so -->1.0.0</b:purl></b:component></b:components></b:bom>`;
  expect(await readings(xml)).toEqual(["pkg:npm/a@1.0.0, components[0]"]);
});
