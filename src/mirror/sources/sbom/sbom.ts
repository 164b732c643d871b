/**
 * SBOMs as a source: CycloneDX and SPDX in all their formats, read as a stream of what they name. The format is found from
 * the content. JSON, XML and tag-value are never held in memory whole.
 */

import type { Entry, Lockfile } from "../../../contract/lockfile.ts";
import { BadRequest } from "../../../lib/errors.ts";
import { isLockfileName } from "../lockfiles.ts";
import { Collector } from "./collector.ts";
import { CyclonedxXmlReader, isCyclonedx } from "./cyclonedx-xml.ts";
import { documentShape, KNOWN } from "./document.ts";
import { Findings } from "./findings.ts";
import { JsonReader } from "./json.ts";
import { isRdf, SpdxRdfReader } from "./spdx-rdf.ts";
import { TagValueReader } from "./spdx-tag-value.ts";
import { textOf } from "./utf8.ts";
import { XmlReader } from "./xml.ts";
import { YamlReader } from "./yaml.ts";

/** Reads one format, part by part, and tells what it finds. */
interface Reader {
  write(text: string): void;
  end(): void;
}

/** Characters by which a text format is known. */
const ENOUGH = 64 * 1024;

/**
 * The components of an SBOM, nested ones too: with a package URL as items, else as asides. `name` is for messages only.
 * Throws BadRequest with the place for what is not whole, well-formed and of a known version, at the latest at the end: nothing
 * may be done before it. Package URLs and hashes that are malformed are asides; of a strict reading, faults too, all at once.
 */
export async function* readSbom(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  { isStrict = false, lockfiles = [] }: { isStrict?: boolean; lockfiles?: readonly Lockfile[] } = {},
): AsyncGenerator<Entry> {
  const findings = new Findings(isStrict);
  try {
    let begun = "";
    let reader: Reader | undefined;
    for await (const text of textOf(unpacked(bytes))) {
      if (reader) reader.write(text);
      else {
        begun += text;
        if (!isEnough(begun)) continue;
        reader = readerFor(begun, findings);
        reader.write(begun);
      }
      yield* findings.take();
    }
    if (!reader) {
      reader = readerFor(begun, findings);
      reader.write(begun);
    }
    reader.end();
    yield* findings.end();
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    const hint = isLockfileName(name, lockfiles) ? "\nit has the name of a lockfile, and was given as an SBOM" : "";
    throw new BadRequest(`${error.message}${hint}`.replace(/^/gm, `${name}: `), error.status);
  } finally {
    findings.close();
  }
}

/** Refuses what is told by its first bytes not to be UTF-8. */
async function* unpacked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Uint8Array = new Uint8Array();
  let isBegun = false;
  for await (const chunk of bytes) {
    if (isBegun) yield chunk;
    else {
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      if (first.length < 4) continue;
      refuseOthers(first);
      isBegun = true;
      yield first;
    }
  }
  if (isBegun) return;
  refuseOthers(first);
  yield first;
}

const OTHERS: readonly (readonly [string, string])[] = [
  ["1f8b", "is compressed with gzip: give it uncompressed"],
  ["28b52ffd", "is compressed with zstd: give it uncompressed"],
  ["fd377a58", "is compressed with xz: give it uncompressed"],
  ["425a68", "is compressed with bzip2: give it uncompressed"],
  ["504b0304", "is a zip file: give what is in it"],
  ["fffe", "is UTF-16: convert it to UTF-8"],
  ["feff", "is UTF-16: convert it to UTF-8"],
];

function refuseOthers(first: Uint8Array): void {
  const hex = Buffer.from(first.subarray(0, 4)).toString("hex");
  const [, problem] = OTHERS.find(([magic]) => hex.startsWith(magic)) ?? [];
  if (problem) throw new BadRequest(problem);
  // UTF-16 without its mark: every other byte of what is ASCII is NUL.
  if (/^(00..00..|..00..00)$/.test(hex)) throw new BadRequest("seems to be UTF-16: convert it to UTF-8");
}

function isEnough(begun: string): boolean {
  return /^\s*[{<[]/.test(begun.slice(0, 1024)) || begun.length >= ENOUGH;
}

function readerFor(begun: string, findings: Findings): Reader {
  const start = begun.trimStart();
  if (start === "") throw new BadRequest(`is empty; ${KNOWN}`);
  if (/^[{[]/.test(start)) return new JsonReader(new Collector(documentShape(findings)));
  if (start.startsWith("<"))
    return new XmlReader((root) => {
      if (isCyclonedx(root)) return new CyclonedxXmlReader(root, findings);
      if (isRdf(root)) return new SpdxRdfReader(findings);
      throw new BadRequest(
        `is XML of another kind, <${root.local.slice(0, 40)}> in "${root.uri.slice(0, 80)}"; ${KNOWN}`,
      );
    });
  const lines = begun.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (lines.some((line) => /^[ \t]*SPDXVersion:/.test(line))) return new TagValueReader(findings);
  // A key, as YAML has it. Sorted, `spdxVersion` is the last, so that it is looked for once all is read.
  if (/^(---|%YAML|["']?[A-Za-z@][\w-]*["']?[ \t]*:([ \t]|$))/.test(lines[0] ?? ""))
    return new YamlReader(new Collector(documentShape(findings)));
  throw new BadRequest(`is no SBOM: it begins with ${JSON.stringify(start.slice(0, 40))}; ${KNOWN}`);
}
