/**
 * The program's log, on stderr: `log.info("upstream failed", { url, status })`. The message is constant, what varies is
 * in fields, so that lines can be counted and searched. One line per entry, whatever the fields hold: package names and
 * upstream's messages are written by strangers.
 */
import { messageOf } from "./errors.ts";

export const LEVELS = ["debug", "info", "warn", "error"] as const;
export const FORMATS = ["text", "json"] as const;

export type Level = (typeof LEVELS)[number];
export type Format = (typeof FORMATS)[number];
export type Fields = Readonly<Record<string, unknown>>;

const settings = {
  least: LEVELS.indexOf("info"),
  format: "text" as Format,
  write: (line: string): void => void process.stderr.write(line),
};

/** Sets what is written of this thread's log, and how. Default: `info`, `text`, stderr. */
export function configureLog(level: Level, format: Format, write = settings.write): void {
  settings.least = LEVELS.indexOf(level);
  settings.format = format;
  settings.write = write;
}

/** Whether entries of a level are written. */
export function isLogged(level: Level): boolean {
  return LEVELS.indexOf(level) >= settings.least;
}

export const log = {
  debug: (message: string, fields?: Fields) => entry("debug", message, fields),
  info: (message: string, fields?: Fields) => entry("info", message, fields),
  warn: (message: string, fields?: Fields) => entry("warn", message, fields),
  error: (message: string, fields?: Fields) => entry("error", message, fields),
};

function entry(level: Level, msg: string, fields: Fields = {}): void {
  if (LEVELS.indexOf(level) < settings.least) return;
  const time = new Date().toISOString();
  const line =
    settings.format === "json"
      ? quote({ time, level, msg, ...fields })
      : [time, level.toUpperCase(), oneLine(msg), ...Object.entries(fields).flatMap(pair)].join(" ");
  settings.write(`${line}\n`);
}

/** `status=502`, `error="connection refused"`: quoted as in JSON where it could be taken for something else. */
function pair([key, value]: [string, unknown]): string[] {
  if (value === undefined) return [];
  const plain = value instanceof Error ? messageOf(value) : value;
  return [`${key}=${typeof plain === "string" && /^[\w.,:;/@+%~-]+$/.test(plain) ? plain : quote(plain)}`];
}

function quote(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Error) return messageOf(inner);
    return typeof inner === "bigint" ? inner.toString() : inner;
  });
  return oneLine(text);
}

/** Control characters, line separators and those that turn the direction of writing, as JSON escapes them. */
function oneLine(text: string): string {
  const code = (found: string) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, code);
}
