/** The product as a process of its own, from its sources or as the executable, with nothing of this machine's settings. */

import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Result } from "./clients/client.ts";
import { COMMAND_SECONDS } from "./time-limits.ts";

const ROOT = join(import.meta.dir, "../..");

/** What `scripts/build` makes. */
export const EXECUTABLE = join(ROOT, "proxy");

const READY_SECONDS = 120;
const STOP_SECONDS = 60;

let current: boolean | undefined;

/** Whether the executable is newer than every source: `scripts/test` builds it, an editor does not. */
function builtSinceChanged(): boolean {
  current ??= newerThan(EXECUTABLE, new Bun.Glob("{src,ecosystems}/**").scanSync({ cwd: ROOT }));
  return current;
}

function newerThan(file: string, others: Iterable<string>): boolean {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Iterator.from(others).every((other) => statSync(join(ROOT, other)).mtimeMs <= made);
}

/**
 * The command that starts the product, to which arguments are added: the executable, or its sources where those are newer.
 * The executable takes a third of the processor time that the sources take to start.
 */
export const program = (): readonly string[] =>
  builtSinceChanged() ? [EXECUTABLE] : [process.execPath, join(ROOT, "src/main.ts")];

export interface ProxyOptions {
  /** Keys of the configuration file; `listen`, `storage.path` and `database.path` have defaults here: a free port, and `dir`. */
  config: Readonly<Record<string, unknown>>;
  /** Holds the cache, the database and the configuration file: start again with the same one, and what was held still is. */
  dir: string;
  /** `serve --offline`. */
  offline?: boolean;
  /** Default: what `program` says. */
  executable?: string;
  /** More flags for `serve`. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

export interface Proxy {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The configuration file. */
  readonly configFile: string;
  /** SIGTERM, and the exit code; throws when it takes longer than 60 seconds. Does nothing when it has ended already. */
  stop(): Promise<number>;
  /** SIGKILL, at once. */
  kill9(): Promise<void>;
  /** Another command with the same configuration: `run(["mirror", "pkg:npm/left-pad"])`. Code 124: killed at the time limit. */
  run(args: readonly string[], timeoutSeconds?: number): Promise<Result>;
  /** What the server wrote so far: its log. */
  stderr(): string;
  /** The token that it wrote for this machine. */
  token(): string;
  /** The mirror API, with that token: `api("/ID/events")`. */
  api(path?: string, init?: RequestInit): Promise<Response>;
}

/** Resolves when GET /health answers 200. Throws, with what the server wrote, when it ends or takes over 120 seconds. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configFile = await configure(options, port);
  const flags = options.offline ? ["--offline"] : [];
  const serve = ["serve", "--config", configFile, "--listen", `127.0.0.1:${port}`, ...flags, ...(options.args ?? [])];
  const child = spawn(options, serve);
  const log = collect(child.stderr);
  // A test that fails does not stop it.
  const abandon = () => child.kill("SIGKILL");
  process.once("exit", abandon);
  void child.exited.then(() => process.removeListener("exit", abandon));
  void collect(child.stdout);

  try {
    await healthy(url, child.exited);
  } catch (error) {
    child.kill("SIGKILL");
    await child.exited;
    throw new Error(`The proxy did not start: ${(error as Error).message}\n${log.text()}`);
  }

  return {
    url,
    port,
    pid: child.pid,
    configFile,
    async stop() {
      child.kill("SIGTERM");
      const code = await Promise.race([child.exited, Bun.sleep(STOP_SECONDS * 1_000)]);
      if (code !== undefined) return code;
      child.kill("SIGKILL");
      throw new Error(`The proxy did not stop within ${STOP_SECONDS} s of SIGTERM:\n${log.text()}`);
    },
    async kill9() {
      child.kill("SIGKILL");
      await child.exited;
    },
    run: (args, timeoutSeconds = COMMAND_SECONDS) =>
      runCommand(options, [...args, "--config", configFile], timeoutSeconds),
    stderr: () => log.text(),
    token: () => tokenOf(options),
    api: (path = "", init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${tokenOf(options)}`);
      return fetch(`${url}/api/mirror${path}`, { ...init, headers });
    },
  };
}

function tokenOf({ config, dir }: ProxyOptions): string {
  const { path = join(dir, "artifacts") } = (config["storage"] ?? {}) as { path?: string };
  return readFileSync(join(path, "local-token"), "utf8").trim();
}

/** A command without a server: `mirror`, `stats` … with a configuration of its own. */
export async function runProxy(
  options: ProxyOptions,
  args: readonly string[],
  timeoutSeconds = COMMAND_SECONDS,
): Promise<Result> {
  return runCommand(options, [...args, "--config", await configure(options, 0)], timeoutSeconds);
}

/** Writes the file, one for each port: servers may share a folder. */
async function configure({ config, dir }: ProxyOptions, port: number): Promise<string> {
  const file = join(dir, `proxy-${port}.yaml`);
  const paths = { storage: { path: join(dir, "artifacts") }, database: { path: join(dir, "proxy.db") } };
  await Bun.write(file, Bun.YAML.stringify({ listen: `127.0.0.1:${port}`, ...paths, ...config }, null, 2));
  return file;
}

function spawn({ dir, executable, env }: ProxyOptions, args: readonly string[]) {
  return Bun.spawn([...(executable ? [executable] : program()), ...args], {
    // Neither the settings of this repository nor of the user.
    cwd: dir,
    env: { PATH: process.env["PATH"] ?? "", HOME: dir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function runCommand(options: ProxyOptions, args: readonly string[], timeoutSeconds: number): Promise<Result> {
  const started = performance.now();
  const child = spawn(options, args);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutSeconds * 1_000);
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  return { code: late ? 124 : code, stdout, stderr, seconds: (performance.now() - started) / 1_000 };
}

/** Keeps reading, so that the process never waits for its log to be read. */
function collect(stream: ReadableStream<Uint8Array>): { text(): string } {
  const decoder = new TextDecoder();
  let collected = "";
  const read = async () => {
    for await (const bytes of stream) collected += decoder.decode(bytes, { stream: true });
  };
  void read();
  return { text: () => collected };
}

async function healthy(url: string, exited: Promise<number>): Promise<void> {
  const deadline = performance.now() + READY_SECONDS * 1_000;
  let last = "no answer";
  while (performance.now() < deadline) {
    const ended = await Promise.race([exited, Bun.sleep(20)]);
    if (ended !== undefined) throw new Error(`it ended with exit code ${ended}`);
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (response?.ok) return;
    if (response) last = `GET /health answered ${response.status}: ${await response.text()}`;
  }
  throw new Error(`not healthy within ${READY_SECONDS} s (${last})`);
}

/** A port on which nothing listens just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return address !== null && typeof address === "object" ? address.port : 0;
}
