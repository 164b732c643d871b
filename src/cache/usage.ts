import type { Context } from "./context.ts";

/** Milliseconds between writes of what was used. */
const INTERVAL = 10_000;

/** Hits and access times, gathered in memory: no request writes to the database. What a kill loses is at most one interval. */
export class Usage {
  readonly #context: Context;
  #hits = new Map<string, { mount: string; path: string; artifact: boolean; hits: number }>();

  constructor(context: Context) {
    this.#context = context;
    setInterval(() => void this.flush(), INTERVAL).unref();
  }

  record(mount: string, path: string, artifact: boolean): void {
    const key = `${mount} ${path}`;
    const known = this.#hits.get(key);
    if (known) known.hits++;
    else this.#hits.set(key, { mount, path, artifact, hits: 1 });
  }

  async flush(): Promise<void> {
    if (this.#hits.size === 0) return;
    const hits = this.#hits;
    this.#hits = new Map();
    const { writer, artifacts, documents, now } = this.#context;
    const at = now();
    await writer.write(() => {
      for (const { mount, path, artifact, hits: count } of hits.values()) {
        if (artifact) artifacts.touch(mount, path, count, at);
        else documents.touch(mount, path, at);
      }
    });
  }
}
