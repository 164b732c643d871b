/**
 * Writes a large SBOM on the fly and reads it, as a process of its own, so that what memory it takes is only its own:
 * `bun large.ts json 100` prints the entries found and the greatest resident memory beyond that at the start, in bytes.
 */
import { readSbom } from "../../../src/mirror/sources/sbom/sbom.ts";

const FILLER = "x".repeat(240);
const HASH = "ab".repeat(64);

interface Form {
  head: string;
  component: (index: number) => string;
  tail: string;
}

const FORMS: Readonly<Record<string, Form>> = {
  json: {
    head: '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"first"}',
    component: (index) =>
      `,\n${JSON.stringify(
        {
          type: "library",
          "bom-ref": `pkg:npm/package-${index}@1.0.0`,
          name: `package-${index}`,
          version: "1.0.0",
          description: `é ${FILLER}`,
          hashes: [{ alg: "SHA-512", content: HASH }],
          licenses: [{ license: { id: "MIT" } }],
          purl: `pkg:npm/package-${index}@1.0.0`,
          properties: [{ name: "a", value: FILLER }],
        },
        null,
        1,
      )}`,
    tail: "]}",
  },
  xml: {
    head: '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component><name>first</name></component>',
    component: (index) => `<component type="library" bom-ref="c${index}">
 <name>package-${index}</name>
 <version>1.0.0</version>
 <description>é &amp; ${FILLER}</description>
 <hashes><hash alg="SHA-512">${HASH}</hash></hashes>
 <licenses><license><id>MIT</id></license></licenses>
 <purl>pkg:npm/package-${index}@1.0.0</purl>
 <properties><property name="a">${FILLER}</property></properties>
</component>\n`,
    tail: "</components></bom>",
  },
  spdx: {
    head: "SPDXVersion: SPDX-2.3\nDocumentName: large\n",
    component: (index) => `PackageName: package-${index}
SPDXID: SPDXRef-${index}
PackageVersion: 1.0.0
PackageDownloadLocation: NOASSERTION
PackageComment: <text>é
${FILLER}
${FILLER}</text>
PackageChecksum: SHA512: ${HASH}
ExternalRef: PACKAGE-MANAGER purl pkg:npm/package-${index}@1.0.0\n\n`,
    tail: "",
  },
};

async function* written({ head, component, tail }: Form, bytes: number): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = head;
  let size = 0;
  for (let index = 0; size + text.length < bytes; index++) {
    text += component(index);
    if (text.length < 64 * 1024) continue;
    size += text.length;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text + tail);
}

const [form = "", megabytes = ""] = process.argv.slice(2);
const start = process.memoryUsage.rss();
let peak = start;
let entries = 0;
for await (const entry of readSbom(form, written(FORMS[form]!, Number(megabytes) * 1_000_000)))
  if (entry.place && ++entries % 1000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
console.log(JSON.stringify({ entries, extra: peak - start }));
