/** What goes wrong upstream: each takes the reply that a good server would send, and gives the one that is sent instead. */
import { createGzip } from "node:zlib";
import { represent } from "./representation.ts";
import type { Entry, Request } from "./tree.ts";
import type { Reply } from "./wire.ts";

export type Fault = (reply: Reply, request: Request) => Reply | Promise<Reply>;

const CHUNK = 64 * 1024;

/** Only the first requests meet the fault, the later ones a good server. */
export function firstTimes(times: number, fault: Fault): Fault {
  let left = times;
  return (reply, request) => (left-- > 0 ? fault(reply, request) : reply);
}

/** The right length, the wrong content: every slice of the body begins with another byte. */
export function wrongBytes(): Fault {
  return (reply) => ({
    ...reply,
    body: mapped(reply.body, (bytes) => {
      // A copy, which the slice() of a Buffer would not be.
      const wrong = new Uint8Array(bytes);
      wrong[0] = (wrong[0] ?? 0) ^ 0xff;
      return wrong;
    }),
  });
}

/** The connection breaks after so many bytes of a body whose whole length was promised. */
export function cutAfter(bytes: number): Fault {
  return (reply) => ({ ...reply, body: first(reply.body, bytes), cut: true });
}

/** Content-Length is off by so many bytes; the body is whole. */
export function wrongLength(difference: number): Fault {
  return (reply) => {
    const length = Number(reply.headers["content-length"]) + difference;
    return { ...reply, headers: { ...reply.headers, "content-length": `${length}` } };
  };
}

/** Sent in chunks, without a Content-Length. */
export function withoutLength(): Fault {
  return (reply) => {
    const { "content-length": _dropped, ...headers } = reply.headers;
    return { ...reply, headers };
  };
}

/** The body ends with the connection, and nothing says how long it is. */
export function untilClosed(): Fault {
  return (reply) => {
    const { "content-length": _dropped, ...headers } = reply.headers;
    return { ...reply, headers: { ...headers, connection: "close" } };
  };
}

/** 200 with an HTML page, as captive portals and misconfigured balancers send it. */
export function htmlErrorPage(): Fault {
  const page = "<!doctype html><title>Sign in</title><h1>Please sign in to the network</h1>\n";
  return instead({ body: page, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** A body that never ends, in chunks. */
export function endlessBody(): Fault {
  return ({ status, headers }) => {
    const { "content-length": _dropped, ...others } = headers;
    return { status, headers: others, body: zeros(Number.POSITIVE_INFINITY) };
  };
}

/** Content-Encoding: gzip over zeros: a thousandth of the size on the wire. Default 4 GiB decoded. */
export function gzipBomb(size = 4 * 2 ** 30): Fault {
  return ({ status, headers }) => {
    const { "content-length": _length, ...others } = headers;
    return { status, headers: { ...others, "content-encoding": "gzip" }, body: gzipped(zeros(size)) };
  };
}

/** To another URL, absolute or relative. Default status 302. */
export function redirect(to: string, status = 302): Fault {
  return () => ({ status, headers: { location: to, "content-length": "0" }, body: [] });
}

/** To itself, for ever. */
export function redirectLoop(): Fault {
  return (_reply, request) => ({ status: 302, headers: { location: request.target, "content-length": "0" }, body: [] });
}

/** Headers at once, then the body a little at a time, ten times a second. */
export function slowDrip(bytesPerSecond: number): Fault {
  return (reply) => ({ ...reply, body: dripped(reply.body, Math.max(1, Math.round(bytesPerSecond / 10)), 100) });
}

/** Silence before the headers. */
export function delayed(milliseconds: number): Fault {
  return async (reply) => {
    await Bun.sleep(milliseconds);
    return reply;
  };
}

/** The body pauses after so many bytes. */
export function stalledAfter(bytes: number, milliseconds: number): Fault {
  return (reply) => ({ ...reply, body: stalled(reply.body, bytes, milliseconds) });
}

/** An error status; `retryAfter` (seconds, or an HTTP date) becomes Retry-After. */
export function failing(status: number, retryAfter?: number | string): Fault {
  const headers: Record<string, string> = { "content-type": "text/plain" };
  if (retryAfter !== undefined) headers["retry-after"] = `${retryAfter}`;
  return instead({ status, body: `upstream fails on purpose with ${status}\n`, headers });
}

/** The connection is closed without an answer. */
export function hangUp(): Fault {
  return () => ({ status: 0, headers: {}, body: [] });
}

/** Another entry: an older revision, as from an upstream cache that lags behind, or a forgery. */
export function instead(entry: Entry): Fault {
  return (_reply, request) => represent(entry, request, {});
}

/** Other headers over the good reply's. */
export function withHeaders(headers: Record<string, string>): Fault {
  return (reply) => ({ ...reply, headers: { ...reply.headers, ...headers } });
}

type Body = Reply["body"];

async function* mapped(body: Body, change: (bytes: Uint8Array) => Uint8Array): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) yield change(bytes);
}

async function* first(body: Body, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const bytes of body) {
    yield bytes.subarray(0, left);
    left -= bytes.length;
    if (left <= 0) return;
  }
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= CHUNK) yield new Uint8Array(Math.min(CHUNK, left));
}

async function* gzipped(body: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip();
  const input = body[Symbol.iterator]();
  const feed = () => {
    for (;;) {
      const { done, value } = input.next();
      if (done) return void gzip.end();
      if (!gzip.write(value)) return void gzip.once("drain", feed);
    }
  };
  feed();
  try {
    for await (const bytes of gzip as AsyncIterable<Buffer>) yield bytes;
  } finally {
    gzip.destroy();
  }
}

async function* dripped(body: Body, size: number, pause: number): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) {
    for (let at = 0; at < bytes.length; at += size) {
      yield bytes.subarray(at, at + size);
      await Bun.sleep(pause);
    }
  }
}

async function* stalled(body: Body, after: number, pause: number): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const bytes of body) {
    const before = bytes.subarray(0, Math.max(0, after - sent));
    if (sent <= after && sent + bytes.length > after) {
      yield before;
      await Bun.sleep(pause);
      yield bytes.subarray(before.length);
    } else yield bytes;
    sent += bytes.length;
  }
}
