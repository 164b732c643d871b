/** A mirror job without threads: its tasks run here, over a cache in front of files that an upstream has. */
import { expect, test } from "bun:test";
import { Job, type JobOptions, missing } from "../../src/mirror/job.ts";
import { type Target, targetsOf } from "../../src/mirror/sources/purls.ts";
import { type MirrorTasks, mirrorTasks } from "../../src/mirror/tasks.ts";
import { hold } from "../../src/mirror/walk.ts";
import { Pool } from "../../src/pool.ts";
import { failing, wrongBytes } from "../support/faults.ts";
import { setUp } from "../support/files-cache.ts";

type Set = Awaited<ReturnType<typeof setUp>>;

function jobOf({ cache, mount }: Set, more: Partial<JobOptions> = {}) {
  const tasks = mirrorTasks(cache, () => mount);
  const pool: JobOptions["pool"] = { run: (name, input) => tasks[name](input as never) as never };
  return new Job({ pool, mounts: new Map([[mount.name, mount]]), concurrency: 2, ...more });
}

const targets = ({ mount }: Set, ...purls: string[]) => targetsOf(purls, [mount]);

test("all of a package, whatever names it twice; the second time nothing is fetched", async () => {
  await using all = await setUp({ pin: true });
  const settled: [string, number][] = [];
  const note = async ({ purl }: Target, failures: readonly unknown[]) => void settled.push([purl, failures.length]);
  const asked = targets(all, "pkg:files/file", "pkg:files/file@small", "pkg:files/file");
  const job = jobOf(all, { settled: note });
  await job.run(asked);
  expect(job.progress).toMatchObject({
    phase: "complete",
    total: 2,
    completed: 2,
    skipped: 0,
    failed: 0,
    bytes: 3_010_000,
  });
  expect(settled.sort(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
    ["pkg:files/file", 0],
    ["pkg:files/file@small", 0],
  ]);
  all.upstream.forget();
  const again = jobOf(all);
  await again.run(asked);
  expect(again.progress).toMatchObject({ total: 2, completed: 0, skipped: 2, failed: 0, bytes: 0 });
  expect(all.upstream.count(/^\/f\//)).toBe(0);
});

test("a plan fetches no file", async () => {
  await using all = await setUp();
  await all.get("/f/small");
  await all.cache.drain();
  const job = jobOf(all);
  await job.plan(targets(all, "pkg:files/file"));
  expect(job.planned.map(({ path, size, held, mount }) => [mount, path, size, held])).toEqual([
    ["files", "/f/small", 10_000, true],
    ["files", "/f/large", 3_000_000, false],
  ]);
  expect(all.upstream.count("/f/large")).toBe(0);
});

test("what fails is told with its reason, and the rest is held", async () => {
  await using all = await setUp({ pin: true });
  all.upstream.fault("/f/small", wrongBytes());
  const failures: Record<string, string | undefined> = {};
  const job = jobOf(all, {
    settled: async ({ purl }, [first]) => {
      failures[purl] = first?.reason;
    },
  });
  await job.run(targets(all, "pkg:files/file", "pkg:files/absent", "pkg:files/file@absent"));
  expect(job.progress).toMatchObject({ total: 4, completed: 1, failed: 3 });
  expect(failures).toEqual({
    "pkg:files/file": expect.stringMatching(/\/f\/small: expected sha256:.*found sha256:/) as string,
    "pkg:files/absent": expect.stringContaining("does not exist") as string,
    "pkg:files/file@absent": expect.stringContaining("does not exist") as string,
  });
  expect(await all.held("/f/large")).toBe(true);
});

test("an index that cannot be had fails its packages, and the job ends", async () => {
  await using all = await setUp();
  all.upstream.fault("/index.json", failing(503));
  const job = jobOf(all);
  await job.run(targets(all, "pkg:files/file", "pkg:files/other"));
  expect(job.progress).toMatchObject({ phase: "complete", completed: 0, failed: 2 });
  expect(job.progress.failures[0]?.reason).toContain("503");
});

test("threads that die fail what they were doing, and what concludes the job, but not the job", async () => {
  await using all = await setUp();
  const dying = new URL("../support/workers/fragile.ts", import.meta.url).href;
  const threads = new Pool<Record<"die", () => Promise<never>>>(1, () => new Worker(dying));
  const { mount } = all;
  const sealed = { ...mount, ecosystem: { ...mount.ecosystem, roots: ["/index.json" as const], seal: () => [] } };
  const tasks = mirrorTasks(all.cache, () => sealed);
  const run = (name: keyof MirrorTasks, input: { path?: string }) =>
    name === "seal" || input.path === "/f/large" ? threads.run("die", input as never) : tasks[name](input as never);
  const job = jobOf(all, { pool: { run: run as never }, mounts: new Map([[mount.name, sealed]]) });
  await job.run(targets(all, "pkg:files/file"));
  threads.close();
  expect(job.progress).toMatchObject({ phase: "complete", total: 4, completed: 1, skipped: 1, failed: 2 });
  expect(job.progress.failures.map(({ purl, path, reason }) => [purl, path, reason])).toEqual([
    ["pkg:files/file", "/f/large", expect.stringContaining("a worker died") as string],
    ["pkg:files", undefined, expect.stringContaining("a worker died") as string],
  ]);
});

test("a file that a server evicts while it is being pinned is fetched again", async () => {
  await using all = await setUp({ pin: true });
  const unpinned = await all.again({ pin: false });
  await all.get("/f/small", unpinned);
  await unpinned.drain();
  const { writer, artifacts, blobs, storage } = all.cache.context;
  const { sha256 } = unpinned.artifacts.held({ mount: all.mount, path: "/f/small" })!;
  // The writes of one moment are one transaction, in the order in which they came: this one stands before the pin.
  const evicted = writer.write(() => {
    artifacts.remove("files", "/f/small");
    if (blobs.release(sha256)) storage.remove(sha256);
  });
  const [held] = await Promise.all([hold(all.cache, all.mount, "/f/small"), evicted]);
  expect(held.fetched).toBe(true);
  expect(artifacts.find("files", "/f/small")?.pinned).toBe(true);
});

test("dependencies for which nothing held fits", async () => {
  await using all = await setUp();
  const requires = ["1", "2"].map((range) => ({ mount: "files", name: "needed", range }));
  const mounts = new Map([["files", all.mount]]);
  expect(missing(requires, mounts, () => ["1"])).toEqual(["pkg:files/needed 2"]);
  expect(missing(requires, mounts, () => [])).toEqual(["pkg:files/needed 1", "pkg:files/needed 2"]);
});
