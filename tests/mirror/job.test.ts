/** A mirror job without threads: its tasks run here, over a cache in front of files that an upstream has. */

import { expect, test } from "bun:test";
import { removeBlobs } from "../../src/cache/integrity/removal.ts";
import { type Events, on } from "../../src/contract/events.ts";
import type { JobSpec } from "../../src/contract/jobs.ts";
import { Job, type JobOptions } from "../../src/mirror/job/job.ts";
import { MemoryLedger } from "../../src/mirror/job/ledger.ts";
import type { Outcome } from "../../src/mirror/job/progress.ts";
import { type MirrorTasks, mirrorTasks } from "../../src/mirror/job/tasks.ts";
import { EVERYTHING } from "../../src/mirror/plan/choice.ts";
import { hold } from "../../src/mirror/plan/fetch-file.ts";
import { Targets } from "../../src/mirror/sources/targets.ts";
import { Pool } from "../../src/workers/pool.ts";
import { failing, wrongBytes } from "../support/faults.ts";
import { setUp } from "../support/files-cache.ts";

type Set = Awaited<ReturnType<typeof setUp>>;

const SPEC: JobSpec = {
  title: "a test",
  runBy: "command",
  choice: EVERYTHING,
  closure: "none",
  concurrency: 2,
  refresh: false,
};

/** Runs a job of these package URLs to its end. */
async function jobOf({ cache, mount }: Set, purls: string[], more: Partial<JobOptions> = {}) {
  const tasks = mirrorTasks(cache, () => mount);
  const pool: JobOptions["pool"] = { run: (name, input) => tasks[name](input as never) as never };
  const ledger = new MemoryLedger();
  await ledger.add(new Targets([mount]).ofAll(purls.map((purl) => ["", purl])));
  const outcomes: Outcome[] = [];
  const tell = (outcome: Outcome) => void outcomes.push(outcome);
  const mounts = new Map([[mount.name, mount]]);
  const job = new Job({ pool, mounts, ledger, spec: SPEC, tell, backoff: 1, ...more });
  await job.run();
  return { job, outcomes, failures: outcomes.filter(({ outcome }) => outcome === "failed") };
}

test("all of a package, whatever names it twice; the second time nothing is fetched", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const asked = ["pkg:files/file", "pkg:files/file@small", "pkg:files/file"];
  const { job, outcomes } = await jobOf(all, asked);
  expect(job.progress).toMatchObject({ phase: "complete", completed: 2, failed: 0, bytes: 3_010_000 });
  expect(new Set(outcomes.map(({ outcome, path }) => `${outcome} ${path}`))).toContain("fetched /f/small");
  all.upstream.forget();
  const again = await jobOf(all, asked);
  expect(again.job.progress).toMatchObject({ total: 3, completed: 0, skipped: 3, failed: 0, bytes: 0 });
  expect(all.upstream.count(/^\/f\//)).toBe(0);
});

test("a plan fetches no file", async () => {
  await using all = await setUp();
  await all.get("/f/small");
  await all.cache.drain();
  const { outcomes } = await jobOf(all, ["pkg:files/file"], { purpose: "estimate" });
  expect(outcomes.map(({ path, size, outcome, mount }) => [mount, path, size, outcome])).toEqual([
    ["files", "/f/small", 10_000, "held"],
    ["files", "/f/large", 3_000_000, "planned"],
  ]);
  expect(all.upstream.count("/f/large")).toBe(0);
});

test("what fails is told with its reason, and the rest is held", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  all.upstream.fault("/f/small", wrongBytes());
  const { job, failures } = await jobOf(all, ["pkg:files/file", "pkg:files/absent", "pkg:files/file@absent"]);
  expect(job.progress).toMatchObject({ total: 4, completed: 1, failed: 3 });
  expect(Object.fromEntries(failures.map(({ purl, reason }) => [purl, reason]))).toEqual({
    "pkg:files/file": expect.stringMatching(/\/f\/small: expected sha256:.*found sha256:/) as string,
    "pkg:files/absent": expect.stringContaining("does not exist") as string,
    "pkg:files/file@absent": expect.stringContaining("does not exist") as string,
  });
  expect(await all.held("/f/large")).toBe(true);
});

test("an index that cannot be had is asked for again; then its packages fail, and the job ends", async () => {
  await using all = await setUp();
  all.upstream.fault("/index.json", failing(503));
  const postponed: Events["postponed"][] = [];
  on("postponed", (event) => void postponed.push(event));
  const { job, failures } = await jobOf(all, ["pkg:files/file", "pkg:files/other"]);
  expect(postponed[0]).toEqual({
    mount: all.mount.name,
    reason: expect.stringContaining("503") as string,
    until: expect.any(Number) as number,
  });
  expect(job.progress).toMatchObject({ phase: "complete", completed: 0, failed: 2 });
  expect(failures[0]?.reason).toMatch(/503|left alone/);
  expect(all.upstream.count("/index.json")).toBeGreaterThan(2);
});

async function* nothing(): AsyncGenerator<never> {
  // Ends at once.
}

test("threads that die fail what they were doing, and what concludes the job, but not the job", async () => {
  await using all = await setUp();
  const dying = new URL("../support/workers/fragile.ts", import.meta.url).href;
  const threads = new Pool<Record<"die", () => Promise<never>>>(1, () => new Worker(dying));
  const { mount } = all;
  const sealed = { ...mount, ecosystem: { ...mount.ecosystem, roots: ["/index.json" as const], seal: nothing } };
  const tasks = mirrorTasks(all.cache, () => sealed);
  const run = (name: keyof MirrorTasks, input: { orders?: { path: string }[] }) =>
    name === "seal" || input.orders?.some(({ path }) => path === "/f/large")
      ? threads.run("die", input as never)
      : tasks[name](input as never);
  const { job, failures } = await jobOf(all, ["pkg:files/file"], {
    pool: { run: run as never },
    mounts: new Map([[mount.name, sealed]]),
  });
  threads.close();
  expect(job.progress).toMatchObject({ phase: "complete", total: 3, completed: 1, skipped: 0, failed: 2 });
  expect(failures.map(({ purl, path, reason }) => [purl, path, reason])).toEqual([
    ["pkg:files/file", "/f/large", expect.stringContaining("a worker died") as string],
    ["pkg:files", undefined, expect.stringContaining("a worker died") as string],
  ]);
});

test("a file that a server evicts while it is being pinned is fetched again", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const unpinned = await all.again({ pinsWhatItFetches: false });
  await all.get("/f/small", unpinned);
  await unpinned.drain();
  const { artifacts, commit } = all.cache.context;
  const { sha256 } = unpinned.artifacts.held({ mount: all.mount, path: "/f/small" })!;
  // The writes of one moment are one transaction, in the order in which they came: this one stands before the pin.
  const lost = { sha256, artifacts: [{ mount: "files", path: "/f/small" }], documents: [], spoiled: [], packages: [] };
  const evicted = commit("forgetLost", { ...lost, now: 1 }).then((marked) => removeBlobs(all.cache.context, marked));
  const [held] = await Promise.all([hold(all.cache, { ...all.mount, owner: 1 }, "/f/small"), evicted]);
  expect(held.fetched).toBe(true);
  expect(artifacts.find("files", "/f/small")?.pinned).toBe(true);
});
