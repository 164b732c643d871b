import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { on } from "../events.ts";

interface Answered {
  request: Request;
  status: number;
  milliseconds: number;
  remote: () => string | undefined;
  error?: string | undefined;
}

/** Milliseconds in which lines gather before they are written. */
const GATHER = 250;

/**
 * JSON lines of what was asked of us (`request`) and of upstream for it (`upstream`), sharing `request_id`. URLs are written
 * without their query, which may hold secrets. Without a path nothing is done.
 */
export class AccessLog {
  readonly #path: string | undefined;
  readonly #ids = new WeakMap<Request, string>();
  readonly #current = new AsyncLocalStorage<string>();
  #lines: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
    if (!path) return;
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, "");
    on("upstream", ({ method, url, status, milliseconds, error }) => {
      const request_id = this.#current.getStore();
      this.#write({
        event: "upstream",
        request_id,
        method,
        url: url.split("?")[0],
        status_code: status,
        duration_ms: round(milliseconds),
        error,
      });
    });
  }

  /** Runs what answers a request, so that what it asks of upstream is written under the request's id. */
  during<T>(request: Request, run: () => Promise<T>): Promise<T> {
    return this.#path ? this.#current.run(this.#idOf(request), run) : run();
  }

  request({ request, status, milliseconds, remote, error }: Answered): void {
    if (!this.#path) return;
    // Without a Host there is only a path.
    const { pathname } = new URL(request.url, "http://localhost");
    this.#write({
      event: "request",
      request_id: this.#idOf(request),
      method: request.method,
      path: pathname,
      status_code: status,
      duration_ms: round(milliseconds),
      remote_addr: remote(),
      error,
    });
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#path && this.#lines.length > 0) appendFileSync(this.#path, `${this.#lines.join("\n")}\n`);
    this.#lines = [];
  }

  #write(fields: Record<string, unknown>): void {
    this.#lines.push(JSON.stringify({ time: new Date().toISOString(), ...fields }));
    this.#timer ??= setTimeout(() => this.flush(), GATHER);
  }

  #idOf(request: Request): string {
    let id = this.#ids.get(request);
    if (!id) {
      id = crypto.randomUUID();
      this.#ids.set(request, id);
    }
    return id;
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
