/**
 * Whether bytes can be what their path names, for files whose digest nothing states: not the page of a portal or a balancer, and
 * of the format that their name says, as far as a look at their beginning and their end can tell.
 */
import { constants, gunzipSync, inflateSync } from "node:zlib";
import { decodedPath } from "../../contract/path.ts";
import { UpstreamFailed } from "../../lib/errors.ts";
import type { Head } from "../transfer/partial-body.ts";

export type Format = "zip" | "gzip" | "tar" | "tgz" | "bzip2" | "xz" | "zstd" | "ar" | "zlib" | "openpgp" | "page";

/** By the end of a file's name. Java's archives and wheels are zip files. */
const FORMATS: readonly [RegExp, Format][] = [
  [/\.(?:zip|jar|war|ear|aar|whl|egg|nupkg|snupkg|klib|hpi|kar)$/, "zip"],
  [/\.(?:tgz|tar\.gz|crate)$/, "tgz"],
  [/\.gz$/, "gzip"],
  [/\.(?:tar|gem)$/, "tar"],
  [/\.(?:bz2|tbz2?)$/, "bzip2"],
  [/\.(?:xz|txz)$/, "xz"],
  [/\.zst$/, "zstd"],
  [/\.[ud]?deb$/, "ar"],
  [/\.rz$/, "zlib"],
  [/\.(?:asc|gpg|key|prov)$/, "openpgp"],
  [/\.x?html?$/, "page"],
];

const PAGES = new Set(["text/html", "application/xhtml+xml", "application/problem+json"]);
/** Bytes at the beginning that are looked at. */
const START = 8 * 1024;
/** An archive's end: the record of 22 bytes and its comment (APPNOTE.TXT 4.3.16). */
const ZIP_END = 22 + 65_535;

/** The format of what lies at a path; `undefined` where its name does not tell. */
export function formatOf(path: string): Format | undefined {
  const [plain = ""] = decodedPath(path).toLowerCase().split("?");
  return FORMATS.find(([name]) => name.test(plain))?.[1];
}

/** Whether a media type is that of a page for people. */
export function isPageType(mediaType: string): boolean {
  return PAGES.has((mediaType.split(";")[0] ?? "").trim().toLowerCase());
}

/** Whether bytes begin as a page for browsers does. */
export function isPage(bytes: Uint8Array): boolean {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 1_024)).replace(/^\u00EF\u00BB\u00BF/, "");
  return /^\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,200}-->\s*)?<(?:!doctype\s+html|html|head|body|title|script|meta)\b/i.test(
    start,
  );
}

/** Throws UpstreamFailed where a file that nothing vouches for is none. `content`: the bytes, or the file that they are in. */
export async function requirePlausible(
  path: string,
  { mediaType, url }: Pick<Head, "mediaType" | "url">,
  content: Uint8Array<ArrayBuffer> | string,
  format = formatOf(path),
): Promise<void> {
  const reason = await implausibility(
    format,
    mediaType,
    typeof content === "string" ? Bun.file(content) : new Blob([content]),
  );
  if (reason)
    throw new UpstreamFailed(
      `${path}: ${new URL(url).host} sent ${reason}; nothing states its digest, so it was not stored`,
      { implausible: true },
    );
}

async function implausibility(format: Format | undefined, mediaType: string, blob: Blob): Promise<string | undefined> {
  if (format === "page") return undefined;
  const start = new Uint8Array(await blob.slice(0, START).arrayBuffer());
  if (isPage(start)) return "an HTML page in its place";
  if (format === undefined) return isPageType(mediaType) ? `a body of the type ${mediaType} in its place` : undefined;
  const fits =
    format === "zip" ? await endsAsZip(blob) : format === "openpgp" ? await isOpenPgp(blob) : FITS[format](start);
  return fits
    ? undefined
    : `something that is no ${NAMES[format]} file (its type is "${mediaType}", it begins with "${printable(start)}")`;
}

const NAMES: Record<Exclude<Format, "page">, string> = {
  zip: "whole zip",
  gzip: "gzip",
  tar: "tar",
  tgz: "compressed tar",
  bzip2: "bzip2",
  xz: "xz",
  zstd: "Zstandard",
  ar: "Debian package",
  zlib: "zlib",
  openpgp: "OpenPGP",
};

const begins =
  (...magic: number[]) =>
  (start: Uint8Array) =>
    magic.every((byte, at) => start[at] === byte);

