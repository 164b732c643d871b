/** A small npm registry behind the product, each started anew: for tests of everything that is no package manager's business. */
import { join } from "node:path";
import { type ProxyOptions, type Proxy as Running, startProxy } from "./proxy.ts";
import { makeNpm } from "./registries/npm.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

export const SMALL = "/npm/small/-/small-1.0.0.tgz";
export const BIG = "/npm/big/-/big-1.0.0.tgz";

export interface NpmProxy extends AsyncDisposable {
  upstream: Upstream;
  /** The registry's base URL. */
  registry: string;
  proxy: Running;
  /** The folder with store, database and configuration. */
  dir: string;
  /** What to start the product with again. */
  options: ProxyOptions;
}

/** `config` is laid over a configuration with one mount, short timeouts and bounds; `packages` are there beside the usual ones. */
export async function npmProxy(
  config: Readonly<Record<string, unknown>> = {},
  more: Partial<ProxyOptions> = {},
  packages: Parameters<typeof makeNpm>[0] = [],
): Promise<NpmProxy> {
  const upstream = await startUpstream();
  const registry = upstream.mount("/registry", (base) =>
    makeNpm(
      [
        { name: "small", versions: { "1.0.0": { size: 10_000 }, "1.1.0": { size: 10_000 } } },
        { name: "big", versions: { "1.0.0": { size: 5_000_000 }, "2.0.0": { size: 5_000_000 } } },
        { name: "many", versions: Object.fromEntries(Array.from({ length: 40 }, (_, minor) => [`1.${minor}.0`, {}])) },
        { name: "@scope/name", versions: { "1.0.0": { dependencies: { small: "^1.0.0" } } } },
        ...packages,
      ],
      base,
    ),
  );
  const folder = await temporaryFolder();
  const dir = join(folder.path, "proxy");
  const options: ProxyOptions = {
    dir,
    config: {
      http_timeout: "1s",
      metadata_max_size: "5MB",
      artifact_max_size: "20MB",
      mounts: { npm: { ecosystem: "npm", upstreams: { default: registry } } },
      ...config,
    },
    ...more,
  };
  const proxy = await startProxy(options);
  return {
    upstream,
    registry,
    proxy,
    dir,
    options,
    [Symbol.asyncDispose]: async () => {
      await proxy.stop();
      await upstream.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
