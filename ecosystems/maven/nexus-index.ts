/**
 * The transfer format of the Maven Indexer: a version byte and a time, then records of named fields. Numbers are big-endian;
 * each field is a flags byte, a name with 16 bits of length, and a value with 32.
 */

/** By the names of its fields: `u`, `i`, `del` … */
export type IndexRecord = Partial<Record<string, string>>;

const HEADER = 9;
/** Longer fields are no text of an index. */
const LONGEST = 64 * 1024 * 1024;

/** In lots. Throws SyntaxError where it is no whole index. */
export async function* recordsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<IndexRecord[]> {
  let rest: Uint8Array = new Uint8Array();
  let isBegun = false;
  for await (const chunk of bytes) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!isBegun) {
      if (rest.length < HEADER) continue;
      if (rest[0] !== 1) throw new SyntaxError(`it is no index of a Maven repository: version ${rest[0]}, expected 1`);
      rest = rest.subarray(HEADER);
      isBegun = true;
    }
    const [records, end] = take(rest);
    rest = rest.subarray(end);
    if (records.length > 0) yield records;
  }
  if (!isBegun || rest.length > 0) throw new SyntaxError("the index ends in the middle of a record");
}

/** The whole records at its beginning, and where they end. */
function take(bytes: Uint8Array): [records: IndexRecord[], end: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const records: IndexRecord[] = [];
  let end = 0;
  for (let at = 0; at + 4 <= bytes.length; end = at) {
    const record: IndexRecord = {};
    let left = view.getInt32(at);
    at += 4;
    for (; left > 0; left--) {
      if (at + 3 > bytes.length) return [records, end];
      const name = at + 3 + view.getUint16(at + 1);
      if (name + 4 > bytes.length) return [records, end];
      const size = view.getInt32(name);
      if (size < 0 || size > LONGEST) throw new SyntaxError(`a field of the index has ${size} bytes`);
      if (name + 4 + size > bytes.length) return [records, end];
      // Java's own UTF-8 differs from it only for what no coordinate has.
      record[decoder.decode(bytes.subarray(at + 3, name))] = decoder.decode(bytes.subarray(name + 4, name + 4 + size));
      at = name + 4 + size;
    }
    records.push(record);
  }
  return [records, end];
}
