/** The lines of a text that is never in memory whole. A last one without an end counts. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  // Of a line that is not whole: looked through once, however many chunks it comes in.
  let begun: string[] = [];
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    begun.push(first);
    if (others.length === 0) continue;
    const last = others.pop()!;
    for (const line of [begun.join(""), ...others]) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    begun = [last];
  }
  const rest = begun.join("") + decoder.decode();
  if (rest) yield rest;
}
