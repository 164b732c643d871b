/** When standing jobs run: at their times, once for all servers, not on top of themselves, and after what was missed. */
import { expect, test } from "bun:test";
import { nextTime } from "../../src/lib/schedule.ts";
import { ScheduledJobs } from "../../src/mirror/job/scheduled.ts";
import { Targets } from "../../src/mirror/sources/targets.ts";
import { setUp } from "../support/files-cache.ts";
import { jobStore, SPEC } from "../support/job-store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PURL = "pkg:files/file@small";

type Set = Awaited<ReturnType<typeof setUp>>;

/** A server with a job that stands for every full hour. */
function server(all: Set, clock: { now: number }, read?: () => void) {
  const { store, mounts } = jobStore(all);
  const job = {
    name: "web",
    next: (after: number) => nextTime("@hourly", "UTC", after),
    spec: { ...SPEC, title: "web", refresh: true },
    tasks: async () => {
      read?.();
      const targets = new Targets(mounts.values()).ofAll([["", PURL]]);
      return (async function* () {
        yield* targets;
      })();
    },
  };
  const standing = new ScheduledJobs({ store, jobs: [job], made: () => {}, now: () => clock.now });
  const runs = () => store.list({ limit: 100 });
  /** Ends the newest run. */
  const end = async (error?: string) => {
    const [newest] = await runs();
    const claim = await store.claim(newest!.id);
    await store.end(newest!.id, error);
    await claim!.release();
  };
  return { store, standing, runs, end };
}

/** Rows have the real clock's times: half past the hour that is now. */
const half = () => ({ now: Math.floor(Date.now() / HOUR) * HOUR + 30 * MINUTE });

test("at once when it never ran, then at its times, each once", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const clock = { now: Date.now() };
  const { standing, runs, end } = server(all, clock);
  await standing.look(true);
  await standing.look();
  expect(await runs()).toMatchObject([{ state: "pending", spec: { title: "web", standing: "web", refresh: true } }]);
  await end();
  await standing.look();
  expect(await runs()).toHaveLength(1);
  clock.now = nextTime("@hourly", "UTC", Date.now())! - 1;
  await standing.look();
  expect(await runs()).toHaveLength(1);
  clock.now += 1;
  await standing.look();
  expect(await runs()).toHaveLength(2);
});

test("two servers make one run of it", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const clock = { now: Date.now() };
  const servers = [server(all, clock), server(all, clock), server(all, clock)];
  await Promise.all(servers.map(({ standing }) => standing.look(true)));
  expect(await servers[0]!.runs()).toHaveLength(1);
  await servers[0]!.end();
  clock.now += HOUR;
  await Promise.all(servers.map(({ standing }) => standing.look()));
  expect(await servers[0]!.runs()).toHaveLength(2);
});

test("left out while its last run is going, and not made up for", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const clock = half();
  const { standing, runs, end } = server(all, clock);
  await standing.look(true);
  clock.now = Date.now() + HOUR;
  await standing.look();
  await standing.look();
  expect(await runs()).toHaveLength(1);
  await end();
  await standing.look();
  expect(await runs()).toHaveLength(1);
  clock.now += HOUR;
  await standing.look();
  expect(await runs()).toHaveLength(2);
});

test("a server that starts runs what failed last, and what was missed; not what went well", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const clock = { now: Date.now() };
  const before = server(all, clock);
  await before.standing.look(true);
  await before.end();
  await server(all, clock).standing.look(true);
  expect(await before.runs()).toHaveLength(1);

  clock.now += 5 * HOUR;
  await server(all, clock).standing.look(true);
  expect(await before.runs()).toHaveLength(2);
  await before.end("it failed");
  clock.now = Date.now();
  await before.standing.look();
  expect(await before.runs()).toHaveLength(2);
  await server(all, clock).standing.look(true);
  expect(await before.runs()).toHaveLength(3);
});

test("sources that cannot be read make no job, and are read again at the next time", async () => {
  await using all = await setUp({ pinsWhatItFetches: true });
  const clock = { now: Date.now() };
  let reads = 0;
  const { standing, runs } = server(all, clock, () => {
    reads++;
    if (reads < 2) throw new Error("there is no such file");
  });
  await standing.look(true);
  await standing.look();
  expect([reads, (await runs()).length]).toEqual([1, 0]);
  clock.now += HOUR;
  await standing.look();
  expect([reads, (await runs()).length]).toEqual([2, 1]);
});
