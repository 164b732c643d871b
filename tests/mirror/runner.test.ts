/** What a server does with mirror jobs: takes them up, in order and not too many, and leaves them whole when it stops. */
import { expect, test } from "bun:test";
import { JobRunner, type JobRunnerOptions } from "../../src/mirror/job/runner.ts";
import { wrongBytes } from "../support/faults.ts";
import { gated, setUp } from "../support/files-cache.ts";
import { jobStore, until } from "../support/job-store.ts";

const PURL = "pkg:files/file@small";
const LARGE = "pkg:files/file@large";

type Set = Awaited<ReturnType<typeof setUp>>;

/** A runner that counts its pools. */
function runnerOf(all: Set, options: Partial<JobRunnerOptions> = {}) {
  const set = jobStore(all);
  const pools = { opened: 0, closed: 0 };
  const runner = new JobRunner({
    store: set.store,
    registries: set.registries,
    mounts: set.mounts,
    most: 2,
    poll: 20,
    estimate: () => Promise.reject(new Error("nobody estimates")),
    openPool: () => {
      pools.opened++;
      return { ...set.pool, close: () => void pools.closed++ };
    },
    ...options,
  });
  const state = async (id: string) => (await set.store.find(id))?.state;
  return { ...set, runner, pools, state };
}

test("jobs of a server are run, those of commands are left to them; threads are there for as long as they are needed", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const { runner, create, state, pools } = runnerOf(all, { idle: 30 });
  runner.start();
  await Bun.sleep(50);
  expect(pools.opened).toBe(0);
  const others = await create([PURL], { runBy: "command" });
  const id = await create([PURL]);
  await until(async () => (await state(id)) === "complete", "the job's end");
  expect(await all.held("/f/small")).toBe(true);
  expect(await state(others)).toBe("pending");
  await until(() => pools.closed === 1, "the end of the threads");
  await runner.stop(1_000);
  expect(pools).toEqual({ opened: 1, closed: 1 });
});

test("not more at once than may be; the oldest first", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const { runner, create, state } = runnerOf(all, { most: 1 });
  const gate = gated(1_000);
  all.upstream.fault("/f/large", gate.fault);
  const [first, second] = [await create([LARGE]), await create([PURL])];
  runner.start();
  await until(() => runner.pace(first));
  await Bun.sleep(100);
  expect([await state(first), await state(second)]).toEqual(["running", "pending"]);
  gate.open();
  await until(async () => (await state(second)) === "complete");
  expect(await state(first)).toBe("complete");
  await runner.stop(1_000);
});

test("two servers on one store: each job is run by one of them", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const [one, two] = [runnerOf(all), runnerOf(all)];
  const ids = await Promise.all(Array.from({ length: 6 }, () => one.create([PURL], { refresh: true })));
  one.runner.start();
  two.runner.start();
  await until(async () => (await Promise.all(ids.map(one.state))).every((state) => state === "complete"));
  for (const id of ids)
    expect(await one.store.find(id)).toMatchObject({ failed: 0, completed: expect.any(Number) as number });
  expect(all.upstream.count("/f/small")).toBe(1);
  await Promise.all([one.runner.stop(1_000), two.runner.stop(1_000)]);
});

test("when it stops, a job is pending again, without failures; the next one goes on with what is left", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const before = runnerOf(all);
  const gate = gated(1_000);
  all.upstream.fault("/f/large", gate.fault);
  const id = await before.create([PURL, LARGE]);
  before.runner.start();
  await until(async () => (await before.store.find(id))?.completed === 1, "the small file");
  const stopped = before.runner.stop(50);
  gate.open();
  await stopped;
  expect(await before.store.find(id)).toMatchObject({ state: "pending", failed: 0, error: null });
  expect(await before.store.failures(id, 0, 10)).toEqual([]);

  const after = runnerOf(all);
  after.runner.start();
  await until(async () => (await after.state(id)) === "complete");
  expect(await after.store.find(id)).toMatchObject({ total: 2, failed: 0 });
  expect(all.upstream.count("/f/small")).toBe(1);
  await after.runner.stop(1_000);
});

