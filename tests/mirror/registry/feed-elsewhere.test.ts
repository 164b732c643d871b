/** A server's feeds are read by other threads, which end with the jobs that they read for. */
import { expect, test } from "bun:test";
import type { Catalog } from "../../../src/contract/catalog.ts";
import { emit } from "../../../src/contract/events.ts";
import { JobRunner } from "../../../src/mirror/job/runner.ts";
import { FeedElsewhere, type FeedTask } from "../../../src/mirror/registry/remote-feed.ts";
import { makeMount } from "../../../src/mounts/mounts.ts";
import { setUp } from "../../support/files-cache.ts";
import { files } from "../../support/files-ecosystem.ts";
import { jobStore, SPEC, until } from "../../support/job-store.ts";

const registry = { mount: "files", include: [], exclude: [], gone: "hide", mayShrink: true } as const;

test("the feed of a job is run by its threads; it tells how far it is, and ends with the job", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const catalog: Catalog = {
    async *list() {
      yield { events: [{ type: "changed", package: { name: "file" } }], checkpoint: "1" };
    },
  };
  const mount = makeMount("files", { ...files, catalog }, { upstreams: { default: all.upstream.url }, ttl: 0 });
  const { pool, ...set } = jobStore({ ...all, mount });
  const feeds: Promise<void>[] = [];
  const openPool = () => ({
    run: (name: string, input: unknown) => {
      const running = pool.run(name as "feed", input as FeedTask);
      if (name === "feed") feeds.push(running);
      return running as Promise<never>;
    },
    close: () => {},
  });
  const runner = new JobRunner({
    ...set,
    openPool,
    estimate: () => Promise.reject(new Error("nobody asked")),
    most: 1,
    poll: 20,
  });
  runner.start();
  const id = await set.store.create({ ...SPEC, registry: { ...registry, follow: 60_000 } }, nothing());
  runner.look();
  await until(async () => (await set.store.find(id))?.completed === 2, "what is listed is held");
  expect(feeds).toHaveLength(1);
  await set.store.cancel(id);
  await feeds[0];
  await until(async () => (await set.store.find(id))?.state === "canceled");
  await runner.stop(1_000);
});

test("what is known of it here comes from there", async () => {
  const task: FeedTask = { spec: { ...registry, mount: "elsewhere" }, filters: "", isAnew: false, owner: "me" };
  const recorded = { seen: 3, news: 2, gone: 1 };
  const feed = new FeedElsewhere(task, async () => {
    emit("feeding", { mount: "other", state: { phase: "done", looks: 1, before: 0, recorded, recordedAt: 1 } });
    emit("feeding", { mount: "elsewhere", state: { phase: "listing", looks: 1, before: 0, recorded, recordedAt: 1 } });
    // What is recorded after its last word must not be taken for older than documents that were fetched before.
    const before = Date.now();
    expect(feed.state.recordedAt).toBeGreaterThanOrEqual(before);
  });
  expect(feed.state).toMatchObject({ phase: "following", recorded: { seen: 0 } });
  await feed.run();
  expect(feed.state).toEqual({ phase: "listing", looks: 1, before: 0, recorded, recordedAt: 1 });
});

async function* nothing() {}
