/** What Python's lockfiles have in common. */

import type { Digest } from "../../src/contract/ecosystem.ts";
import type { Item, Origin } from "../../src/contract/lockfile.ts";
import { BadRequest } from "../../src/lib/errors.ts";
import { clip } from "../shared/lockfiles/elsewhere.ts";
import { normalize } from "./distribution.ts";

const HEX_DIGITS = new Map([
  ["md5", 32],
  ["sha1", 40],
  ["sha256", 64],
  ["sha512", 128],
]);

/** PEP 508. */
const NAME = /^[A-Za-z\d](?:[\w.-]*[A-Za-z\d])?$/;
/** PEP 440, and what was published before it. */
const VERSION = /^[\w.!+-]+$/;

/**
 * A release, with a hash (`sha256:HEX`) for each of its files. Where one is missing, or of an algorithm that is not
 * computed here, none is expected: the others would leave that file out.
 */
export function pythonItem(
  name: string,
  version: string,
  hashes: readonly (string | undefined)[],
  place: string,
  from?: Origin,
): Item {
  if (!NAME.test(name)) throw new BadRequest(`${place}: "${clip(name)}" is no name of a Python package`);
  if (!VERSION.test(version)) throw new BadRequest(`${place}: "${clip(version)}" is no version of a Python package`);
  const digests = new Set(hashes.map((hash) => hash && digestOf(hash, place)));
  const isWhole = digests.size > 0 && !digests.has(undefined) && !digests.has("");
  return {
    purl: { type: "pypi", name: normalize(name), version },
    ...(isWhole && { digests: [...digests] as Digest[] }),
    ...(from && { from }),
    place,
  };
}

/** `sha256:HEX` or `sha256=HEX`; `undefined` for an algorithm that is not computed here. */
function digestOf(hash: string, place: string): Digest | undefined {
  const [, algorithm = "", value = ""] = /^([a-z\d_-]+)[:=](.+)$/i.exec(hash) ?? [];
  if (!algorithm) throw new BadRequest(`${place}: expected a hash such as sha256:HEX, found "${clip(hash)}"`);
  const length = HEX_DIGITS.get(algorithm.toLowerCase());
  if (!length) return undefined;
  if (value.length !== length || !/^[\da-f]+$/i.test(value))
    throw new BadRequest(`${place}: expected ${length} hexadecimal digits of ${algorithm}, found "${clip(value)}"`);
  return `${algorithm}:${value}`.toLowerCase() as Digest;
}
