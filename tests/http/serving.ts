/** The HTTP server in this process, over a cache in front of files that an upstream has, and sockets to ask it by. */
import { connect } from "node:net";
import { AccessLog } from "../../src/http/access-log.ts";
import { type HostSettings, Hosts } from "../../src/http/hosts.ts";
import { Metrics } from "../../src/http/metrics.ts";
import { type Recording, startServer } from "../../src/http/server.ts";
import { setUp } from "../support/files-cache.ts";

interface Options extends Partial<HostSettings> {
  idleSeconds?: number;
  /** Milliseconds that upstream may pause. */
  patience?: number;
  app?: (request: Request) => Response;
  recording?: (set: Awaited<ReturnType<typeof setUp>>) => Recording;
}

/** `/files/f/small`, `/files/f/large` and `/files/index.json` are there. */
export async function serving({ idleSeconds, patience = 2_000, app, recording, ...hosts }: Options = {}) {
  const set = await setUp({}, { upstream: { timeout: patience } });
  const { cache, mount } = set;
  const server = startServer({
    at: { hostname: "127.0.0.1", port: 0 },
    cache,
    mounts: new Map([[mount.name, mount]]),
    hosts: new Hosts({ hosts: [], trustedProxies: [], ...hosts }),
    metrics: new Metrics([mount], () => cache.context.blobs.totals()),
    accessLog: new AccessLog(undefined),
    app: app ?? (() => new Response("app")),
    recording: recording?.(set),
    ...(idleSeconds !== undefined && { idleSeconds }),
  });
  const port = server.port!;
  return {
    ...set,
    url: `http://127.0.0.1:${port}/files`,
    raw: (request: string, milliseconds?: number) => raw(port, request, milliseconds),
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
      await set[Symbol.asyncDispose]();
    },
  };
}

export interface Exchange {
  /** Everything that came, heads and all, a character for a byte. */
  answer: string;
  /** Milliseconds after which the server closed the connection; absent: it did not. */
  closed?: number;
}

/** What is answered to what stands on the wire: paths that `fetch` would mend, several requests on one connection. */
export function raw(port: number, request: string, milliseconds = 2_000): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const started = performance.now();
  let answer = "";
  const socket = connect(port, "127.0.0.1", () => socket.write(request));
  const done = (closed?: number) => {
    clearTimeout(timer);
    socket.destroy();
    resolve({ answer, ...(closed !== undefined && { closed }) });
  };
  const timer = setTimeout(done, milliseconds);
  socket.on("data", (data) => {
    answer += data.toString("latin1");
  });
  const ended = () => done(performance.now() - started);
  socket.on("close", ended).on("error", ended);
  return promise;
}

/** A request on the wire; it ends the connection unless `more` follow. */
export function wire(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  { method = "GET", more = false } = {},
): string {
  const all = { Host: "127.0.0.1", ...headers, ...(!more && { Connection: "close" }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
