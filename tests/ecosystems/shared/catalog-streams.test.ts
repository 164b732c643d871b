/** What lists of registries are read with: the same however the bytes come, and never less than all without a word. */
import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { recordsOf as indexRecordsOf } from "../../../ecosystems/maven/nexus-index.ts";
import { recordsOf } from "../../../ecosystems/shared/csv.ts";
import { gunzip } from "../../../ecosystems/shared/gzip.ts";
import { itemsOf } from "../../../ecosystems/shared/json-items.ts";
import { linesOf } from "../../../ecosystems/shared/lines.ts";
import { membersOf } from "../../../ecosystems/shared/tar-members.ts";
import { tar } from "../../support/archives/tar.ts";

type Bytes = AsyncIterable<Uint8Array>;

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const end = at + (sizes[turn % sizes.length] ?? bytes.length);
    yield bytes.subarray(at, end);
    at = end;
  }
}

const field = (name: string, value: string) => {
  const head = Buffer.alloc(3);
  head.writeUInt16BE(name.length, 1);
  const size = Buffer.alloc(4);
  size.writeInt32BE(Buffer.byteLength(value));
  return Buffer.concat([head, Buffer.from(name), size, Buffer.from(value)]);
};
const one = Buffer.from([0, 0, 0, 1]);
const INDEX = Buffer.concat([
  Buffer.from([1]),
  Buffer.alloc(8),
  one,
  field("u", "g|a|1|NA|jar"),
  one,
  field("del", "g|b|1|NA"),
]);
const LONG = `${"folder/".repeat(20)}file`;

const READERS: Record<string, { bytes: Uint8Array; read: (bytes: Bytes) => AsyncIterable<unknown>; found: unknown[] }> =
  {
    lines: {
      bytes: Buffer.from("eins\r\nzwei — zwölf\n\ndrei"),
      read: linesOf,
      found: ["eins", "zwei — zwölf", "", "drei"],
    },
    csv: {
      bytes: Buffer.from('id,text\n1,"a ""b"",\nc"\n2,\n3,plain\r\n'),
      read: recordsOf,
      found: [
        { id: "1", text: 'a "b",\nc' },
        { id: "2", text: "" },
        { id: "3", text: "plain" },
      ],
    },
    "items of JSON": {
      bytes: Buffer.from('{"meta":{"rows":[9]},"rows":[{"id":"ä"},{"id":"b","more":[1]}],"end":1}'),
      read: async function* (bytes) {
        for await (const lot of itemsOf(bytes, "$.rows.*")) yield* lot;
      },
      found: [{ id: "ä" }, { id: "b", more: [1] }],
    },
    tar: {
      bytes: tar({ "a.txt": "eins", [LONG]: "zwei".repeat(400), empty: "" }),
      read: async function* (bytes) {
        for await (const { name, chunks } of membersOf(bytes))
          yield [name, (await new Response(chunks() as never).text()).length];
      },
      found: [
        ["a.txt", 4],
        [LONG, 1_600],
        ["empty", 0],
      ],
    },
    "index of a Maven repository": {
      bytes: INDEX,
      read: async function* (bytes) {
        for await (const lot of indexRecordsOf(bytes)) yield* lot;
      },
      found: [{ u: "g|a|1|NA|jar" }, { del: "g|b|1|NA" }],
    },
    gzip: {
      bytes: Buffer.concat([gzipSync("eins"), gzipSync("zwei")]),
      read: async function* (bytes) {
        yield await new Response(gunzip(bytes) as never).text();
      },
      found: ["einszwei"],
    },
  };

for (const [name, { bytes, read, found }] of Object.entries(READERS)) {
  test(`${name}: the same, wherever the bytes are parted`, () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }), async (sizes) => {
        expect(await Array.fromAsync(read(cut(bytes, sizes)))).toEqual(found);
      }),
      { numRuns: 40 },
    ));
}

// Lines and tables end wherever they end; the others know.
for (const name of ["items of JSON", "tar", "index of a Maven repository", "gzip"]) {
  const { bytes, read, found } = READERS[name]!;
  test(`${name}: cut short it throws, or is whole`, () =>
    fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
        const got = await Array.fromAsync(read(cut(bytes.subarray(0, length), [100]))).catch(() => "thrown");
        if (got === "thrown") return;
        // Between two members or records there is nothing that tells of more.
        const whole = name === "gzip" ? ["eins"] : name.startsWith("index") ? found.slice(0, got.length) : found;
        expect(got).toEqual(whole);
      }),
      { numRuns: 60 },
    ));
}
