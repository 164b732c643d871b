/** A store of mirror jobs beside a cache in this process, and a pool without threads. */
import { join } from "node:path";
import type { JobSpec, Task } from "../../src/contract/jobs.ts";
import { openDatabase } from "../../src/index/sqlite/open.ts";
import { sqliteIndex } from "../../src/index/sqlite/sqlite-index.ts";
import type { FeedThread } from "../../src/mirror/job/runner.ts";
import { JobStore } from "../../src/mirror/job/store.ts";
import type { Runner } from "../../src/mirror/job/tasks.ts";
import { mirrorTasks } from "../../src/mirror/job/tasks.ts";
import { EVERYTHING } from "../../src/mirror/plan/choice.ts";
import { Registries } from "../../src/mirror/registry/registries.ts";
import type { FeedTask } from "../../src/mirror/registry/remote-feed.ts";
import { Targets } from "../../src/mirror/sources/targets.ts";
import type { setUp } from "./files-cache.ts";
import { unreliableIndex } from "./unreliable-index.ts";

type Set = Pick<Awaited<ReturnType<typeof setUp>>, "cache" | "mount" | "dir">;

export const SPEC: JobSpec = {
  title: "a test",
  runBy: "server",
  choice: EVERYTHING,
  closure: "none",
  concurrency: 2,
  refresh: false,
};

/** `before`: what happens before each call of the index; default: nothing. */
export function jobStore({ cache, mount, dir }: Set, before?: () => Promise<void>) {
  const database = openDatabase(join(dir, "proxy.db"));
  const local = sqliteIndex(database);
  const index = before ? unreliableIndex(local, before) : local;
  const store = new JobStore(index, cache.context.leases);
  const mounts = new Map([[mount.name, mount]]);
  const registries = new Registries({
    index,
    store,
    context: cache.context,
    documents: cache.documents,
    mounts,
  });
  const tasks = { ...mirrorTasks(cache, () => mount), feed: (task: FeedTask) => registries.feed(task) };
  const pool: Runner & FeedThread = {
    run: (name: keyof typeof tasks, input: unknown) => tasks[name](input as never) as never,
  };
  const create = (purls: readonly string[], spec: Partial<JobSpec> = {}) =>
    store.create({ ...SPEC, ...spec }, listed(new Targets([mount]).ofAll(purls.map((purl) => ["", purl]))));
  return { store, registries, pool, mounts, create, database };
}

async function* listed(tasks: readonly Task[]) {
  yield* tasks;
}

/** Waits until something is so; throws after two minutes. */
export async function until(isSo: () => unknown, what = "it"): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come true`);
    await Bun.sleep(10);
  }
}
