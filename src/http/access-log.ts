import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { on } from "../contract/events.ts";
import { isLogged, log } from "../lib/log.ts";

interface Answered {
  request: Request;
  status: number;
  milliseconds: number;
  remote: () => string | undefined;
  error?: string | undefined;
  /** Of the body. */
  bytes: number;
  /** Absent: it is none of a mount. */
  ecosystem?: string | undefined;
}

/** Stands for standard output. */
const STDOUT = "-";

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
  /** What is told in the log too: to a person at a terminal, and to whoever looks for a fault. */
  readonly #told: "info" | "debug" | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
    const level = process.stderr.isTTY && path !== STDOUT ? "info" : "debug";
    this.#told = isLogged(level) ? level : undefined;
    if (isLogged("debug"))
      on("upstream", ({ method, url, status, milliseconds, error }) =>
        log.debug("upstream", { method, url: url.split("?")[0], status, ms: round(milliseconds), error }),
      );
    if (!path) return;
    if (path !== STDOUT) {
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, "");
    }
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

  request({ request, status, milliseconds, remote, error, bytes, ecosystem }: Answered): void {
    if (!this.#path && !this.#told) return;
    // Without a Host there is only a path.
    const { pathname } = new URL(request.url, "http://localhost");
    const { method } = request;
    if (this.#told)
      log[this.#told]("request", { method, path: pathname, status, bytes, ms: round(milliseconds), error });
    if (!this.#path) return;
    const address = remote();
    this.#write({
      event: "request",
      request_id: this.#idOf(request),
      method,
      path: pathname,
      status_code: status,
      duration_ms: round(milliseconds),
      bytes,
      ecosystem,
      user_agent: request.headers.get("user-agent") ?? undefined,
      remote_addr: address,
      remote_ip: address,
      error,
    });
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // By its path each time: a file that was moved away is made anew.
    if (this.#path && this.#lines.length > 0)
      (this.#path === STDOUT ? writeOut : appendFileSync.bind(undefined, this.#path))(`${this.#lines.join("\n")}\n`);
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

function writeOut(text: string): void {
  process.stdout.write(text);
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
