/** Spellings of paths: percent-encoding says the same in several ways, and what is the same is to be found under one. */
import type { Path } from "./ecosystem.ts";

/** Characters that stand in a path segment as they are (RFC 3986 3.3: `pchar` without percent-encoding). */
const PLAIN = /^[\w.~!$&'()*+,;=:@-]$/;

/**
 * A path as it is compared: percent-decoded once, an encoded slash included. Two paths whose decoded forms are equal name the
 * same file to some server, so what is stated of one is held against the other. As it is where it is not valid.
 */
export function decodedPath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * The one spelling of a path that the cache is keyed by: what need not be encoded is not, what must be is, in capitals. An encoded
 * slash stays one, since the segments of a path tell files apart (RFC 3986 6.2.2); empty segments tell none apart.
 */
export function canonicalPath(path: Path): Path {
  const spelled = path.replace(/\/{2,}/g, "/");
  if (/^[\w.~!$&'()*+,;=:@/-]*$/.test(spelled)) return spelled as Path;
  return spelled.replace(/%[\da-fA-F]{2}|[^\w.~!$&'()*+,;=:@/%-]/gu, (each) => {
    if (!each.startsWith("%")) return encodeURIComponent(each);
    const character = String.fromCharCode(Number.parseInt(each.slice(1), 16));
    return PLAIN.test(character) ? character : each.toUpperCase();
  }) as Path;
}
