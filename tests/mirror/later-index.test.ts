/** Mirror jobs over an index and leases that answer later, as those of a network do. */
import { expect, test } from "bun:test";
import { runJob } from "../../src/mirror/job/run.ts";
import { setUp } from "../support/files-cache.ts";
import { jobStore } from "../support/job-store.ts";
import { memoryLeases } from "../support/memory-leases.ts";
import { delay } from "../support/unreliable.ts";

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
