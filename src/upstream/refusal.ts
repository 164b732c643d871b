/** What an upstream that refuses says of it. */
import { messageOf } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import { chunksOf } from "./body.ts";

/** Bytes of a body that are looked at. */
const LONGEST = 16 * 1024;
/** Characters of a reason. */
const SHORT = 500;
/** Milliseconds that are waited for it. */
const PATIENCE = 2_000;

/**
 * The reason in the body of an answer, as one line; `undefined` where there is none that people could read: nothing, a page, an
 * archive. The rest of the body is not read.
 */
export async function reasonOf(response: Response, host: string): Promise<string | undefined> {
  const type = response.headers.get("content-type")?.toLowerCase() ?? "";
  if (!response.body || !/json|xml|text\/plain/.test(type) || type.includes("html")) {
    await response.body?.cancel();
    return undefined;
  }
  const text = await start(response, host);
  const found = type.includes("json") ? inJson(text) : type.includes("xml") ? inXml(text) : text;
  const line = found && plain(found);
  return line && line.length > SHORT ? `${line.slice(0, SHORT)}…` : line || undefined;
}

async function start(response: Response, host: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(response, host, { maximum: Number.POSITIVE_INFINITY, timeout: PATIENCE })) {
      chunks.push(chunk.slice(0, LONGEST - size));
      size += chunk.length;
      if (size >= LONGEST) break;
    }
  } catch (error) {
    log.debug("the reason of a refusal could not be read", { host, error: messageOf(error) });
  }
  return Buffer.concat(chunks).toString();
}

/** Registries call it `error`, `message` (npm), `detail` (RFC 9457, Cargo), or have a list of `errors` (OCI). */
function inJson(text: string): string | undefined {
  try {
    return said(JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function said(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const { errors, message, detail, error, reason, title } = value as Record<string, unknown>;
  const listed: unknown = Array.isArray(errors) ? errors[0] : undefined;
  for (const each of [message, detail, error, reason, listed, title])
    if (each !== value) {
      const found: string | undefined = typeof each === "object" && each !== null ? said(each) : text(each);
      if (found) return found;
    }
  return undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** As object stores have it: `<Error><Code>AccessDenied</Code><Message>…`. */
function inXml(text: string): string | undefined {
  const start = text.indexOf("<Message>");
  const end = text.indexOf("</Message>", start);
  return start >= 0 && end > start ? text.slice(start + "<Message>".length, end) : undefined;
}

/** Without what terminals would obey, nor line breaks. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
}
