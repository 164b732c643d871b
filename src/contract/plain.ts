/**
 * Whether a path, a name or an address means what it says to every server that may see it. Servers decode, normalise and route
 * in different orders, so what climbs, hides a separator or is encoded twice is refused, whoever wrote it: a client, a document
 * of upstream, a package URL or a lockfile.
 */
import type { Path } from "./ecosystem.ts";

/** Characters of the longest path that is taken. */
const LONGEST = 2_048;
/** Characters of the longest name or version. */
const LONGEST_NAME = 512;
/** Decodings after which text must have come to rest. */
const LAYERS = 4;
/** Characters within which an address that is longer must have named its host. */
const HOST_WITHIN = 1_000;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\\]/;
/** `.` and `..`, also as servers read them that cut parameters (`..;x`) or blanks off a segment. */
const DOTS = /(?:^|\/) *\.{1,2} *(?:;[^/]*)?(?:\/|$)/;
/** A dot or a separator that is still encoded after one decoding: nobody writes that but to hide it. */
const HIDDEN = /%(?:2e|2f|5c)/i;

/**
 * Whether a path is absolute, within the length that is taken, valid percent-encoding and free of what climbs, of empty
 * segments, control characters, backslashes, hidden queries and what is encoded twice. An encoded slash (`%2f`) may stand in
 * it: it is part of a segment (see `classify`).
 */
export function isPlain(path: string): path is Path {
  return path.length <= LONGEST && path.startsWith("/") && !isAmbiguous(path, /\/\/|[?#]/);
}

/**
 * An address that somebody wrote, absolute or relative to `base`; `undefined` where it is none. Reading a host takes time that grows with
 * the square of its length, where it is of other letters than a to z: nine seconds for a megabyte. So one whose host is longer than any can
 * be is none.
 */
export function addressOf(url: string, base?: string): URL | undefined {
  return mayBeAddress(url) && URL.canParse(url, base) ? new URL(url, base) : undefined;
}

function mayBeAddress(url: string): boolean {
  if (url.length <= HOST_WITHIN) return true;
  const start = url.slice(0, HOST_WITHIN);
  // What parsers take out or cut off would hide where the host begins.
  if (start.charCodeAt(0) <= 0x20 || /[\t\n\r]/.test(start)) return false;
  return /[/\\?#]/.test(start.replace(/^[a-z][a-z\d+.-]*:/i, "").replace(/^[/\\]+/, ""));
}

/** Whether the path of an address climbs once it is decoded, or hides what it names: nothing is sent to such a one. */
export function isClear({ pathname }: URL): boolean {
  return !isAmbiguous(pathname);
}

/** What a name, a version or another part of a path is refused for; `undefined`: nothing. Slashes part a name. */
export function oddityOf(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.length > LONGEST_NAME) return `it is longer than ${LONGEST_NAME} characters`;
  if (/[%?#]/.test(name) || CONTROLS.test(name)) return "it has characters that change what an address means";
  if (`/${name}/`.includes("//")) return "it has an empty part";
  if (DOTS.test(name)) return "it climbs to another folder";
  return undefined;
}

/** `also`: what must not stand in the decoded text either. */
function isAmbiguous(path: string, also?: RegExp): boolean {
  let text = path;
  for (let layer = 0; layer < LAYERS; layer++) {
    if (DOTS.test(text) || CONTROLS.test(text) || also?.test(text) || (layer > 0 && HIDDEN.test(text))) return true;
    if (!text.includes("%")) return false;
    let decoded: string;
    try {
      decoded = decodeURIComponent(text);
    } catch {
      // A sign of percent that was encoded once means itself.
      return layer === 0;
    }
    if (decoded === text) return false;
    text = decoded;
  }
  return true;
}
