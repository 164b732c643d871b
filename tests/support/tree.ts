/** What a fake upstream holds: entries by path. Registry generators make trees, `startUpstream` serves them. */

/** A parsed HTTP request. */
export interface Request {
  readonly method: string;
  /** As it stood in the request line: `/@scope%2fname?write=true`. */
  readonly target: string;
  /** Percent-decoded, without the query: `/@scope/name`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** One representation. A string is sent as UTF-8, a Blob (a `Bun.file`, say) is read as it is sent. */
export interface Entry {
  readonly body: Uint8Array<ArrayBuffer> | string | Blob;
  /** Names in lower case. `content-length`, and `etag` unless given here, are added when it is sent. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 200. */
  readonly status?: number;
}

/** An entry, or how to make one for a request: negotiation, queries, posted bodies. Undefined: 404. */
export type Content = Entry | ((request: Request) => Entry | undefined | Promise<Entry | undefined>);

/** Keys are decoded paths (`/@scope/name`); what answers another method than GET and HEAD has it in its key (`POST /path`). */
export interface Tree {
  get(key: string): Content | undefined;
  keys?(): Iterable<string>;
}

export const json = (value: unknown, headers: Record<string, string> = {}): Entry => ({
  body: JSON.stringify(value),
  headers: { "content-type": "application/json", ...headers },
});

export const text = (body: string, type = "text/plain; charset=utf-8"): Entry => ({
  body,
  headers: { "content-type": type },
});

export const binary = (body: Uint8Array<ArrayBuffer>, type = "application/octet-stream"): Entry => ({
  body,
  headers: { "content-type": type },
});

/** The first tree that has a key answers. */
export function overlay(...trees: readonly Tree[]): Tree {
  return {
    get: (key) =>
      trees
        .values()
        .map((tree) => tree.get(key))
        .find((content) => content !== undefined),
    keys: () => new Set(trees.flatMap((tree) => Array.from(tree.keys?.() ?? []))),
  };
}

/** The entry of a Map tree at a path, for tests that change or compare one. Throws where it has none. */
export function entryAt(tree: Tree, path: string): Entry {
  const content = tree.get(path);
  if (content === undefined || typeof content === "function") {
    throw new Error(`No fixed entry at ${path}. There are: ${Array.from(tree.keys?.() ?? []).join(", ")}`);
  }
  return content;
}

/** The bytes of an entry. */
export async function bytesOf({ body }: Entry): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof body === "string") return new TextEncoder().encode(body);
  return body instanceof Blob ? body.bytes() : body;
}
