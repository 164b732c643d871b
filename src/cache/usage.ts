import { messageOf } from "../lib/errors.ts";
import { log } from "../lib/log.ts";
import type { Context } from "./context.ts";

/** Hits and access times, gathered in memory: no request writes to the database. Whoever serves flushes now and then. */
export class Usage {
  readonly #context: Context;
  /** By mount and path, apart: a key of both would be put together and hashed for each request. */
  #hits = new Map<string, Map<string, { artifact: boolean; hits: number }>>();

  constructor(context: Context) {
    this.#context = context;
  }

  record(mount: string, path: string, artifact: boolean): void {
    let paths = this.#hits.get(mount);
    if (!paths) {
      paths = new Map();
      this.#hits.set(mount, paths);
    }
    const known = paths.get(path);
    if (known) known.hits++;
    else paths.set(path, { artifact, hits: 1 });
  }

  /** Writes what was gathered; on a full disk that is lost. */
  async flush(): Promise<void> {
    if (this.#hits.size === 0) return;
    const hits = this.#hits;
    this.#hits = new Map();
    const used = Array.from(hits).flatMap(([mount, paths]) =>
      Array.from(paths, ([path, use]) => ({ mount, path, ...use })),
    );
    const { true: artifacts = [], false: documents = [] } = Object.groupBy(used, ({ artifact }) => `${artifact}`);
    const written = this.#context.commit("countUse", { at: this.#context.now(), artifacts, documents });
    await written.catch((error: unknown) => log.warn("hits could not be written", { error: messageOf(error) }));
  }
}
