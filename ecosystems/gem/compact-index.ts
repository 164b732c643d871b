/** RubyGems' compact index: lists of lines below a line of dashes (https://github.com/rubygems/compact_index). */
import { hash } from "../../src/contract/digest.ts";
import type { Doc } from "../../src/contract/ecosystem.ts";
import { type Entries, labelOf, readEntries } from "../shared/entries.ts";

/** `1.2.3-java rack:>= 1&< 3,rake:>= 0|checksum:AB…,ruby:>= 2.3,created_at:2026-01-02T03:04:05Z`. */
export interface InfoLine {
  /** All of it, as it stands there. */
  text: string;
  /** `1.2.3-java`; of a gem that runs everywhere, its version. */
  label: string;
  version: string;
  /** `ruby`: runs everywhere, or is built where it is installed. */
  platform: string;
  requires: { name: string; range: string }[];
  /** What stands after the bar: `checksum`, `ruby`, `rubygems`, `created_at`, and what is to come. */
  attributes: ReadonlyMap<string, string>;
}

/** `rack 2.2.8,3.0.0-java,-1.0.0 MD5`: what was added to a gem, or (`-`) taken away, and the sum of its info since then. */
export interface VersionsLine {
  name: string;
  changes: string;
  md5: string;
}

export const HEAD_END = "---\n";
const encoder = new TextEncoder();

/** What stands below the dashes. Throws where there are none, or the last line has no end. */
export function linesBelow(doc: Pick<Doc, "path" | "text">): string[] {
  const { path } = doc;
  const body = doc.text();
  const start = body.startsWith(HEAD_END) ? 0 : body.indexOf(`\n${HEAD_END}`) + 1;
  if (!body.startsWith(HEAD_END, start)) throw new Error(`${path} is no compact index: it has no line of dashes`);
  if (!body.endsWith("\n")) throw new Error(`${path} is cut off: its last line has no end`);
  return body
    .slice(start + HEAD_END.length, -1)
    .split("\n")
    .filter(Boolean);
}

/** A line that names no version is left out. Throws where that is all of them. */
export function readInfo(doc: Pick<Doc, "path" | "text">): Entries<InfoLine> {
  return readEntries(linesBelow(doc), (text) => {
    const [, label, version, platform = "ruby", requires, attributes] =
      /^(([^\s-]+)(?:-(\S+))?) ([^|]*)\|(.*)$/.exec(text) ?? [];
    if (!label || !version || requires === undefined || attributes === undefined)
      throw new Error("the line is no version: it has no version, or no bar behind what it requires");
    labelOf(label, "version");
    return {
      text,
      label,
      version,
      platform,
      requires: pairs(requires).map(([name, range]) => ({ name, range })),
      attributes: new Map(pairs(attributes)),
    };
  });
}

/** `rack:>= 1,rake:>= 0`. */
function pairs(text: string): [name: string, value: string][] {
  return text
    .split(",")
    .filter(Boolean)
    .map((pair) => {
      const colon = pair.indexOf(":");
      return colon < 0 ? [pair, ""] : [pair.slice(0, colon), pair.slice(colon + 1)];
    });
}

export function readVersions(line: string): VersionsLine {
  const [name = "", changes = "", md5 = ""] = line.split(" ");
  return { name, changes, md5 };
}

function writeVersions({ name, changes, md5 }: VersionsLine): string {
  return `${name} ${changes} ${md5}\n`;
}

/** `1.2.3-java` → 1.2.3, java. */
export function splitLabel(label: string): [version: string, platform: string] {
  const dash = label.indexOf("-");
  return dash < 0 ? [label, "ruby"] : [label.slice(0, dash), label.slice(dash + 1)];
}

/** What `/versions` has to say of one `/info`. */
export interface InfoSummary {
  name: string;
  /** As clients are sent it. */
  md5: string;
  labels: string[];
  /** As upstream sent it. */
  upstream: string;
  /** Labels that clients are not sent. */
  withheld: string[];
}

/** `served`: what clients are sent of it; absent where that is nothing. */
export function summaryOf(name: string, doc: Doc, served: Uint8Array | undefined): InfoSummary {
  const labelsIn = (text: string) => readInfo({ path: doc.path, text: () => text }).found.map(({ label }) => label);
  const bytes = served ?? encoder.encode(HEAD_END);
  const labels = labelsIn(new TextDecoder().decode(bytes));
  const shown = new Set(labels);
  const withheld = labelsIn(doc.text()).filter((label) => !shown.has(label));
  return { name, md5: hash("md5", bytes), labels, upstream: hash("md5", doc.bytes()), withheld };
}

/** The list of what is held alone: a line for each gem, with what clients are sent of it. */
export function heldVersions(doc: Doc, infos: readonly InfoSummary[]): string {
  const lines = infos.filter(({ labels }) => labels.length > 0);
  return (
    headOf(doc) + lines.map(({ name, labels, md5 }) => writeVersions({ name, changes: labels.join(","), md5 })).join("")
  );
}

/**
 * The list without what is withheld. A sum is replaced only where upstream's is that of the info which is held: a client that
 * is told another one than it has asks for the info, and with that for upstream's.
 */
export function filteredVersions(doc: Doc, infos: readonly InfoSummary[]): string {
  const known = new Map(infos.filter(({ md5, upstream }) => md5 !== upstream).map((info) => [info.name, info]));
  if (known.size === 0) return doc.text();
  const lines = linesBelow(doc).map((text) => {
    const info = known.get(text.slice(0, text.indexOf(" ")));
    if (!info) return `${text}\n`;
    const { name, changes, md5 } = readVersions(text);
    const shown = changes.split(",").filter((change) => !info.withheld.includes(change));
    if (shown.length === 0 || changes === "") return "";
    return writeVersions({ name, changes: shown.join(","), md5: md5 === info.upstream ? info.md5 : md5 });
  });
  return headOf(doc) + lines.join("");
}

function headOf(doc: Doc): string {
  const text = doc.text();
  return text.slice(0, text.indexOf(HEAD_END) + HEAD_END.length);
}
