/** How deep a JSON text may nest: what is deeper can be read, but takes seconds to fail when it is written again. */
const DEEPEST = 1_000;
/** Characters of a text that is looked through before; a larger one is read where it holds up nobody. */
const LOOKED_THROUGH = 1024 * 1024;

/** Throws SyntaxError for one that nests deeper. */
export function requireShallow(text: string): void {
  if (text.length > LOOKED_THROUGH || !mayBeDeep(text)) return;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
      if (at < 0) return;
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > DEEPEST) throw new SyntaxError(`it nests deeper than ${DEEPEST} levels`);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
}

/** Whether there are enough brackets for it, in strings or not, which is quicker to see than where they stand. */
function mayBeDeep(text: string): boolean {
  let found = 0;
  for (const bracket of ["{", "["])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++found > DEEPEST) return true;
  return false;
}

/** The quote that ends a string, or -1. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) break;
    end = text.indexOf('"', end + 1);
  }
  return end;
}
