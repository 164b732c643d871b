/** One client, a registry and the product between them: what tests of clients set up. All of it ends with the test, however that ends. */
import { onTestFinished } from "bun:test";
import { join } from "node:path";
import type { Client, InstallOptions, Result } from "./clients/client.ts";
import { projects, type SampleProject } from "./projects.ts";
import { type Proxy as Running, startProxy } from "./proxy.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import type { Tree } from "./tree.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

/** Caches of clients are many small files, which a busy machine takes a while to remove. Milliseconds. */
const PUT_AWAY = 60_000;

export interface Stage {
  readonly upstream: Upstream;
  /** The registry itself, for a client that passes the proxy by. */
  readonly registry: string;
  /** What the registry was mounted with. */
  readonly tree: Tree;
  /** A folder of the stage: a store's or a project's. */
  dir(name: string): string;
  /** The product over the store of this name, with one mount; `config` is laid over that. */
  serve(store: string, options?: ServeOptions): Promise<Running>;
  /** A clean client in the project folder of this name. Default: the sample project's packages. */
  install(from: Running | string, project: string, options?: Partial<InstallOptions>): Promise<Result>;
}

export interface ServeOptions {
  offline?: boolean;
  config?: Readonly<Record<string, unknown>>;
  /** Named upstreams beside `default`. */
  upstreams?: Readonly<Record<string, string>>;
  /** Addresses by which lockfiles call the registry, beside its own. */
  addresses?: readonly string[];
}

/** The path at which a client finds its registry below the product. */
export const mountOf = ({ ecosystem }: Pick<Client, "ecosystem">): string =>
  ecosystem === "golang" ? "go" : ecosystem;

/** `ex.fx:lower`, `1.0` → `pkg:maven/ex.fx/lower@1.0`. */
export const purlOf = ({ ecosystem }: Pick<Client, "ecosystem">, name: string, version: string): string =>
  `pkg:${ecosystem}/${name.replace(":", "/")}@${version}`;

export interface Scene {
  /** Default: that of the sample project. */
  registry?: SampleProject["registry"];
  packages?: SampleProject["packages"];
  /** The registry's path at its host; default `/up`. */
  prefix?: string;
}

export async function setStage(client: Client, scene: Scene = {}): Promise<Stage> {
  const { registry: make, packages: usual, prefix } = { prefix: "/up", ...projects[client.ecosystem], ...scene };
  const folder = await temporaryFolder();
  const upstream = await startUpstream();
  const registry = upstream.mount(prefix, make);
  const running: Running[] = [];
  onTestFinished(async () => {
    await Promise.all(running.map((proxy) => proxy.stop()));
    await upstream.close();
    await folder.remove();
  }, PUT_AWAY);
  const dir = (name: string) => join(folder.path, name);
  return {
    upstream,
    registry,
    tree: make(registry),
    dir,
    async serve(store, { offline = false, config = {}, upstreams = {}, addresses = [] } = {}) {
      const mount = { ecosystem: client.ecosystem, upstreams: { default: registry, ...upstreams }, addresses };
      const proxy = await startProxy({
        config: { mounts: { [mountOf(client)]: mount }, ...config },
        dir: dir(store),
        offline,
      });
      running.push(proxy);
      return proxy;
    },
    install: (from, project, options) =>
      client.install({
        dir: dir(project),
        url: typeof from === "string" ? from : `${from.url}/${mountOf(client)}`,
        packages: usual,
        ...options,
      }),
  };
}

/** Everything a client said, on one line for each. */
export const said = ({ stdout, stderr }: Result): string => `${stdout}\n${stderr}`;
