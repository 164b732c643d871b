/** How tests look at what SBOM readers yield. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Entry, isItem } from "../../../src/contract/lockfile.ts";
import { formatPurl } from "../../../src/contract/purl.ts";
import { BadRequest } from "../../../src/lib/errors.ts";
import { readSbom } from "../../../src/mirror/sources/sbom/sbom.ts";

const FOLDER = join(import.meta.dir, "fixtures");

export const FIXTURES: readonly string[] = readdirSync(FOLDER).toSorted();

export async function fixture(name: string): Promise<string> {
  return Bun.file(join(FOLDER, name)).text();
}

/** Bytes in chunks, as a file or a socket gives them. */
export async function* chunked(content: string | Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function entriesOf(content: string | Uint8Array, size?: number, isStrict = false): Promise<Entry[]> {
  return Array.fromAsync(readSbom("bom", chunked(content, size), { isStrict }));
}

/** `pkg:npm/a@1 sha1:…, components[0]` or `- what: reason, components[1]`. Digests are cut to eight characters. */
export async function readings(content: string | Uint8Array, size?: number, isStrict = false): Promise<string[]> {
  return (await entriesOf(content, size, isStrict)).map((entry) => {
    if (!isItem(entry)) return `- ${entry.what}: ${entry.reason}, ${entry.place}`;
    const digests = (entry.digests ?? []).map((digest) => ` ${digest.replace(/(:.{8}).*/, "$1")}`).join("");
    return `${formatPurl({ id: entry.purl.type }, entry.purl)}${digests}, ${entry.place}`;
  });
}

/** The message of the BadRequest that a strict reading throws. */
export async function refusal(content: string | Uint8Array, size?: number): Promise<string> {
  try {
    return `read: ${(await readings(content, size, true)).join("; ")}`;
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return error.message;
  }
}
