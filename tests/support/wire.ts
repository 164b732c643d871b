/**
 * HTTP/1.1 over plain sockets, for upstreams that lie: what a reply says of its length, where it is cut and how slowly it
 * trickles is all the caller's. An HTTP library would mend such replies. One request of a connection at a time.
 */
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Request } from "./tree.ts";

/** What is sent, to the letter: without `content-length` chunked (with `connection: close` up to its end), with one that is wrong wrong. */
export interface Reply {
  /** 0: the connection is closed without an answer. */
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** The connection is torn down after the body, however much of it had been promised. */
  cut?: boolean;
}

const HEAD_END = "\r\n\r\n";
const LINE_END = "\r\n";

/** Answers the requests of a connection until either side closes it. */
export async function converse(socket: Socket, answer: (request: Request) => Promise<Reply>): Promise<void> {
  // A client may leave whenever it likes: what it does not read is not this side's failure.
  socket.on("error", () => socket.destroy());
  try {
    for await (const request of requestsOf(socket)) {
      const reply = await answer(request);
      const reusable = await send(socket, request, reply);
      if (!reusable || request.headers["connection"]?.toLowerCase() === "close") break;
    }
  } finally {
    socket.end();
  }
}

async function* requestsOf(socket: Socket): AsyncGenerator<Request> {
  const chunks = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let pending = Buffer.alloc(0);
  const receive = async () => {
    const { done, value } = await chunks.next().catch(() => ({ done: true as const, value: undefined }));
    if (!done) pending = Buffer.concat([pending, value]);
    return !done;
  };
  const take = async (length: number) => {
    while (pending.length < length) if (!(await receive())) break;
    const taken = pending.subarray(0, length);
    pending = pending.subarray(length);
    return taken;
  };
  const takeUntil = async (mark: string) => {
    while (!pending.includes(mark)) if (!(await receive())) return undefined;
    const taken = await take(pending.indexOf(mark) + mark.length);
    return taken.toString("latin1").slice(0, -mark.length);
  };
  const takeChunked = async () => {
    const parts: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await takeUntil(LINE_END)) ?? "0", 16);
      parts.push(await take(size));
      await takeUntil(LINE_END);
      if (size === 0) return Buffer.concat(parts);
    }
  };

  for (;;) {
    const head = await takeUntil(HEAD_END);
    if (head === undefined) return;
    const { headers, ...line } = parse(head);
    const chunked = headers["transfer-encoding"] === "chunked";
    const body = chunked ? await takeChunked() : await take(Number(headers["content-length"] ?? 0));
    yield { ...line, headers, body };
  }
}

function parse(head: string): Omit<Request, "body"> {
  const [first = "", ...lines] = head.split(LINE_END);
  const [method = "", target = ""] = first.split(" ");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const [path = "", query = ""] = target.split("?");
  return { method, target, path: decoded(path), query: new URLSearchParams(query), headers };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Sends a reply; says whether the connection can carry another. */
async function send(socket: Socket, request: Request, reply: Reply): Promise<boolean> {
  const { status, headers, body, cut = false } = reply;
  if (status === 0) {
    socket.destroy();
    return false;
  }
  const bodiless = request.method === "HEAD" || status === 204 || status === 304;
  const declared = headers["content-length"];
  const isClosing = headers["connection"] === "close";
  const chunked = !bodiless && declared === undefined && !isClosing;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}${LINE_END}`);
  if (chunked) lines.push(`transfer-encoding: chunked${LINE_END}`);
  await write(socket, `HTTP/1.1 ${status} Status${LINE_END}${lines.join("")}${LINE_END}`);
  if (bodiless) return true;

  let sent = 0;
  for await (const bytes of body) {
    if (bytes.length === 0) continue;
    if (chunked) await write(socket, bytes.length.toString(16) + LINE_END);
    if (!(await write(socket, bytes))) return false;
    if (chunked) await write(socket, LINE_END);
    sent += bytes.length;
  }
  if (cut) {
    socket.destroySoon();
    return false;
  }
  if (chunked) await write(socket, `0${HEAD_END}`);
  return !isClosing && (chunked || sent === Number(declared));
}

/** Waits while the client reads slower than this side writes. False: the client has gone. */
async function write(socket: Socket, data: string | Uint8Array): Promise<boolean> {
  if (socket.destroyed) return false;
  if (!socket.write(data)) {
    const settled = new AbortController();
    const events = ["drain", "close"].map((event) => once(socket, event, settled).catch(() => undefined));
    await Promise.race(events);
    settled.abort();
  }
  return !socket.destroyed;
}
