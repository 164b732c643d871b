/** Addresses of an upstream: below its base, whatever the path says. */
import { BadRequest } from "../lib/errors.ts";
import { isPlain } from "./plain.ts";

/** The address of a path, perhaps with a query, below the base address of an upstream. Throws BadRequest for a path that is not plain. */
export function addressBelow(base: string, relative: string): string {
  const [path = ""] = relative.split("?", 1);
  if (path !== "" && !isPlain(path))
    throw new BadRequest(
      `${path.slice(0, 200)} is no plain path below ${base}: it climbs, hides a separator or is too long`,
    );
  return `${base}${relative}`;
}
