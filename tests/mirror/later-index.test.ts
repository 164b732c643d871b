/** Mirror jobs over an index and leases that answer later, as those of a network do. */
import { expect, test } from "bun:test";
import { runJob } from "../../src/mirror/job/run.ts";
import { setUp } from "../support/files-cache.ts";
import { jobStore } from "../support/job-store.ts";
import { memoryLeases } from "../support/memory-leases.ts";
import { delay, failing } from "../support/unreliable.ts";

const PURLS = ["pkg:files/file@small", "pkg:files/file@large"];

test("a job is made, claimed once, run, counted, and found complete by the next", async () => {
  await using all = await setUp();
  Object.assign(all.cache.context, { leases: memoryLeases(new Map(), delay) });
  const { store, registries, pool, mounts, create } = jobStore(all, delay);
  const id = await create(PURLS);
  expect((await store.find(id))?.state).toBe("pending");
  const runs = await Promise.all([
    runJob(store, id, { pool, mounts, registries }),
    runJob(store, id, { pool, mounts, registries }),
  ]);
  expect(runs.filter(Boolean)).toHaveLength(1);
  expect(await store.find(id)).toMatchObject({ state: "complete", total: 2, completed: 2, failed: 0 });
  const again = await create(PURLS);
  expect(await runJob(store, again, { pool, mounts, registries })).toMatchObject({
    state: "complete",
    total: 2,
    skipped: 2,
  });
});

test("where calls fail, the job can be gone on with until it is complete, and counts no file twice", async () => {
  await using all = await setUp();
  const count = { calls: 0, failures: 0 };
  const { store, registries, pool, mounts, create } = jobStore(all, failing(count, 0.1));
  /** Again, until it is answered. */
  const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;)
      try {
        return await ask();
      } catch (error) {
        if (!String(error).includes("unreachable for a moment")) throw error;
      }
  };
  const id = await answered(() => create(PURLS));
  for (;;) {
    await runJob(store, id, { pool, mounts, registries }).catch(() => {});
    const state = (await answered(() => store.find(id)))?.state;
    if (state === "complete") break;
    if (state === "failed") await store.retry(id).catch(() => {});
  }
  expect(count.failures).toBeGreaterThan(0);
  const { total, completed, skipped, failed } = (await answered(() => store.find(id)))!;
  expect([total, completed + skipped, failed]).toEqual([2, 2, 0]);
  for (const path of ["/f/small", "/f/large"] as const) expect(await all.held(path)).toBe(true);
});
