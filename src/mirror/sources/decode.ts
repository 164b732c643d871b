import { BadRequest } from "../../lib/errors.ts";

/**
 * The text of a file: UTF-8, or UTF-16 where a byte order mark says so, as in what PowerShell redirects to files. Throws
 * BadRequest with the line of what is neither.
 */
export function decode(name: string, bytes: Uint8Array): string {
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "be" : undefined;
  const encoding = mark ? (`utf-16${mark}` as const) : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const [sound = ""] = new TextDecoder(encoding).decode(bytes).split("\ufffd", 1);
    throw new BadRequest(`${name}: line ${sound.split("\n").length}: this is no ${encoding.toUpperCase()} text`);
  }
}
