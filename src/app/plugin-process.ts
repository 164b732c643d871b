/**
 * Plugins from outside, each in a process of its own: all their code that requests and a mirror's tasks run. One that loops, or
 * takes too much memory, is ended, and what is asked of its own ecosystem fails.
 */

import type { PluginSource } from "../config/plugin-source.ts";
import type { Path } from "../contract/ecosystem.ts";
import type { Order } from "../mirror/job/tasks.ts";
import type { Mount } from "../mounts/mounts.ts";
import type { Pool } from "../workers/pool.ts";
import type { WorkerTasks } from "./runtime.ts";

type Children = Pick<Pool<WorkerTasks>, "run" | "close" | "gone">;
type Input<K extends keyof WorkerTasks> = Parameters<WorkerTasks[K]>[0];
type Output<K extends keyof WorkerTasks> = Awaited<ReturnType<WorkerTasks[K]>>;

/** The processes, started when they are needed. */
export class Outsiders {
  readonly #open: (source: PluginSource) => Children;
  readonly #sources: ReadonlyMap<string, PluginSource>;
  readonly #pools = new Map<string, Children>();

  constructor(sources: readonly PluginSource[], open: (source: PluginSource) => Children) {
    this.#sources = new Map(sources.map((source) => [source.id, source]));
    this.#open = open;
  }

  /** `undefined` where the plugin is the executable's own. */
  of({ ecosystem: { id } }: Mount): Children | undefined {
    const source = this.#sources.get(id);
    if (!source) return undefined;
    const pool = this.#pools.get(id) ?? this.#open(source);
    this.#pools.set(id, pool);
    return pool;
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
  }

  async gone(): Promise<void> {
    await Promise.all(Array.from(this.#pools.values(), (pool) => pool.gone()));
  }
}

interface Own {
  run<K extends keyof WorkerTasks>(name: K, input: Input<K>): Promise<Output<K>>;
  close(): void;
  gone?(): Promise<void>;
}

/** Runs tasks of the executable's plugins as a pool does, and those of outsiders in their processes. */
export class Divided {
  readonly #own: Own;
  readonly #outsiders: Outsiders;
  readonly #mounts: () => Promise<ReadonlyMap<string, Mount>>;

  constructor(own: Own, outsiders: Outsiders, mounts: () => Promise<ReadonlyMap<string, Mount>>) {
    this.#own = own;
    this.#outsiders = outsiders;
    this.#mounts = mounts;
  }

  /** Rejects as `Pool.run` does. */
  async run<K extends keyof WorkerTasks>(name: K, input: Input<K>): Promise<Output<K>> {
    const mounts = await this.#mounts();
    const runnerOf = (mount: string): Pick<Own, "run"> => {
      const known = mounts.get(mount);
      return (known && this.#outsiders.of(known)) ?? this.#own;
    };
    if (name === "hold") return this.#hold(input as Input<"hold">, runnerOf) as Promise<Output<K>>;
    const mount = mountIn(input as Partial<Places>);
    return (mount === undefined ? this.#own : runnerOf(mount)).run(name, input);
  }

  /** Files of several mounts may be ordered together. */
  async #hold(
    { orders, atOnce, owner }: Input<"hold">,
    runnerOf: (mount: string) => Pick<Own, "run">,
  ): Promise<Output<"hold">> {
    const groups = Map.groupBy(orders, ({ mount }) => runnerOf(mount));
    const delivered = new Map<Order, Output<"hold">[number]>();
    const holds = Array.from(groups, async ([runner, group]) => {
      const deliveries = await runner.run("hold", { orders: group, atOnce, owner });
      for (const [at, order] of group.entries()) delivered.set(order, deliveries[at]!);
    });
    await Promise.all(holds);
    return orders.map((order) => delivered.get(order)!);
  }

  close(): void {
    this.#own.close();
    this.#outsiders.close();
  }

  /** As `Pool.gone`. */
  async gone(): Promise<void> {
    await Promise.all([this.#own.gone?.(), this.#outsiders.gone()]);
  }
}

/** Where the inputs of tasks say which mount they are for. */
interface Places {
  mount: string;
  path: Path;
  task: { mount: string };
  spec: { mount?: string; registry?: { mount: string } };
}

function mountIn({ mount, task, spec }: Partial<Places>): string | undefined {
  return mount ?? task?.mount ?? spec?.mount ?? spec?.registry?.mount;
}
