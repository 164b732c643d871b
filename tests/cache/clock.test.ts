/** A clock that was ahead for a moment: what was noted by it is due at once, and decides nothing once it is right again. */
import { expect, test } from "bun:test";
import { evict } from "../../src/app/housekeeping.ts";
import { hash } from "../../src/contract/digest.ts";
import { HealthProbe } from "../../src/http/health.ts";
import { Tasks } from "../../src/index/sqlite/tasks.ts";
import { NotFound, Withheld } from "../../src/lib/errors.ts";
import { askFor, failure } from "../support/engine.ts";
import { SMALL, setUp } from "../support/files-cache.ts";
import { publish } from "../support/files-ecosystem.ts";
import { json } from "../support/tree.ts";

const YEARS = 50 * 365 * 86_400_000;
const DAY = 86_400_000;
const NOW = Date.parse("2026-06-01T00:00:00Z");

type All = Awaited<ReturnType<typeof setUp>>;

/** Does it while the clock is ahead. */
async function ahead(all: All, run: () => Promise<unknown>, by = YEARS): Promise<void> {
  all.clock.advance(by);
  await run();
  await all.cache.drain();
  all.clock.advance(-by);
}

test("a document that was fetched in the future is asked for again", async () => {
  await using all = await setUp({ now: NOW });
  await ahead(all, () => all.get("/index.json"));
  publish(all.upstream, { fixed: SMALL });
  expect(all.cache.peek(all.mount, askFor("/index.json"))).toBeUndefined();
  expect((await all.get("/index.json")).toString()).toContain("/f/fixed");
  // From then on it is fresh.
  all.upstream.forget();
  await all.get("/index.json");
  expect(all.upstream.requests).toHaveLength(0);
});

test("so is one that was found to be current in the future; where upstream fails, it is sent", async () => {
  await using all = await setUp({ now: NOW });
  await all.get("/index.json");
  await ahead(all, () => all.get("/index.json"));
  all.upstream.set("/index.json", { status: 503, body: "" });
  expect((await all.answer("/index.json")).kind).toBe("ready");
  all.clock.advance(600_000);
  publish(all.upstream, { fixed: SMALL });
  expect((await all.get("/index.json")).toString()).toContain("/f/fixed");
});

test("a file that is too young stays so, though it was sent, stored and kept in memory in the future", async () => {
  const cooldown = { default: 3 * DAY, ecosystems: {}, packages: {}, unknown: "withhold" as const };
  await using all = await setUp({ now: NOW, cooldown });
  const at = new Date(NOW - 3_600_000).toISOString();
  const digest = `sha256:${hash("sha256", SMALL)}` as const;
  all.upstream.set("/index.json", json({ files: [{ path: "/f/small", at, digest }] }));
  expect(await failure(all.answer("/f/small"))).toBeInstanceOf(Withheld);
  await ahead(all, () => all.get("/f/small"), 4 * DAY);
  expect(all.cache.peek(all.mount, askFor("/f/small"))).toBeUndefined();
  expect(await failure(all.answer("/f/small"))).toBeInstanceOf(Withheld);
  all.clock.advance(4 * DAY);
  expect((await all.get("/f/small")).equals(SMALL)).toBe(true);
});

test("a release that was seen first in the future is seen now", async () => {
  const cooldown = { default: 3 * DAY, ecosystems: {}, packages: {}, unknown: "withhold" as const };
  await using all = await setUp({ now: NOW, cooldown });
  await ahead(all, () => failure(all.answer("/f/small")));
  expect(await failure(all.answer("/f/small"))).toBeInstanceOf(Withheld);
  all.clock.advance(3 * DAY + 1);
  expect((await all.get("/f/small")).equals(SMALL)).toBe(true);
});

test("what was absent in the future is looked for", async () => {
  await using all = await setUp({ now: NOW });
  publish(all.upstream, { late: SMALL });
  all.upstream.set("/f/late", undefined);
  await ahead(all, async () => expect(await failure(all.answer("/f/late"))).toBeInstanceOf(NotFound));
  publish(all.upstream, { late: SMALL });
  expect((await all.get("/f/late")).equals(SMALL)).toBe(true);
});

test("what was compared with its digest in the future is compared again", async () => {
  await using all = await setUp({ now: NOW });
  await all.get("/f/small");
  await all.cache.drain();
  const { blobs, commit } = all.cache.context;
  await commit("verifyBlobs", { sha256s: [hash("sha256", SMALL)], at: NOW + YEARS });
  const due = [...blobs.unverified(NOW - DAY, NOW)].map(({ sha256 }) => sha256);
  expect(due).toContain(hash("sha256", SMALL));
  expect(blobs.countUnverified(NOW - DAY, NOW).blobs).toBe(due.length);
});

test("what was used in the future does not outlive everything", async () => {
  await using all = await setUp({ now: NOW });
  await ahead(all, () => all.get("/f/small"));
  all.clock.advance(1_000);
  await all.get("/f/large");
  await all.get("/raw/large");
  await all.cache.drain();
  all.clock.advance(1_000);
  await all.get("/f/large");
  await evict(all.cache, 10_000);
  expect(await all.held("/f/small")).toBe(false);
});

test("a task that was put off in the future is due", async () => {
  await using all = await setUp();
  const tasks = new Tasks(all.database);
  await all.database.writer.write(() => {
    tasks.add("j", "k", { mount: "files", purl: "pkg:files/a" } as never);
    tasks.postpone(1, 1, NOW + YEARS);
  });
  expect(tasks.due("j", NOW, 10, [])).toHaveLength(1);
});

test("the health of the store is looked at in time, whatever the clock says", async () => {
  await using all = await setUp();
  const probe = new HealthProbe(all.cache, { check: () => {} }, 1);
  const first = probe.health();
  await first;
  while (probe.health() === first) await Bun.sleep(1);
});