const FITS: Record<Exclude<Format, "page" | "zip" | "openpgp">, (start: Uint8Array) => boolean> = {
  gzip: (start) => inflated(start, gunzipSync) !== undefined,
  tgz: (start) => isTar(inflated(start, gunzipSync) ?? start),
  tar: isTar,
  bzip2: begins(0x42, 0x5a, 0x68),
  xz: begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
  zstd: begins(0x28, 0xb5, 0x2f, 0xfd),
  ar: begins(...new TextEncoder().encode("!<arch>\n")),
  zlib: (start) => inflated(start, inflateSync) !== undefined,
};

/** Bytes of a signature or a keyring that are looked at. */
const ARMOUR = 16 * 1024 * 1024;

/** Whole packets, or armored blocks that end, perhaps below a text (RFC 9580 4.2, 6.2). */
async function isOpenPgp(blob: Blob): Promise<boolean> {
  if (blob.size > ARMOUR) return false;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if ((bytes[0] ?? 0) >= 0x80) return endsAsPackets(bytes);
  const text = new TextDecoder("latin1").decode(bytes);
  const last = text.lastIndexOf("-----BEGIN PGP ");
  return last >= 0 && /^-----END PGP [A-Z ,/\d]{1,40}-----/m.test(text.slice(last));
}

/** Whether the last packet ends with the bytes. Of one whose length is not stated nothing is known but that it begins. */
function endsAsPackets(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (index: number) => bytes[index] ?? 0;
  let next = 0;
  while (next < bytes.length) {
    const tag = at(next++);
    if (tag < 0x80) return false;
    if (tag & 0x40) {
      let length: number;
      do {
        const first = at(next);
        const isPartial = first >= 224 && first < 255;
        if (first === 255 && next + 5 > bytes.length) return false;
        length = isPartial
          ? 2 ** (first & 0x1f)
          : first < 192
            ? first
            : first < 224
              ? (first - 192) * 256 + at(next + 1) + 192
              : view.getUint32(next + 1);
        next += isPartial || first < 192 ? 1 : first < 224 ? 2 : 5;
        next += length;
        if (!isPartial) break;
      } while (next < bytes.length);
    } else {
      const kind = tag & 3;
      if (kind === 3) return true;
      const size = 2 ** kind;
      if (next + size > bytes.length) return false;
      next += size + (kind === 0 ? at(next) : kind === 1 ? view.getUint16(next) : view.getUint32(next));
    }
  }
  return next === bytes.length;
}

/** What the beginning of a compressed file comes to, if it is one; its end may be missing. */
function inflated(start: Uint8Array, unpack: typeof gunzipSync): Uint8Array | undefined {
  try {
    return unpack(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 100 * START });
  } catch (error) {
    // More than is needed to see what it is.
    return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE" ? new Uint8Array(512) : undefined;
  }
}

/** The sum of a header's bytes, its own field taken as spaces, stands in it in octal (POSIX pax, ustar). An archive of nothing is zeros. */
function isTar(bytes: Uint8Array): boolean {
  if (bytes.length < 512) return false;
  const header = bytes.subarray(0, 512);
  if (header.every((byte) => byte === 0)) return true;
  const stated = Number.parseInt(new TextDecoder("latin1").decode(header.subarray(148, 156)).replaceAll("\0", " "), 8);
  return stated === header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

/** A zip file is read from its end; before its first member may be anything (a start script). */
async function endsAsZip(blob: Blob): Promise<boolean> {
  const from = Math.max(0, blob.size - ZIP_END);
  const end = Buffer.from(await blob.slice(from).arrayBuffer());
  for (
    let at = end.lastIndexOf("PK\u0005\u0006");
    at >= 0;
    at = at === 0 ? -1 : end.lastIndexOf("PK\u0005\u0006", at - 1)
  ) {
    if (at + 22 > end.length) continue;
    const [size, comment] = [end.readUInt32LE(at + 12), end.readUInt16LE(at + 20)];
    // A size of all ones stands in the zip64 record.
    if (at + 22 + comment <= end.length && (size === 0xffffffff || size <= from + at)) return true;
  }
  return false;
}

function printable(start: Uint8Array): string {
  return new TextDecoder("latin1").decode(start.subarray(0, 40)).replace(/[^\x20-\x7e]/g, "·");
}
