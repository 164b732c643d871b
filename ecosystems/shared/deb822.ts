/** Control files: paragraphs of fields (deb822(5)). They may have tens of megabytes, so they are not made strings as a whole. */

export type Fields = Readonly<Record<string, string>>;

/** Fields that are read here, in the spelling that most repositories have: their names are the same in any case (deb822(5)). */
const SPELLINGS = new Map<string, readonly string[]>(
  `Package Version Architecture Filename Size Directory Files Date SHA256-Current SHA256-Download SHA512 SHA256 SHA1 Provides
  Depends Pre-Depends Recommends Checksums-Sha512 Checksums-Sha256 Checksums-Sha1 Acquire-By-Hash
  No-Support-for-Architecture-all`
    .split(/\s+/)
    .map((name) => [name.toLowerCase(), [name]]),
).set("md5sum", ["MD5Sum", "MD5sum"]);

const decoder = new TextDecoder();
const NEWLINE = 10;

/**
 * Every paragraph; with `containing`, those that have one of these texts. Throws where the last is cut off, and where one has no
 * fields, unless `odd` is told of it.
 */
export function* paragraphsOf(
  bytes: Uint8Array,
  containing?: readonly string[],
  odd?: (text: string) => void,
): Generator<Fields> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length > 0 && buffer.at(-1) !== NEWLINE) throw new Error("its last line is not whole");
  for (const [start, end] of containing ? found(buffer, containing) : all(buffer)) {
    const text = decoder.decode(buffer.subarray(start, end));
    if (text.trim() === "") continue;
    const fields = fieldsOf(text);
    if (Object.keys(fields).length > 0) yield fields;
    else if (odd) odd(text);
    else throw new Error(`a paragraph of it has no fields: ${text.slice(0, 80)}`);
  }
}

/** The fields of one paragraph, those that are read here in their usual spelling. A value of several lines keeps them, without the
 * space that they begin with. */
export function fieldsOf(text: string): Fields {
  const matched = text.matchAll(/^([!-9;-~]+):[ \t]*(.*(?:\n[ \t].*)*)/gm);
  const fields: Record<string, string> = {};
  for (const [, key, value] of matched)
    for (const name of SPELLINGS.get(key!.toLowerCase()) ?? [key!]) fields[name] = value!.replaceAll(/\n[ \t]/g, "\n");
  return fields;
}

function* all(buffer: Buffer): Generator<[start: number, end: number]> {
  for (let start = 0; start < buffer.length; ) {
    const end = endOf(buffer, start);
    yield [start, end];
    start = end + 1;
  }
}

/** In order, each once. */
function* found(buffer: Buffer, texts: readonly string[]): Generator<[start: number, end: number]> {
  const starts = new Set<number>();
  for (const text of texts)
    for (let at = buffer.indexOf(text); at >= 0; at = buffer.indexOf(text, at + text.length)) {
      // One that begins with a newline may stand at the beginning of a paragraph.
      const before = buffer.lastIndexOf("\n\n", at + 1);
      starts.add(before < 0 ? 0 : before + 2);
    }
  if (
    texts.some(
      (text) => text.startsWith("\n") && buffer.subarray(0, text.length - 1).equals(Buffer.from(text.slice(1))),
    )
  )
    starts.add(0);
  for (const start of [...starts].sort((a, b) => a - b)) yield [start, endOf(buffer, start)];
}

function endOf(buffer: Buffer, start: number): number {
  const end = buffer.indexOf("\n\n", start);
  return end < 0 ? buffer.length : end + 1;
}
