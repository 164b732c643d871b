/** Lockfiles: which format a file is of, of those that plugins read, and what it names. */

import type { Entry, Lockfile } from "../../contract/lockfile.ts";
import { BadRequest } from "../../lib/errors.ts";
import { baseName } from "../../lib/text-ends.ts";
import { decode } from "./decode.ts";

const SBOM = /"bomFormat"|cyclonedx\.org\/schema\/bom|\bspdxVersion\b|^SPDXVersion:|spdx\.org\/rdf/im;

/**
 * What a lockfile names, by the first format that its name or else its content is of. Throws BadRequest with the file's name and
 * the place; what was yielded before is then not to be used. Places begin with the file's name.
 */
export function* readLockfile(name: string, bytes: Uint8Array, formats: readonly Lockfile[]): Iterable<Entry> {
  const text = decode(name, bytes);
  refuseMarks(name, text);
  const base = baseName(name);
  const possible = formats.filter((each) => !each.isOfOthers?.(text));
  const format =
    possible.find((each) => each.recognizes(base, "")) ?? possible.find((each) => each.recognizes(base, text));
  if (!format) {
    const known = formats.map(({ title }) => title).join(", ");
    const what = SBOM.test(text) ? "is an SBOM, and was given as a lockfile" : "is no lockfile that can be read here";
    throw new BadRequest(`${name} ${what}; these can be read: ${known}`);
  }
  try {
    for (const entry of format.read(text)) yield { ...entry, place: `${name}: ${entry.place}` };
  } catch (error) {
    throw error instanceof BadRequest ? new BadRequest(`${name}: ${error.message}`) : error;
  }
}

/** Whether a file of that name is a lockfile, whatever is in it. */
export function isLockfileName(name: string, formats: readonly Lockfile[]): boolean {
  return formats.some((each) => each.recognizes(baseName(name), ""));
}

/** No text has NUL, and what git leaves where two changes meet is two lockfiles in one. */
function refuseMarks(name: string, text: string): void {
  const { 0: mark, index } = /\0|^(?:<{7}|>{7}) /m.exec(text) ?? { index: 0 };
  if (mark === undefined) return;
  const what = mark === "\0" ? "NUL, which text does not hold" : "a conflict that git could not merge; settle it first";
  throw new BadRequest(`${name}: line ${text.slice(0, index).split("\n").length}: this is ${what}`);
}
