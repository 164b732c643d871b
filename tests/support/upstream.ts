/**
 * A fake upstream on a free loopback port. It serves trees under path prefixes as a good server would, unless faults are
 * set; it keeps every request, and those for which it had nothing.
 */
import { createServer, type Socket } from "node:net";
import type { Fault } from "./faults.ts";
import { type Manners, represent } from "./representation.ts";
import type { Content, Entry, Request, Tree } from "./tree.ts";
import { converse, type Reply } from "./wire.ts";

export interface Recorded extends Omit<Request, "body"> {
  readonly status: number;
}

export interface UpstreamOptions extends Manners {
  /** `close` throws when there was a request without an entry that `expectedMissing` does not match. Default false. */
  strict?: boolean;
  /** Paths that clients are known to probe for. */
  expectedMissing?: RegExp;
}

export interface Upstream {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  readonly requests: readonly Recorded[];
  /** `METHOD /path` of requests that met no entry, but for the `expectedMissing`. */
  readonly unexpected: readonly string[];
  /** Serves a tree under a prefix (`/npm`; empty for the root). The tree is made for its base URL, which is returned. */
  mount(prefix: string, make: (base: string) => Tree): string;
  /** Changes, adds or (undefined) removes what stands at a whole path (`/npm/left-pad`), from now on. */
  set(path: string, content: Content | undefined): void;
  /** How many requests a path got, or the paths that a pattern matches; of any method, or of one. */
  count(path: string | RegExp, method?: string): number;
  /** Paths that trees hold and nobody asked for. */
  unused(): string[];
  /** From now on requests for a path, or for paths that a pattern matches, meet the fault; several apply in order. */
  fault(path: string | RegExp, fault: Fault): void;
  /** Removes all faults. */
  heal(): void;
  /** Forgets the requests so far. */
  forget(): void;
  /** Connections are cut and new ones refused. */
  down(): Promise<void>;
  /** Listens again, on the same port. */
  up(): Promise<void>;
  close(): Promise<void>;
}

export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const trees = new Map<string, Tree>();
  const changes = new Map<string, Content | undefined>();
  const requests: Recorded[] = [];
  const unexpected: string[] = [];
  const faults: { path: string | RegExp; fault: Fault }[] = [];

  const find = (path: string, key: (path: string) => string) => {
    if (changes.has(key(path))) return changes.get(key(path));
    const prefixes = Array.from(trees.keys()).filter((prefix) => path.startsWith(`${prefix}/`));
    const prefix = prefixes.sort((a, b) => b.length - a.length)[0];
    return prefix === undefined ? undefined : trees.get(prefix)?.get(key(path.slice(prefix.length)));
  };

  const entryFor = async (request: Request): Promise<Entry> => {
    const reads = request.method === "GET" || request.method === "HEAD";
    const content = find(request.path, (path) => (reads ? path : `${request.method} ${path}`));
    const entry = typeof content === "function" ? await content(request) : content;
    if (entry) return entry;
    if (!options.expectedMissing?.test(request.path)) unexpected.push(`${request.method} ${request.path}`);
    return { status: 404, body: "not found\n", headers: { "content-type": "text/plain" } };
  };

  const answer = async (request: Request): Promise<Reply> => {
    let reply = represent(await entryFor(request), request, options);
    for (const { path, fault } of faults) if (matches(path, request.path)) reply = await fault(reply, request);
    const { body: _body, ...line } = request;
    requests.push({ ...line, status: reply.status });
    return reply;
  };

  const listener = listen((request) => answer(request));
  await listener.up();
  const url = `http://127.0.0.1:${listener.port()}`;

  return {
    url,
    requests,
    unexpected,
    mount(prefix, make) {
      trees.set(prefix, make(url + prefix));
      return url + prefix;
    },
    set: (path, content) => void changes.set(path, content),
    count: (path, method) =>
      requests.filter((request) => matches(path, request.path) && (method ?? request.method) === request.method).length,
    unused() {
      const asked = new Set(requests.map(({ path }) => path));
      const held = Array.from(trees).flatMap(([prefix, tree]) =>
        Array.from(tree.keys?.() ?? [], (key) => key.replace(/^(\w+ )?/, `$1${prefix}`)),
      );
      return held.filter((key) => !asked.has(key.replace(/^\w+ /, "")));
    },
    fault: (path, fault) => void faults.push({ path, fault }),
    heal: () => void faults.splice(0),
    forget() {
      requests.length = 0;
      unexpected.length = 0;
    },
    down: () => listener.down(),
    up: () => listener.up(),
    async close() {
      await listener.down();
      if (options.strict && unexpected.length > 0) {
        throw new Error(`The upstream was asked for what it does not have: ${unexpected.join(", ")}`);
      }
    },
  };
}

function matches(pattern: string | RegExp, path: string): boolean {
  return typeof pattern === "string" ? pattern === path : pattern.test(path);
}

/** A listening port that keeps its number while it is down. */
function listen(answer: (request: Request) => Promise<Reply>) {
  const sockets = new Set<Socket>();
  let port = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    converse(socket, answer).catch((error: unknown) => {
      // An entry that throws is a broken test: the client sees the connection end, the reader of the output why.
      console.error(error);
      socket.destroy();
    });
  });
  return {
    port: () => port,
    async up() {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
      await promise;
      server.removeListener("error", reject);
      const address = server.address();
      if (address !== null && typeof address === "object") port = address.port;
    },
    async down() {
      if (!server.listening) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      await promise;
    },
  };
}
