/** What signs an APT repository: `Release`, and `InRelease`, which is the same with a signature around it. */
import type { Algorithm, Digest } from "../../src/contract/ecosystem.ts";
import { type Fields, fieldsOf } from "../shared/deb822.ts";

export interface Release {
  fields: Fields;
  /** Milliseconds since 1970. */
  date: number | undefined;
  files: ReleaseFile[];
}

export interface ReleaseFile {
  /** Below the folder of the release file. */
  name: string;
  size: number;
  /** The strongest first. */
  digests: Digest[];
}

/** The field that lists the digests of an algorithm; also the folder of by-hash addresses. Clients ask for the first that is listed. */
export const HASHES: readonly (readonly [field: string, algorithm: Exclude<Algorithm, "h1">])[] = [
  ["SHA512", "sha512"],
  ["SHA256", "sha256"],
  ["SHA1", "sha1"],
  ["MD5Sum", "md5"],
];

const BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
const END = "-----END PGP SIGNATURE-----";

/** Throws where it is none, or not whole. */
export function readRelease(text: string): Release {
  const fields = fieldsOf(clearTextOf(text));
  const files = new Map<string, ReleaseFile>();
  for (const [field, algorithm] of HASHES) {
    const lines = (fields[field] ?? "").matchAll(/^[ \t]*([0-9a-f]{32,128})[ \t]+(\d+)[ \t]+(\S+)$/gm);
    for (const [, hex, size, name] of lines) {
      if (!isPlain(name!)) continue;
      const file = files.get(name!) ?? { name: name!, size: Number(size), digests: [] };
      file.digests.push(`${algorithm}:${hex!}`);
      files.set(name!, file);
    }
  }
  if (files.size === 0) throw new Error("it lists no files: it is no release file of an APT repository");
  const date = Date.parse(fields["Date"] ?? "");
  return { fields, date: Number.isNaN(date) ? undefined : date, files: [...files.values()] };
}

/** What is signed, without the escapes of signed messages (RFC 9580, 7). */
export function clearTextOf(text: string): string {
  if (!text.startsWith(BEGIN)) {
    if (!text.endsWith("\n")) throw new Error("its last line is not whole");
    return text;
  }
  if (!text.trimEnd().endsWith(END)) throw new Error("its signature is not whole");
  const { index = -1, 0: gap = "" } = /\r?\n\r?\n/.exec(text) ?? {};
  const end = text.indexOf(`\n${SIGNATURE}`);
  if (index < 0 || end < index) throw new Error("it is no whole signed message");
  return `${text.slice(index + gap.length, end).replaceAll(/^- /gm, "")}\n`;
}

/** Whether an InRelease and a Release say the same. */
export function saysTheSame(a: string, b: string): boolean {
  const plain = (text: string) =>
    clearTextOf(text)
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n")
      .trim();
  return plain(a) === plain(b);
}

function isPlain(name: string): boolean {
  return !name.startsWith("/") && !/(?:^|\/)\.{1,2}(?:\/|$)|[\\?#%]/.test(name);
}