test("what failed before an interruption has still failed after it, with dependencies too", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const before = runnerOf(all);
  const gate = gated(1_000);
  all.upstream.fault("/f/small", wrongBytes());
  all.upstream.fault("/f/large", gate.fault);
  const id = await before.create([PURL, LARGE], { closure: "prod" });
  before.runner.start();
  await until(async () => (await before.store.find(id))?.failed === 1, "the small file's failure");
  const stopped = before.runner.stop(50);
  gate.open();
  await stopped;
  expect(await before.state(id)).toBe("pending");

  const after = runnerOf(all);
  after.runner.start();
  await until(async () => (await after.store.find(id))?.finishedAt, "the job's end");
  expect(await after.store.find(id)).toMatchObject({ state: "failed", total: 2, failed: 1 });
  expect(await after.store.failures(id, 0, 10)).toMatchObject([{ purl: PURL, path: "/f/small" }]);
  await after.runner.stop(1_000);
});

test("what another process wants tried again is found", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const { runner, create, state, store } = runnerOf(all);
  all.upstream.fault("/f/small", wrongBytes());
  const id = await create([PURL]);
  runner.start();
  await until(async () => (await state(id)) === "failed");
  expect(await store.failures(id, 0, 10)).toMatchObject([{ purl: PURL, path: "/f/small" }]);
  all.upstream.heal();
  await jobStore(all).store.retry(id);
  await until(async () => (await state(id)) === "complete");
  expect(await store.find(id)).toMatchObject({ total: 1, completed: 1, failed: 0, error: null });
  await runner.stop(1_000);
});

test("what was fetched with what failed is counted once, however often it is tried again", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const { runner, create, state, store } = runnerOf(all);
  all.upstream.fault("/f/small", wrongBytes());
  const id = await create(["pkg:files/file"]);
  runner.start();
  await until(async () => (await state(id)) === "failed");
  const { total, completed, bytes } = (await store.find(id))!;
  expect(total).toBe(completed + 1);
  expect(completed).toBeGreaterThan(0);
  await store.retry(id);
  await until(async () => (await state(id)) === "failed" && (await store.find(id))?.error);
  expect(await store.find(id)).toMatchObject({ total, completed, bytes, skipped: 0, failed: 1 });
  all.upstream.heal();
  await store.retry(id);
  await until(async () => (await state(id)) === "complete");
  expect(await store.find(id)).toMatchObject({ total, completed: total, bytes: bytes + 10_000, skipped: 0, failed: 0 });
  await runner.stop(1_000);
});

test("a running job tells its progress; one that was canceled ends", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const { runner, create, state, store } = runnerOf(all);
  const gate = gated(1_000);
  all.upstream.fault("/f/large", gate.fault);
  const id = await create([PURL, LARGE]);
  runner.start();
  await until(() => runner.pace(id)?.progress.completed === 1);
  expect(runner.pace(id)?.progress).toMatchObject({ phase: "downloading", total: 2, bytes: 10_000 });
  expect(runner.pace(id)?.rate()).toBeGreaterThan(0);
  await store.cancel(id);
  gate.open();
  await until(() => runner.pace(id) === undefined);
  expect(await state(id)).toBe("canceled");
  expect(await all.held("/f/small")).toBe(true);
  await runner.stop(1_000);
});

test("a dry run tells its estimate, or why there is none; one that is stopped is made anew by the next server", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const found = { listed: 2, chosen: 1, sampled: 1, files: 3, bytes: 4, unknown: 0, failures: [] };
  const silent = runnerOf(all, {
    estimate: (_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", reject)),
  });
  const id = await silent.create([], { dry: true });
  silent.runner.start();
  await until(async () => (await silent.state(id)) === "running");
  await silent.runner.stop(1_000);
  expect(await silent.store.find(id)).toMatchObject({ state: "pending", estimate: null });

  const telling = runnerOf(all, { estimate: async () => found });
  telling.runner.start();
  await until(async () => (await telling.state(id)) === "complete");
  expect(await telling.store.find(id)).toMatchObject({ estimate: found, total: 0, error: null });
  await telling.runner.stop(1_000);
  expect(telling.pools.opened).toBe(0);

  const failing = runnerOf(all);
  failing.runner.start();
  const other = await failing.create([], { dry: true });
  await until(async () => (await failing.state(other)) === "failed");
  expect(await failing.store.find(other)).toMatchObject({ error: "nobody estimates", estimate: null });
  await failing.runner.stop(1_000);
});
