/** Records of a CSV (RFC 4180) that is never in memory whole, by the names of its first line. */
export async function* recordsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Record<string, string>> {
  let names: string[] | undefined;
  for await (const fields of rowsOf(bytes)) {
    if (!names) names = fields;
    else {
      const record: Record<string, string> = {};
      for (const [at, name] of names.entries()) record[name] = fields[at] ?? "";
      yield record;
    }
  }
}

/** A quoted field may have line ends; those without quotes are cut out at once. */
async function* rowsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  let wasQuote = false;
  for await (const chunk of bytes) {
    const text = decoder.decode(chunk, { stream: true });
    for (let at = 0; at < text.length; ) {
      const next = indexOfAny(text, at, isQuoted ? '"' : '",\n');
      if (next > at) {
        field += text.slice(at, next);
        wasQuote = false;
      }
      at = next + 1;
      const found = text[next];
      if (found === undefined) break;
      if (found === '"') {
        // Two of them within quotes are one.
        if (!isQuoted && wasQuote) field += '"';
        wasQuote = isQuoted;
        isQuoted = !isQuoted;
        continue;
      }
      row.push(field.endsWith("\r") && found === "\n" ? field.slice(0, -1) : field);
      field = "";
      wasQuote = false;
      if (found === ",") continue;
      yield row;
      row = [];
    }
  }
  if (isQuoted) throw new SyntaxError("the table ends within quotes");
  if (field || row.length > 0) yield [...row, field];
}

function indexOfAny(text: string, from: number, characters: string): number {
  for (let at = from; at < text.length; at++) if (characters.includes(text[at]!)) return at;
  return text.length;
}
