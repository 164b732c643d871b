/** An entry as a well-behaved server sends it: validators, 304, ranges, gzip (RFC 9110 sections 8.8, 13, 14). */
import { gzipSync } from "node:zlib";
import type { Entry, Request } from "./tree.ts";
import type { Reply } from "./wire.ts";

export interface Manners {
  /** Strong ETags and conditional requests; default true. */
  etags?: boolean;
  /** Ranges; default true. */
  ranges?: boolean;
  /** Documents (JSON, XML, text) are sent gzip'd to clients that accept it; default false. */
  gzip?: boolean;
}

const SLICE = 256 * 1024;
const DOCUMENT = /json|xml|text/;

export function represent(entry: Entry, request: Request, manners: Manners): Reply {
  const { etags = true, ranges = true, gzip = false } = manners;
  const { status = 200 } = entry;
  const headers: Record<string, string> = { ...entry.headers };
  let body = typeof entry.body === "string" ? new TextEncoder().encode(entry.body) : entry.body;

  const zip = gzip && accepts(request, "gzip") && DOCUMENT.test(headers["content-type"] ?? "");
  if (zip && !(body instanceof Blob)) {
    body = gzipSync(body);
    headers["content-encoding"] = "gzip";
    headers["vary"] = "accept-encoding";
  }
  if (status !== 200) return full(status, headers, body);

  if (etags) headers["etag"] ??= etagOf(body);
  if (etags && unchanged(request, headers)) return { status: 304, headers, body: [] };
  if (!ranges) return full(200, headers, body);

  headers["accept-ranges"] = "bytes";
  const size = sizeOf(body);
  const range = rangeOf(request, headers, size);
  if (!range) return full(200, headers, body);
  if (range.from >= size) return full(416, { "content-range": `bytes */${size}` }, new Uint8Array());
  headers["content-range"] = `bytes ${range.from}-${range.to}/${size}`;
  return full(206, headers, body.slice(range.from, range.to + 1));
}

function full(status: number, headers: Record<string, string>, body: Uint8Array<ArrayBuffer> | Blob): Reply {
  return { status, headers: { ...headers, "content-length": `${sizeOf(body)}` }, body: slices(body) };
}

const sizeOf = (body: Uint8Array | Blob) => (body instanceof Blob ? body.size : body.length);

async function* slices(body: Uint8Array<ArrayBuffer> | Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeOf(body); at += SLICE) {
    yield body instanceof Blob ? await body.slice(at, at + SLICE).bytes() : body.subarray(at, at + SLICE);
  }
}

const accepts = ({ headers }: Request, encoding: string) => (headers["accept-encoding"] ?? "").includes(encoding);

const etags = new WeakMap<Uint8Array | Blob, string>();

function etagOf(body: Uint8Array<ArrayBuffer> | Blob): string {
  const known = etags.get(body);
  if (known) return known;
  // A file is too large to be read for its tag, and no test changes one.
  const content = body instanceof Blob ? `${body.size}` : Bun.hash(body).toString(16);
  const etag = `"${content}"`;
  etags.set(body, etag);
  return etag;
}

function unchanged({ headers: asked }: Request, headers: Record<string, string>): boolean {
  const tags = asked["if-none-match"];
  if (tags !== undefined) return tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === headers["etag"]);
  return asked["if-modified-since"] !== undefined && asked["if-modified-since"] === headers["last-modified"];
}

function rangeOf({ headers: asked }: Request, headers: Record<string, string>, size: number) {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(asked["range"] ?? "") ?? [];
  if (!from && !to) return undefined;
  const condition = asked["if-range"];
  if (condition && condition !== headers["etag"] && condition !== headers["last-modified"]) return undefined;
  if (!from) return { from: Math.max(0, size - Number(to)), to: size - 1 };
  return { from: Number(from), to: to ? Math.min(Number(to), size - 1) : size - 1 };
}
