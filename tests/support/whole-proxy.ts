/** A whole registry behind commands of the product, for as long as a test takes. */
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "./clients/client.ts";
import { type ProxyOptions, runProxy, startProxy } from "./proxy.ts";
import type { Whole } from "./registries/whole.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import type { Tree } from "./tree.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

export interface WholeProxy extends AsyncDisposable {
  upstream: Upstream;
  options: ProxyOptions;
  dir: string;
  /** `mirror --registry MOUNT …`; its exit code and what it says. */
  mirror(...args: string[]): Promise<Result>;
  /** How the mirror stands, as `--status --json` tells it. */
  standing(): Promise<StandingJson>;
  run(...args: string[]): Promise<Result>;
  /** A server that dials nobody. The upstream is down from then on. */
  offline(): ReturnType<typeof startProxy>;
}

/**
 * Rows of its database, read while another process may be making it: none before its tables are there.
 */
export function rowsIn<Row>({ dir }: Pick<WholeProxy, "dir">, sql: string, ...values: (string | number)[]): Row[] {
  const file = join(dir, "proxy.db");
  if (!existsSync(file)) return [];
  using database = new Database(file);
  database.run("PRAGMA busy_timeout = 60000");
  const isMade = database.query("SELECT 1 FROM sqlite_schema WHERE name = 'listed'").get() !== null;
  return isMade ? database.query<Row, (string | number)[]>(sql).all(...values) : [];
}

export interface StandingJson {
  packages: { held: number; due: number; failed: number; left_out: number; gone: number };
  gaps: number;
  list_size: number;
  listing: boolean;
  checkpoint: string | null;
  lag_seconds: number | null;
}

export interface WholeProxyOptions {
  ecosystem: string;
  /** What it is made of, where that is one. */
  whole?: Whole;
  make: (base: string) => Tree;
  /** Its upstreams, by what its base URL is. */
  upstreams: (base: string) => Record<string, string>;
  /** Of its mount. */
  options?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Files of keys that its mount trusts. */
  keys?: readonly string[];
  config?: Record<string, unknown>;
}

export async function wholeProxy({
  ecosystem,
  make,
  upstreams,
  options: own = {},
  keys = [],
  config = {},
}: WholeProxyOptions): Promise<WholeProxy> {
  const upstream = await startUpstream();
  const base = upstream.mount("/registry", make);
  const folder = await temporaryFolder();
  const dir = join(folder.path, "proxy");
  const options: ProxyOptions = {
    dir,
    config: {
      http_timeout: "2s",
      mounts: { [ecosystem]: { ecosystem, upstreams: upstreams(base), options: own, trust: { keys } } },
      ...config,
    },
  };
  const run = (...args: string[]) => runProxy(options, args);
  return {
    upstream,
    options,
    dir,
    run,
    mirror: (...args) => run("mirror", "--registry", ecosystem, ...args),
    standing: async () => {
      const { stdout, stderr } = await run("mirror", "--registry", ecosystem, "--status", "--json");
      const [found] = JSON.parse(stdout || "[]") as StandingJson[];
      if (!found) throw new Error(`there is no mirror of ${ecosystem}: ${stderr}`);
      return found;
    },
    offline: async () => {
      await upstream.down();
      return startProxy({ ...options, offline: true });
    },
    [Symbol.asyncDispose]: async () => {
      await upstream.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
