/** The processes of a run: the proxy, the bare server beside it, and the registry that the proxy fetches from. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Proxy as Product, startProxy } from "../../tests/support/proxy.ts";
import { type PackageSpec, type Written, writePackage } from "./packages.ts";

export interface Stage {
  quick: boolean;
  /** The executable. */
  executable: string;
  /** Has been running for a while, with some documents and files in its cache. */
  proxy: Product;
  /** Sends the registry's own files. */
  bare: Helper;
  /** Fetches and stores, every time anew. */
  store: Helper;
  upstream: Helper;
  /** Adds a package to the registry. */
  write(spec: PackageSpec): Promise<Written>;
  /** Another proxy, with an empty cache. */
  start(): Promise<Product>;
  /** What such a proxy is configured with. */
  config: Readonly<Record<string, unknown>>;
  /** An empty folder. */
  folder(): Promise<string>;
  close(): Promise<void>;
}

export interface Helper {
  url: string;
  pid: number;
  stop(): void;
}

export async function setStage(root: string, executable: string, quick: boolean): Promise<Stage> {
  const registry = join(root, "registry");
  let folders = 0;
  const folder = async () => {
    const path = join(root, `${folders++}`);
    await mkdir(path);
    return path;
  };
  await mkdir(registry);
  const [bare, upstream] = await Promise.all([helper("bare-server.ts", registry), helper("upstream.ts", registry)]);
  const store = await helper("bare-store.ts", await folder(), upstream.url);
  const config = { upstream: { npm: upstream.url }, metadata_ttl: "1h" };
  const start = async () => startProxy({ config, dir: await folder(), executable });
  const proxy = await start();
  return {
    quick,
    executable,
    proxy,
    bare,
    store,
    upstream,
    write: (spec) => writePackage(registry, upstream.url, spec),
    start,
    config,
    folder,
    close: async () => {
      await proxy.stop();
      bare.stop();
      store.stop();
      upstream.stop();
    },
  };
}

/** A program of this folder, which prints its port. */
export async function helper(program: string, ...args: string[]): Promise<Helper> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, program), ...args], {
    stdout: "pipe",
    stderr: "inherit",
  });
  // Whatever happens to this run, nothing of it stays behind.
  process.once("exit", () => child.kill("SIGKILL"));
  for await (const line of child.stdout) {
    return {
      url: `http://127.0.0.1:${new TextDecoder().decode(line).trim()}`,
      pid: child.pid,
      stop: () => child.kill("SIGKILL"),
    };
  }
  throw new Error(`${program} ended before it listened`);
}
