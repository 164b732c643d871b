/** Makes a sample of a real document: short, and without what is private or points at public hosts. */
import { isUtf8 } from "node:buffer";
import type { Mount } from "../mounts/mounts.ts";

/** A document made shorter, and what was cut, for people: empty where nothing was. */
export interface Trimmed {
  text: string;
  cuts: string;
}

/** Entries of a list or map, and lines of a text, that are kept at each end. */
const KEPT = 3;
/** Lists and maps with no more entries than this, and texts with no more lines, stay whole. */
const SHORT = 12;

/** Control characters that stand in no text, as they do in archives. */
const CONTROLS = /[\u0000-\u0008\u000e-\u001f\u007f]/;

/** Whether bytes are text, which may be cut and redacted. An archive is none, though all that is in it may be. */
export function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !CONTROLS.test(new TextDecoder().decode(bytes));
}

/** JSON by its lists and maps; text by its lines, the first blank one and what is before it being a head; other markup stays. */
export function trim(text: string): Trimmed {
  try {
    const cuts: string[] = [];
    const short = shorten(JSON.parse(text), "$", cuts);
    return cuts.length === 0
      ? { text, cuts: "" }
      : { text: `${JSON.stringify(short, null, 2)}\n`, cuts: cuts.join(", ") };
  } catch {
    return /^\s*</.test(text) ? { text, cuts: "" } : trimLines(text);
  }
}

function shorten(value: unknown, path: string, cuts: string[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const kept = entries.length > SHORT ? [...entries.slice(0, KEPT), ...entries.slice(-KEPT)] : entries;
  if (kept.length < entries.length) cuts.push(`${path} from ${entries.length} to ${kept.length}`);
  const inner = kept.map(([key, each]) => [key, shorten(each, `${path}.${key}`, cuts)] as const);
  return Array.isArray(value) ? inner.map(([, each]) => each) : Object.fromEntries(inner);
}

function trimLines(text: string): Trimmed {
  const lines = text.split(/(?<=\n)/);
  const blank = lines.findIndex((line) => line.trim() === "");
  const head = blank > 0 && blank < SHORT * 2 ? lines.slice(0, blank + 1) : [];
  const body = lines.slice(head.length);
  if (body.length <= SHORT) return { text, cuts: "" };
  const kept = [...body.slice(0, KEPT), ...body.slice(-KEPT)];
  return { text: [...head, ...kept].join(""), cuts: `lines from ${body.length} to ${kept.length}` };
}

/** Where the hosts of a mount's upstreams stand in documents: `https://files.acme.example`. */
export function exampleOf({ ecosystem: { id } }: Mount, upstream: string): string {
  return upstream === "default"
    ? `https://${id}.example`
    : `https://${upstream.replace(/[^a-z\d]+/gi, "-")}.${id}.example`;
}

/** Addresses of the mount's upstreams become `*.example` ones, others `elsewhere.example`; mail addresses, users and passwords
 * in addresses, and what follows a `?` in them go. */
export function redact(text: string, mount: Mount): string {
  let found = text;
  for (const [name, urls] of mount.upstreams)
    for (const url of urls) found = found.replaceAll(url, exampleOf(mount, name));
  return found
    .replace(/\bhttps?:\/\/[^\s"'<>\\)/]+/g, (origin) =>
      origin.endsWith(".example") ? origin : "https://elsewhere.example",
    )
    .replace(/(https:\/\/[\w.-]+\.example[^\s"'<>?\\]*)\?[^\s"'<>\\#]*/g, "$1")
    .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "someone@mail.example");
}

/** `/simple/acme/` → `simple-acme.json`, without the ending of what it was packed with. */
export function fileNameOf(path: string, content: string | Uint8Array): string {
  const plain =
    path
      .replace(/\.(?:gz|xz|zst|bz2)$/, "")
      .replace(/[^\w.-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "root";
  const text = typeof content === "string" ? content : undefined;
  const ending = text === undefined ? ".bin" : /^\s*[[{]/.test(text) ? ".json" : /^\s*</.test(text) ? ".xml" : ".txt";
  return /\.[a-z]\w*$/.test(plain) ? plain : `${plain}${ending}`;
}
